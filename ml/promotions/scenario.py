"""What if: the plan that other limits would give, beside the present one."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from ml import lake
from ml.config.documents import checked
from ml.config.policy import Policy, load_policy
from ml.contracts.outputs import FORECASTS, PLAN
from ml.files import replace_text
from ml.promotions.explanation.rows import plan_rows
from ml.promotions.planning.edits import Edit
from ml.promotions.planning.inputs import read_inputs
from ml.promotions.planning.names import named
from ml.promotions.planning.propose import propose
from ml.settings import settings

MEASURES = ("promotions", "cost", "incremental_margin")


@dataclass(frozen=True)
class Scenario:
    """What is asked to differ from policy.yml; None or empty: as it is.

    `budget` in money over the horizon, `floor` the least margin as a share of the promo
    price, `exclude` product ids, categories and departments, in any case, `edits` what single
    products' weeks must hold, `must` product ids that are promoted at least once, `slots` the
    most promotions of a category in a week.
    """

    budget: float | None = None
    floor: float | None = None
    exclude: tuple[str, ...] = ()
    edits: tuple[Edit, ...] = ()
    must: tuple[str, ...] = ()
    slots: int | None = None

    def policy(self) -> Policy:
        """policy.yml with the scenario's limits, checked by the same rules."""
        wanted = {
            "budget": self.budget,
            "margin_floor": self.floor,
            "slots_per_category_week": self.slots,
        }
        asked = {name: limit for name, limit in wanted.items() if limit is not None}
        limits = load_policy().model_dump() | asked
        limits["must_promote"] = [*limits["must_promote"], *self.must]
        return checked(limits, Policy, "the scenario", "Ask for another value")

    def excluded(self, products: pd.DataFrame) -> pd.Index:
        """The ids of DIM_PRODUCTS' rows that `exclude` names.

        Raises:
            PolicyError: a name is neither a product nor a category or department.
        """
        return named(products, self.exclude, "exclude")


@dataclass(frozen=True)
class ScenarioResult:
    """The scenario's plan, and money by category beside the plan's, the last row for all.

    Each of MEASURES of the plan (`_now`), of the scenario (`_then`) and between them (`_more`).
    """

    plan_version: str
    rows: pd.DataFrame
    gap: float
    categories: pd.DataFrame
    path: Path

    def to_dict(self) -> dict[str, str]:
        """The scenario in a few words: its version and file, and what changes in all."""
        total = self.categories.loc["all"]
        changes = {measure: f"{total[f'{measure}_more']:+.2f}" for measure in MEASURES}
        return {"plan_version": self.plan_version, "path": str(self.path)} | changes


def scenario_of(parameters: Mapping[str, Any]) -> Scenario:
    """The scenario in a run's parameters: `budget`, `floor`, `slots`, `exclude`, `must`."""
    return Scenario(
        budget=parameters.get("budget"),
        floor=parameters.get("floor"),
        slots=parameters.get("slots"),
        exclude=tuple(str(name) for name in parameters.get("exclude") or ()),
        must=tuple(str(name) for name in parameters.get("must") or ()),
    )


def compare(as_of: date, scenario: Scenario) -> ScenarioResult:
    """Plan `scenario` on the inputs of as_of and set it beside as_of's plan; publishes nothing.

    The scenario's promotions are left as CSV under the lake, by their version, and beside them
    the difference in money by category.

    Raises:
        LakeError: the plan of as_of, or a table it is made from, is missing.
        PolicyError: the scenario breaks a rule of policy.yml or excludes an unknown name.
        InfeasibleError: no product may be promoted under the scenario.
    """
    now = lake.read(PLAN, as_of)
    policy = scenario.policy()
    inputs = read_inputs(as_of, policy)
    excluded = scenario.excluded(inputs.products)
    proposal = propose(inputs, policy, policy.budget, excluded, scenario.edits)
    rows = plan_rows(proposal, as_of, lake.manifest(FORECASTS, as_of).models)
    version = "empty" if rows.empty else str(rows["plan_version"].iloc[0])
    path = _folder(as_of) / f"{version}.csv"
    replace_text(path, rows[PLAN.column_names].to_csv(index=False))
    difference = by_category(now, rows)
    text = difference.rename_axis("category").to_csv(lineterminator="\n")
    replace_text(path.with_name(f"{version}-by-category.csv"), text)
    return ScenarioResult(version, rows, proposal.solution.gap, difference, path)


def by_category(now: pd.DataFrame, then: pd.DataFrame) -> pd.DataFrame:
    """What changes between two plans (rows of PLAN), the largest change in margin first."""
    joined = _sums(now).join(_sums(then), how="outer", lsuffix="_now", rsuffix="_then").fillna(0.0)
    for measure in MEASURES:
        joined[f"{measure}_more"] = joined[f"{measure}_then"] - joined[f"{measure}_now"]
    change = joined["incremental_margin_more"].abs().rename("change").to_frame()
    order = change.rename_axis("category").sort_values(
        ["change", "category"], ascending=[False, True]
    )
    joined = joined.loc[order.index]
    return pd.concat([joined, joined.sum().rename("all").to_frame().T]).round(2)


def _sums(plan: pd.DataFrame) -> pd.DataFrame:
    sums = plan.groupby("category")[["cost", "incremental_margin"]].sum()
    return sums.assign(promotions=plan.groupby("category").size())[list(MEASURES)]


def _folder(as_of: date) -> Path:
    return settings().lake / PLAN.layer / "scenarios" / f"as_of={as_of.isoformat()}"
