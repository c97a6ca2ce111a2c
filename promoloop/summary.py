"""What a refresh did, for a reader: from manifests and the registry, nothing recomputed."""

import json
from datetime import date

from ml import lake
from ml.contracts.outputs import AFFINITY_QUALITY, FORECASTS
from ml.contracts.plan_summary import PlanSummary
from ml.gates.validation import data_docs_index
from ml.models import registry
from ml.promotions.plan import read_summary
from ml.releases import store
from ml.releases.proposed import review_of
from ml.settings import Settings
from ml.sources import incoming
from promoloop import services


def summary(settings: Settings, as_of: date) -> str:
    """A page of text: landed rows, gates, models, the plan, and where to look."""
    plan = read_summary(as_of)
    parts = [
        ("Landed", _landed(as_of)),
        ("Gates", _gates(settings, as_of)),
        ("Affinity (ALS)", _affinity(as_of)),
        ("Demand model", _demand(as_of)),
        ("Plan", _plan(plan)),
        ("Where to look", [f"{k:16} {v}" for k, v in _places(settings).items()]),
    ]
    lines = [f"Refresh for {as_of}: {_outcome(plan.plan_version)}"]
    for title, body in parts:
        lines += ["", title, *(f"  {line}" for line in body)]
    return "\n".join(lines)


def _outcome(version: str) -> str:
    if store.current() == version:
        return f"schedule {version} is published"
    review = review_of(version)
    status = f"{review['state']} by {review['by']}" + (
        f": {review['comment']}" * bool(review["comment"])
    )
    return f"plan {version} is not published ({status}); {store.current() or 'nothing'} is live"


def _landed(as_of: date) -> list[str]:
    header = f"{'table':22}{'received':>12}{'accepted':>12}{'quarantined':>13}"
    rows = [
        f"{table:22}{n['received']:>12,}{n['accepted']:>12,}{n['quarantined']:>13,}"
        for table, n in incoming.report(as_of).items()
    ]
    return [header, *rows]


def _gates(settings: Settings, as_of: date) -> list[str]:
    rules = [
        f"{table}: {rule}: {count:,} rows quarantined"
        for table, n in incoming.report(as_of).items()
        for rule, count in n["rules"].items()
    ]
    verdict = json.loads((settings.lake / "promotions/gate" / f"as_of={as_of}.json").read_text())
    outcome = "passed" if verdict["passed"] else "failed"
    return ["landing passed", *(f"  {rule}" for rule in rules), "marts passed", f"plan {outcome}"]


def _affinity(as_of: date) -> list[str]:
    """Ranking quality on a holdout; none is judged while the history is too short."""
    quality = lake.read(AFFINITY_QUALITY, as_of)
    best = quality[quality["metric"] == "ndcg_at_10"].sort_values(["scope", "value"])
    return [
        f"NDCG@10 {row.value:.4f}  {row.ranking} ({row.scope} products, "
        f"{row.customers:,} customers, to {row.evaluated_on})"
        for row in best.itertuples()
    ] or ["the history is too short to judge the ranking"]


def _demand(as_of: date) -> list[str]:
    version = lake.manifest(FORECASTS, as_of).models["demand"]
    metrics = registry.metrics("demand", version)
    ours, naive = metrics["wape"], metrics["seasonal_naive.wape"]
    return [
        f"version {version}; it planned {lake.manifest(FORECASTS, as_of).rows:,} product-weeks",
        f"backtest WAPE {ours:.3f}, seasonal naive {naive:.3f}: {1 - ours / naive:.0%} better",
    ]


def _plan(plan: PlanSummary) -> list[str]:
    return [
        f"{plan.promotions} promotions of {plan.products} products: "
        + _counts(plan.promotions_by_mechanic),
        f"support: {_counts(plan.promotions_by_support)}",
        f"depth: {_counts(plan.promotions_by_depth)}",
        f"cost {plan.cost:,.2f} of a budget of {plan.budget:,.2f}",
        f"expected incremental margin {plan.incremental_margin:,.2f} "
        f"(1 in 10 below {plan.incremental_margin_p10:,.2f})",
        f"optimality gap {plan.optimality_gap:.4%}",
    ]


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{name.strip()} {count}" for name, count in counts.items())


def _places(settings: Settings) -> dict[str, str]:
    current = settings.published / "current"
    return services.places(settings) | {
        "report": str(current / "report.html"),
        "schedule": str(current / "schedule.csv"),
        "Data Docs": str(data_docs_index()),
    }
