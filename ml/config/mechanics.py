"""The terms on which each mechanic may be planned: the `mechanics` part of policy.yml."""

from typing import Annotated

from pydantic import Field, model_validator

from ml.config.documents import Document

Depth = Annotated[float, Field(gt=0, le=0.7)]
Depths = Annotated[list[Depth], Field(min_length=1)]
Quantity = Annotated[int, Field(ge=1, le=6)]


class PercentOffPolicy(Document):
    depths: Depths


class BuyGetTerms(Document):
    buy: Quantity
    get: Quantity
    depth: float = Field(gt=0, le=1)


class BuyGetPolicy(Document):
    offers: list[BuyGetTerms] = Field(min_length=1)


class SpendSaveTerms(Document):
    spend: float = Field(ge=5, le=200)
    save: float = Field(gt=0)


class SpendSavePolicy(Document):
    offers: list[SpendSaveTerms] = Field(min_length=1)


class BundlePolicy(Document):
    depths: Depths


class GiftPolicy(Document):
    buy: list[Quantity] = Field(min_length=1)


class FlashPolicy(Document):
    """`weekday` 1 is Monday; the hours are the shop's, `to_hour` exclusive."""

    depths: Depths
    weekday: int = Field(ge=1, le=7)
    from_hour: int = Field(ge=0, le=23)
    to_hour: int = Field(ge=1, le=24)

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> "FlashPolicy":
        if self.to_hour <= self.from_hour:
            raise ValueError("to_hour must be after from_hour")
        return self


class Mechanics(Document):
    """The terms of each mechanic; one that is None is not planned."""

    percent_off: PercentOffPolicy
    buy_get: BuyGetPolicy | None = None
    spend_save: SpendSavePolicy | None = None
    bundle: BundlePolicy | None = None
    gift: GiftPolicy | None = None
    flash: FlashPolicy | None = None
