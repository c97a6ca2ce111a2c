"""What customers were expected to spend, and who to be lost, beside what weeks brought."""

import logging
from datetime import date, timedelta

import duckdb
import jinja2
import numpy as np
import pandas as pd
from scipy import stats
from sklearn.metrics import roc_auc_score

from benchmarks.recommend.ours import local_session
from benchmarks.recommend.split import Shop
from ml.contracts.dbt_vars import VARS
from ml.settings import PROJECT
from spark_jobs.customers.customer_value import AWAY_DAYS, FITTED, fit_gaps, sample, worth

log = logging.getLogger(__name__)

FEW_WEEKS, MANY_WEEKS = 12, 36  # judged
AWAY = (AWAY_DAYS, 7 * FEW_WEEKS)
GAPS = PROJECT / "dbt_project" / "models" / "marts" / "fct_customer_gaps.sql"
TENTHS = 10


def value(shop: Shop) -> dict[str, dict]:
    """{"value": measures of visits, sales and loss} in the weeks before the date.

    Learned from what lies before those weeks. Loss is so many days without a visit.
    """
    report: dict[str, dict] = {}
    for weeks in (FEW_WEEKS, MANY_WEEKS):
        start = shop.before - timedelta(weeks=weeks)
        expected = expectations(shop.lines, start, weeks)
        for name, measures in spending(shop.lines, start, shop.before, expected).items():
            report[f"{name}_{weeks}_weeks"] = measures
        if weeks == FEW_WEEKS:
            report |= losses(shop.lines, start, expected)
    return {"value": report}


def spending(
    lines: pd.DataFrame, start: date, end: date, expected: pd.DataFrame
) -> dict[str, dict]:
    """Of visits and sales, beside what they were a day: so far, and in the weeks just before."""
    seen, days = behaviour(lines, start), (end - start).days
    later = between(lines, start, end).reindex(seen.index).fillna(0)
    measures: dict[str, dict] = {}
    for name in ("visits", "sales"):
        ours = expected[name].reindex(seen.index)
        rivals = {
            "ours": ours,
            "own_pace": seen[name] / seen["days_known"] * days,
            "last_weeks": seen[f"recent_{name}"] / (7 * FEW_WEEKS) * days,
        }
        measures[name] = {who: amounts(forecast, later[name]) for who, forecast in rivals.items()}
        measures[name]["tenths"] = tenths(ours, later[name])
        log.info("%s of %d customers in %d days: %s", name, len(seen), days, measures[name])
    return measures


def losses(lines: pd.DataFrame, start: date, expected: pd.DataFrame) -> dict[str, dict]:
    """Of who is lost, beside the days of silence alone."""
    measures: dict[str, dict] = {}
    for days in AWAY:
        name, away = f"lost_{days}_days", lost(lines, start, days)
        ours = expected[name].reindex(away.index)
        chances = {"ours": ours, "silence": by_silence(lines, start, days).reindex(away.index)}
        measures[name] = {
            who: chance(probabilities, away) for who, probabilities in chances.items()
        }
        measures[name]["tenths"] = tenths(ours, away)
        log.info("%s: %s", name, measures[name])
    return measures


def gaps_before(lines: pd.DataFrame, start: date) -> pd.DataFrame:
    """FCT_CUSTOMER_GAPS of a day, by the mart's own SQL."""
    template = jinja2.Template(GAPS.read_text(encoding="utf-8"))
    sql = template.render(
        ref=lambda _: "known_lines", as_of=lambda: f"date '{start}'", var=VARS.__getitem__
    )
    with duckdb.connect() as connection:
        past = before(lines, start)[["customer_id", "sold_on"]]
        connection.register("sold", past)
        connection.sql(
            "create view known_lines as select customer_id, sold_on::date as sold_on from sold"
        )
        return connection.sql(sql).df()


