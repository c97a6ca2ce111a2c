"""A reviewer's edits are pinned, and the rest of the plan is made anew around them."""

import pytest
from small_shop import AS_OF, plan, summary

from ml import lake
from ml.contracts.outputs import ALTERNATIVES
from ml.errors import PolicyError
from ml.promotions.plan import write_plan
from ml.promotions.planning.edits import read_edits
from ml.promotions.scenario import Scenario, compare


def option(promotion_id, depth):
    """What the review page sends to put a promotion at another depth."""
    rows = lake.read(ALTERNATIVES, AS_OF)
    row = rows[(rows["promotion_id"] == promotion_id) & rows["depth"].round(1).eq(depth)].iloc[0]
    return {name: row[name] for name in ("offer", "mechanic", "depth", "support")}


def edit(line, choice=None):
    return {"product_id": line["product_id"], "week": str(line["starts_at"].date())} | {
        "choice": choice
    }


def test_a_vetoed_promotion_is_out_and_the_plan_is_solved_again_around_it(shop):
    shop()
    version = write_plan(AS_OF)
    before, best = plan(), summary()
    line = before.loc[before["incremental_margin"].idxmax()]
    vetoed = [edit(line)]

    preview = compare(AS_OF, Scenario(edits=read_edits(vetoed)))

    assert line["promotion_id"] not in set(preview.rows["promotion_id"])
    assert len(preview.rows) >= len(before)
    assert preview.categories.loc["all", "incremental_margin_more"] <= 0
    assert write_plan(AS_OF, edits=read_edits(vetoed)) == preview.plan_version != version
    assert summary()["edits"] == vetoed
    assert summary()["objective"] <= best["objective"]


def test_a_changed_promotion_stands_in_the_plan_as_it_was_asked(shop):
    shop()
    write_plan(AS_OF)
    line = plan().iloc[0]
    depth = 0.1 if round(line["depth"], 1) != 0.1 else 0.2

    write_plan(AS_OF, edits=read_edits([edit(line, option(line["promotion_id"], depth))]))

    found = plan().set_index("promotion_id").loc[line["promotion_id"]]
    assert round(found["depth"], 1) == depth


def test_alternatives_hold_every_offer_with_its_price_and_the_limit_that_forbids_it(shop):
    shop(margin_floor=0.3)

    write_plan(AS_OF)

    rows = lake.read(ALTERNATIVES, AS_OF)
    assert set(rows["promotion_id"]) == set(plan()["promotion_id"])
    assert rows.groupby("promotion_id").size().eq(3).all()
    floor = 0.3 * rows["promo_price"]
    unit_cost = plan().set_index("promotion_id")["unit_cost"]
    above = rows["promo_price"] - rows["promotion_id"].map(unit_cost) >= floor - 1e-9
    assert not above.all()
    assert (rows["ruled_out_by"].eq("margin_floor") == ~above).all()
    chosen = rows.merge(plan(), on=["promotion_id", "mechanic", "depth"])
    assert len(chosen) == len(plan())
    assert chosen["ruled_out_by"].isna().all()


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"product_id": "fuel"}, "product fuel .* cannot be edited"),
        ({"week": "2018-12-03"}, "week of 2018-12-03 cannot be edited"),
        (
            {"choice": {"offer": 0, "mechanic": "flash", "depth": 0.1, "support": "none"}},
            "changed since",
        ),
        ({"depth": 0.5}, "the edits: .*depth"),
    ],
)
def test_an_edit_of_what_is_not_planned_is_refused(shop, changed, message):
    shop()
    write_plan(AS_OF)

    with pytest.raises(PolicyError, match=message):
        write_plan(AS_OF, edits=read_edits([edit(plan().iloc[0]) | changed]))


def test_an_edit_to_terms_that_the_policy_forbids_is_refused(shop):
    shop(margin_floor=0.3)
    write_plan(AS_OF)
    rows = lake.read(ALTERNATIVES, AS_OF)
    forbidden = rows[rows["ruled_out_by"].notna()].iloc[0]
    lines = plan()
    line = lines[lines["promotion_id"] == forbidden["promotion_id"]].iloc[0]
    asked = edit(line, option(line["promotion_id"], round(forbidden["depth"], 1)))

    with pytest.raises(PolicyError, match=r"a limit of policy\.yml forbids it"):
        write_plan(AS_OF, edits=read_edits([asked]))


def test_two_edits_of_one_place_are_refused():
    line = {"product_id": "p0", "week": "2017-12-04"}

    with pytest.raises(PolicyError, match="twice"):
        read_edits([line, line])
