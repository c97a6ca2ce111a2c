"""Assumptions for what the data does not show: assumptions.yml, checked."""

from datetime import date
from pathlib import Path
from typing import Annotated

from pydantic import Field, field_validator

from ml.config.documents import Document, read_document
from ml.settings import settings

Share = Annotated[float, Field(ge=0, le=1)]
Margin = Annotated[float, Field(gt=0, lt=1)]


class StockAssumptions(Document):
    """The replenishment that a simulated ledger follows, and that refills a counted one."""

    review_weeks: int = Field(ge=1)
    lead_time_weeks: int = Field(ge=0)
    service_level: float = Field(gt=0, lt=1)
    count_valid_days: int = Field(ge=1)


class SpilloverPrior(Document):
    """Prior of an effect: units of other sales per extra unit, mean and standard deviation."""

    share: float = Field(ge=-1, le=1)
    sd: float = Field(gt=0, le=1)


class SpilloverPriors(Document):
    """Priors of what promotions take from other sales and bring to them (halo)."""

    pull_forward: SpilloverPrior
    cannibalised: SpilloverPrior
    halo: SpilloverPrior


class BuyGetPriors(Document):
    redemption_share: Share
    step_up_share: Share
    stockpiled_share: Share


class SpendSavePriors(Document):
    redemption_share: Share
    top_up_share: Share
    reach: Share


class BundlePriors(Document):
    redemption_share: Share
    attach_share: Share


class GiftPriors(Document):
    redemption_share: Share
    felt_share: Share


class FlashPriors(Document):
    share_of_day: Share
    shifted_share: Share


class MechanicPriors(Document):
    """Priors of the mechanics beside plain price cuts, which past sales do not identify."""

    buy_get: BuyGetPriors
    spend_save: SpendSavePriors
    bundle: BundlePriors
    gift: GiftPriors
    flash: FlashPriors


class Assumptions(Document):
    version: int
    margin_by_department: dict[str, Margin]
    supplier_funding_by_brand: dict[str, Share]
    displacement: SpilloverPriors
    mechanics: MechanicPriors
    stock: StockAssumptions
    closed_days: list[Annotated[str, Field(pattern=r"^\d\d-\d\d$")]]

    @field_validator("margin_by_department", "supplier_funding_by_brand")
    @classmethod
    def _has_a_default(cls, shares: dict[str, float]) -> dict[str, float]:
        if "default" not in shares:
            raise ValueError("needs an entry `default`")
        return shares

    @field_validator("closed_days")
    @classmethod
    def _are_days(cls, days: list[str]) -> list[str]:
        for day in days:
            date.fromisoformat(f"2024-{day}")
        return days


def load_assumptions(path: Path | None = None) -> Assumptions:
    """The assumptions in `path`, by default the settings' `assumptions_path`."""
    return read_document(path or settings().assumptions_path, Assumptions)
