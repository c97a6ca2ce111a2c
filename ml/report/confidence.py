"""How far the plan can be trusted: its data, its models, what it assumes."""

import json
from collections import Counter
from dataclasses import dataclass
from typing import Any

from ml.contracts.reasons import Reasons
from ml.report.facts import Facts
from ml.report.numbers import count, percent

ASSUMED = {
    "margin_by_department": "a unit cost taken from the department's usual margin",
    "stock": "a stock ledger simulated from sales",
    "supplier_funding_by_brand": "a share of the markdown paid by the supplier",
    "mechanics.buy_get": "shares of baskets that fill up a set, and stockpile what they add",
    "mechanics.spend_save": "shares of baskets that redeem, or are filled up to the threshold",
    "mechanics.bundle": "shares of baskets that redeem, or add the other product",
    "mechanics.gift": "what a gift is felt to be worth, and how many redeem it",
    "mechanics.flash": "the share of a day's sales in the flash's hours, and of those who wait",
    "displacement": "a share of the extra units taken from later weeks and similar products",
}


@dataclass(frozen=True)
class Check:
    label: str
    value: str
    passed: bool | None = None


def quality(facts: Facts) -> list[Check]:
    """What this day's batch brought, and whether the plan passed its gate."""
    landed = [_landed(table, rows) for table, rows in sorted(facts.landed.items())]
    if not facts.gate:
        return landed
    passed = bool(facts.gate.get("passed"))
    return [*landed, Check("plan gate", "passed" if passed else "failed", passed)]


def models(facts: Facts) -> list[Check]:
    """Which model versions the plan leans on, and how they did on weeks they had not seen."""
    texts = facts.plan["model_versions"].unique()
    versions = {pair for text in texts for pair in json.loads(text).items()}
    named = [Check(f"{name} model", f"version {version}") for name, version in sorted(versions)]
    return [*named, *_backtest(facts.backtest), *_ranking(facts)]


def assumptions(facts: Facts) -> list[str]:
    """What was assumed instead of measured, with the share of promotions it touches."""
    leaning: Counter[str] = Counter()
    for text in facts.plan["reasons"]:
        leaning.update(Reasons.from_json(text).assumed)
    total = len(facts.plan)
    notes = [_note(number, total, ASSUMED.get(name, name)) for name, number in leaning.items()]
    unsure = facts.responses.loc[~facts.responses["price_identified"], "product_id"]
    if borrowed := int(facts.plan["product_id"].isin(unsure).sum()):
        words = "a price response borrowed from similar products: their own prices hardly changed"
        notes.append(_note(borrowed, total, words))
    return notes


def _landed(table: str, rows: dict[str, Any]) -> Check:
    quarantined = rows["quarantined"]
    words = f"{count(rows['received'])} rows received, {count(quarantined)} quarantined"
    rules = rows["rules"]
    worst = max(rules, key=lambda rule: (rules[rule], rule)) if rules else ""
    return Check(table.replace("_", " "), f"{words} ({worst})" if quarantined else words)


def _backtest(scores: dict[str, float]) -> list[Check]:
    if "wape_over_seasonal_naive" not in scores:
        return []
    better = 1 - scores["wape_over_seasonal_naive"]
    words = f"{percent(scores['wape'], 1)}, {percent(better)} below seasonal naive"
    covered = f"{percent(scores['cov80'])} of weeks inside the 10 to 90 % range"
    return [
        Check("error (WAPE)", words, better > 0),
        *([Check("coverage", covered)] if "cov80" in scores else []),
    ]


def _ranking(facts: Facts) -> list[Check]:
    quality = facts.affinity
    scores = quality[(quality["metric"] == "ndcg_at_10") & (quality["scope"] == "all")]
    named = dict(zip(scores["ranking"], scores["value"], strict=True))
    if "blend" not in named:
        return []
    words = f"NDCG@10 {count(named['blend'], 3)}"
    others = [
        f"{name.replace('_', ' ')} {count(value, 3)}"
        for name, value in sorted(named.items())
        if name != "blend"
    ]
    return [Check("offers ranking", f"{words} ({', '.join(others)})" if others else words)]


def _note(number: int, total: int, words: str) -> str:
    return f"{count(number)} promotions ({percent(number / total)}) lean on {words}."
