"""The plan in numbers: the JSON beside the PLAN partition and in a release's dossier."""

from dataclasses import asdict, dataclass, field
from typing import Any

from pydantic import TypeAdapter, ValidationError

from ml.contracts.reasons import without_nulls
from ml.errors import ContractError


@dataclass(frozen=True)
class BindingLimit:
    """A shared limit that binds, what one more unit of it is worth, and where it holds."""

    limit: str
    shadow_price: float
    category: str | None = None
    week_start_date: str | None = None
    product_id: str | None = None
    products: str | None = None


@dataclass(frozen=True)
class FrontierPoint:
    """The best plan under another budget."""

    budget: float
    cost: float
    promotions: int
    incremental_margin: float
    shadow_price: float


@dataclass(frozen=True)
class TradeoffPoint:
    """A plan inside the same limits, by expected margin, revenue and discount over no promotion."""

    margin: float
    revenue: float
    discount: float
    promotions: int
    is_plan: bool


@dataclass(frozen=True)
class Withdrawn:
    """An announced promotion that could not stay."""

    promotion_id: str
    reason: str


@dataclass(frozen=True)
class SharedStock:
    """A companion's stock that several promotions lean on.

    lasts: weeks that a unit taken is missing, until the stock is replenished.
    room:  units that promotions may take, beyond the baseline, by week; null: it cannot run out.
    taken: units that each planned promotion takes, by promotion_id.
    """

    product_id: str
    lasts: int
    room: list[float | None]
    taken: dict[str, float]


@dataclass(frozen=True)
class PlanSummary:
    """Totals, binding limits, other budgets and other plans; money rounded to cents."""

    plan_version: str
    promotions: int
    products: int
    budget: float
    cost: float
    incremental_margin: float
    incremental_margin_p10: float
    optimality_gap: float
    incremental_units: float = 0.0
    objective: float = 0.0
    bound: float = 0.0
    margin_from_priors: float = 0.0
    promotions_by_mechanic: dict[str, int] = field(default_factory=dict)
    promotions_by_audience: dict[str, int] = field(default_factory=dict)
    promotions_by_support: dict[str, int] = field(default_factory=dict)
    promotions_by_depth: dict[str, int] = field(default_factory=dict)
    promotions_by_week: dict[str, int] = field(default_factory=dict)
    limits: list[BindingLimit] = field(default_factory=list)
    products_considered: int = 0
    products_excluded: dict[str, int] = field(default_factory=dict)
    announced_withdrawn: list[Withdrawn] = field(default_factory=list)
    shared_stock: list[SharedStock] = field(default_factory=list)
    frontier: list[FrontierPoint] = field(default_factory=list)
    tradeoffs: list[TradeoffPoint] = field(default_factory=list)
    edits: list[dict[str, Any]] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        """The summary as JSON values."""
        document = asdict(self)
        return document | {"limits": without_nulls(document["limits"])}

    @classmethod
    def from_dict(cls, document: dict[str, Any]) -> "PlanSummary":
        """The summary in a JSON document.

        Raises:
            ContractError: a field is missing or of another type.
        """
        try:
            return _ADAPTER.validate_python(document)
        except ValidationError as error:
            raise ContractError(
                f"the plan's summary does not fit its contract: {error}; plan the day again"
            ) from error


_ADAPTER = TypeAdapter(PlanSummary)
