"""Each limit that is counted from rows, reasons and tables of the day is seen where it breaks."""

from dataclasses import replace
from datetime import timedelta

import pandas as pd
import pytest
from small_shop import AS_OF, broken, plan

from ml import lake
from ml.config.policy import Duration, load_policy
from ml.contracts.outputs import STOCK
from ml.contracts.plan_summary import SharedStock
from ml.promotions.plan import read_summary, write_plan
from ml.promotions.recount.count import broken_limits
from ml.promotions.recount.facts import read_day_facts


def changed(rows, column, value):
    """The rows with one value of the first one changed."""
    return rows.assign(**{column: [value, *rows[column].tolist()[1:]]})


def test_a_row_with_a_figure_that_is_not_its_options_is_seen(shop):
    shop()
    write_plan(AS_OF)
    rows, policy = plan(), load_policy()
    other = {
        "stockout_probability": (0.09, "stockout_probability is 0.09, expected"),
        "audience_share": (0.5, "audience_share is 0.5, expected 1.0"),
        "cost": (0.01, "cost is 0.01, expected"),
        "support": ("poster", "support poster is not in the policy"),
        "promo_price": (1.23, "no deal has these terms at this price"),
        "mechanic": ("gift", "no deal has these terms at this price"),
        "product_id": ("fuel", "its product or week is not planned"),
    }

    assert broken(rows, policy) == []
    for column, (value, words) in other.items():
        assert words in "; ".join(broken(changed(rows, column, value), policy)), column
    twice = pd.concat([rows, rows[:1]])
    assert "a second promotion of its product and week" in broken(twice, policy)[0]


def test_terms_that_the_policy_does_not_name_any_more_are_seen(shop):
    shop()
    write_plan(AS_OF)
    rows, policy = plan(), load_policy()
    others = [
        {"price_ending": 0.05},
        {"mechanics": policy.mechanics.model_copy(
            update={"percent_off": policy.mechanics.percent_off.model_copy(
                update={"depths": [0.6]}
            )}
        )},
        {"supports": ["none"]},
        {"support_cost_per_product_week": dict.fromkeys(policy.supports, 9.0)},
    ]  # fmt: skip

    for other in others:
        assert broken(rows, policy.model_copy(update=other)), other


def test_limits_from_the_tables_of_the_day_are_counted(shop):
    shop()
    write_plan(AS_OF)
    rows, policy, summary = plan(), load_policy(), read_summary(AS_OF)
    facts = read_day_facts(AS_OF, lake.read(STOCK, AS_OF))
    first = rows.iloc[0]
    monday = first["starts_at"].date()
    before = pd.DataFrame(
        {"product_id": [first["product_id"]], "week": [monday - timedelta(days=7)]}
    )
    tight = SharedStock("p0", 2, [1.0] * 4, {first["promotion_id"]: 5.0})
    ruled_out = facts.alternatives.assign(ruled_out_by="stock")
    slow = facts.stock.assign(replenishment_weeks=5)
    edit = {"product_id": first["product_id"], "week": str(monday), "choice": None}

    def words(changed=facts, **fields):
        return "; ".join(broken_limits(rows, changed, policy, replace(summary, **fields)))

    assert words() == ""
    assert "after the published one before" in words(replace(facts, promoted=before))
    assert "stock rules it out" in words(replace(facts, alternatives=ruled_out))
    assert "weeks after the one before" in words(replace(facts, stock=slow))
    assert "offers take 5.00 of a stock of 1.00 that they share" in words(shared_stock=[tight])
    assert "is not as it was edited" in words(edits=[edit])


def test_a_long_promotion_may_not_sell_more_than_its_stock(shop):
    shop(duration_weeks={"least": 2, "most": 2})
    write_plan(AS_OF)
    rows, policy, summary = plan(), load_policy(), read_summary(AS_OF)
    facts = read_day_facts(AS_OF, lake.read(STOCK, AS_OF))
    low = replace(facts, stock=facts.stock.assign(available_units=21.0))

    assert policy.duration_weeks == Duration(least=2, most=2)
    assert broken_limits(rows, facts, policy, summary) == []
    found = "; ".join(broken_limits(rows, low, policy, summary))
    assert "of a stock of 1.00" in found


@pytest.mark.parametrize("limit", ["maximum_per_product", "slots_per_category_week"])
def test_a_limit_that_was_tightened_after_planning_is_seen(shop, limit):
    shop()
    write_plan(AS_OF)

    assert broken(plan(), load_policy().model_copy(update={limit: 0}))
