"""How far the plan can be trusted: its data, its models, what it assumes."""

import json
from dataclasses import dataclass

import pandas as pd

from ml.promotions.report.facts import Facts
from ml.promotions.report.numbers import count, percent


@dataclass(frozen=True)
class Check:
    label: str
    value: str
    passed: bool | None = None


def quality(facts: Facts) -> list[Check]:
    """Rows each table brought, and what the gates said."""
    return []


def models(facts: Facts) -> list[Check]:
    """Which model versions the plan leans on."""
    found = {
        (name, version)
        for text in facts.plan["model_versions"].unique()
        for name, version in json.loads(text).items()
    }
    return [Check(f"{name} model", f"version {version}") for name, version in sorted(found)]


def assumptions(facts: Facts) -> list[str]:
    """What was assumed instead of known, with the promotions it touches."""
    plan = facts.plan
    unsure = facts.responses.loc[~facts.responses["price_identified"], "product_id"]
    notes = [
        (
            plan["cost_is_assumed"],
            "a unit cost assumed from the department's margin in assumptions.yml",
        ),
        (plan["stock_is_simulated"], "a stock ledger simulated from sales"),
        (
            plan["product_id"].isin(unsure),
            "a price response borrowed from similar products, as their own prices hardly moved",
        ),
    ]
    return [_note(mask, words) for mask, words in notes if mask.any()]


def _note(mask: pd.Series, words: str) -> str:
    return f"{count(int(mask.sum()))} promotions ({percent(mask.mean())}) lean on {words}."