def expectations(lines: pd.DataFrame, start: date, weeks: int) -> pd.DataFrame:
    """Visits and sales of so many weeks from a day, lost_56_days and lost_84_days, by customer.

    As `write_values` makes them.
    """
    sales = before(lines, start).groupby("customer_id")["sales"].sum()
    with local_session() as spark:
        gaps = spark.createDataFrame(gaps_before(lines, start)).cache()
        customers = spark.createDataFrame(sales.reset_index())
        model = fit_gaps(sample(gaps, FITTED))
        log.info("gaps between visits: %s", model)
        by_away = {
            f"lost_{days}_days": worth(gaps, customers, model, days, weeks)
            .toPandas()
            .set_index("customer_id")
            for days in AWAY
        }
    ours = by_away[f"lost_{AWAY_DAYS}_days"]
    amounts = {"visits": ours["expected_visits"], "sales": ours["lifetime_value"]}
    chances = {name: values["churn_probability"] for name, values in by_away.items()}
    return pd.DataFrame(amounts | chances)


def before(lines: pd.DataFrame, day: date) -> pd.DataFrame:
    return lines[lines["sold_on"] < pd.Timestamp(day)]


def between(lines: pd.DataFrame, start: date, end: date) -> pd.DataFrame:
    """Visits (days) and sales of each customer who came from `start` on and before `end`."""
    return totals(before(lines[lines["sold_on"] >= pd.Timestamp(start)], end))


def totals(lines: pd.DataFrame) -> pd.DataFrame:
    return lines.groupby("customer_id").agg(visits=("sold_on", "nunique"), sales=("sales", "sum"))


def behaviour(lines: pd.DataFrame, start: date) -> pd.DataFrame:
    """visits, sales, recent_visits, recent_sales (twelve weeks), days_known and silence so far."""
    past = before(lines, start)
    dates = past.groupby("customer_id")["sold_on"]
    recent = between(past, start - timedelta(weeks=FEW_WEEKS), start).add_prefix("recent_")
    measures = totals(past).join(recent).fillna(0)
    measures["days_known"] = (pd.Timestamp(start) - dates.min()).dt.days
    measures["silence"] = (pd.Timestamp(start) - dates.max()).dt.days
    return measures


def lost(lines: pd.DataFrame, start: date, days: int) -> pd.Series:
    """Whether each customer known at `start` does not come in so many days from then on."""
    came = between(lines, start, start + timedelta(days=days)).index
    customers = behaviour(lines, start).index
    return pd.Series(~customers.isin(came), customers, float)


def by_silence(lines: pd.DataFrame, start: date, days: int) -> pd.Series:
    """The share lost, so many days earlier, of those who had been silent about as long."""
    earlier = start - timedelta(days=days)
    silence, away = behaviour(lines, earlier)["silence"], lost(lines, earlier, days)
    bounds = np.unique(np.quantile(silence, np.linspace(0, 1, TENTHS + 1)[1:-1]))
    shares = away.groupby(np.searchsorted(bounds, silence)).mean()
    now = behaviour(lines, start)["silence"]
    return pd.Series(shares.reindex(np.searchsorted(bounds, now)).to_numpy(), now.index)


def amounts(expected: pd.Series, brought: pd.Series) -> dict[str, float]:
    """The sum over what was brought, the mean absolute error, and Spearman's rank correlation."""
    return {
        "ratio": float(expected.sum() / brought.sum()),
        "mae": float((expected - brought).abs().mean()),
        "spearman": float(stats.spearmanr(expected, brought).statistic),
    }


def chance(expected: pd.Series, happened: pd.Series) -> dict[str, float]:
    """The mean over the share that happened, Brier's score, and the area under the ROC curve."""
    return {
        "ratio": float(expected.mean() / happened.mean()),
        "brier": float(((expected - happened) ** 2).mean()),
        "auc": float(roc_auc_score(happened, expected)),
    }


def tenths(expected: pd.Series, brought: pd.Series) -> dict[str, dict[str, float]]:
    """Means of both by tenth of customers, the least expected first."""
    tenth = np.floor(expected.rank(method="first", pct=True) * TENTHS - 1e-9).astype(int) + 1
    means = pd.DataFrame({"expected": expected, "brought": brought}).groupby(tenth).mean()
    return {str(place): dict(row) for place, row in means.iterrows()}
