"""Why a promotion is in the plan: the JSON in PLAN's column `reasons`."""

import json
from dataclasses import asdict, dataclass
from typing import Any

from pydantic import TypeAdapter, ValidationError

from ml.errors import ContractError

RENAMED = {"moves": "effects", "displaces": "spillovers"}  # keys of releases before these names


@dataclass(frozen=True)
class OptionTerms:
    """An option with what it would earn and cost, money."""

    mechanic: str
    depth: float
    support: str
    audience_id: str
    incremental_margin: float
    cost: float


@dataclass(frozen=True)
class NextBest(OptionTerms):
    """`gives_up`: how much less it is worth once its part of the budgets is paid for, money."""

    gives_up: float


@dataclass(frozen=True)
class Replaced(OptionTerms):
    """The promotion of another product that would take the slot."""

    product_id: str


@dataclass(frozen=True)
class Takers:
    """Who takes the deal.

    `takers` and `joiners` are shares of the usual demand, `share_of_units` of the units sold
    those at the deal's price; `margin_from_priors` is money that no data stand behind.
    """

    takers: float
    joiners: float
    share_of_units: float
    margin_from_priors: float


@dataclass(frozen=True)
class AudienceFacts:
    """A segment with its share of the product's units and of all customers, and its response."""

    audience: str
    share_of_units: float
    share_of_customers: float
    response: float


@dataclass(frozen=True)
class Effects:
    """What each adds to the log of the week's units, from the baseline to the expected units."""

    offer: float
    display: float
    mailer: float
    stock: float


@dataclass(frozen=True)
class SpilloverFacts:
    """What other sales lose, in units and money, and whose slot the promotion takes."""

    units_of_other_sales: float
    margin_of_other_sales: float
    instead_of: Replaced | None


@dataclass(frozen=True)
class Binding:
    """A limit that binds: a shared one with its shadow price, an own one with what it rules out.

    Neither: a demand of the policy, a person or the live schedule.
    """

    limit: str
    shadow_price: float | None = None
    rules_out: OptionTerms | None = None


def without_nulls(limits: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each limit by the fields that it has: the axes along which it binds."""
    return [{key: value for key, value in limit.items() if value is not None} for limit in limits]


@dataclass(frozen=True)
class Reasons:
    """One promotion's reasons; money in the shop's currency.

    multiplier: mean demand before stock over the baseline.
    supplier_funding_share: of a markdown, paid by the supplier.
    assumed:    the entries of assumptions.yml that the promotion leans on.
    """

    elasticity: float
    elasticity_sd: float
    price_identified: bool
    display_lift: float
    mailer_lift: float
    offer: Takers
    audience: AudienceFacts | None
    effects: Effects
    multiplier: float
    incremental_margin_sd: float
    supplier_funding_share: float
    spillovers: SpilloverFacts
    limits: list[Binding]
    next_best: NextBest | None
    assumed: list[str]

    def to_dict(self) -> dict[str, Any]:
        """The reasons as JSON values."""
        document = asdict(self)
        return document | {"limits": without_nulls(document["limits"])}

    def to_json(self) -> str:
        """The reasons as PLAN holds them."""
        return json.dumps(self.to_dict(), sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> "Reasons":
        """The reasons of a row of PLAN, also of an older release.

        Raises:
            ContractError: a field is missing or of another type.
        """
        document = {RENAMED.get(key, key): value for key, value in json.loads(text).items()}
        try:
            return _ADAPTER.validate_python(document)
        except ValidationError as error:
            raise ContractError(
                f"reasons of a planned promotion do not fit their contract: {error}; plan the day "
                "again"
            ) from error


_ADAPTER = TypeAdapter(Reasons)
