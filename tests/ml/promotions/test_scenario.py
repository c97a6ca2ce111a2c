import pandas as pd
import pytest

from ml.config.policy import load_policy
from ml.errors import PolicyError
from ml.promotions.scenario import Scenario, ScenarioResult, by_category, scenario_of
from promoloop.what_if import table

CATALOG = pd.DataFrame(
    {
        "product_id": ["1", "2", "3"],
        "category": ["TEA", "CUPS", "TEA"],
        "department": ["GROCERY", "DRUG GM", "GROCERY"],
    }
)


def plan(*rows):
    return pd.DataFrame(rows, columns=["category", "cost", "incremental_margin"])


@pytest.mark.parametrize(
    ("names", "barred"),
    [((), []), (("2",), ["2"]), (("tea", "2"), ["1", "2", "3"]), (("Drug GM",), ["2"])],
)
def test_a_product_a_category_or_a_department_is_excluded_by_its_name(names, barred):
    assert Scenario(exclude=names).excluded(CATALOG).tolist() == barred


def test_a_name_that_nothing_bears_is_refused():
    with pytest.raises(PolicyError, match="exclude: 'tae' is no product_id"):
        Scenario(exclude=("tea", "tae")).excluded(CATALOG)


def test_what_is_not_asked_stays_as_the_policy_says():
    found = Scenario(floor=0.2).policy()

    assert found == load_policy().model_copy(update={"margin_floor": 0.2})


def test_a_scenario_keeps_the_rules_of_the_policy():
    with pytest.raises(PolicyError, match=r"the scenario: budget: .* Ask for another value"):
        Scenario(budget=-1.0).policy()


def test_a_runs_parameters_become_a_scenario():
    scenario = {
        "as_of": None,
        "budget": 900,
        "floor": None,
        "exclude": ["tea", 2],
        "must": [1],
        "slots": 3,
    }

    asked = scenario_of(scenario)

    assert asked == Scenario(budget=900, exclude=("tea", "2"), must=("1",), slots=3)
    assert asked.policy() == load_policy().model_copy(
        update={"budget": 900.0, "slots_per_category_week": 3, "must_promote": ["1"]}
    )
    assert scenario_of({}) == Scenario()


def test_the_difference_is_by_category_and_adds_up():
    now = plan(("TEA", 10.0, 5.0), ("TEA", 10.0, 5.0), ("CUPS", 4.0, 1.0))
    then = plan(("TEA", 12.0, 8.0), ("JAM", 7.0, 6.0))

    found = by_category(now, then)

    assert found.index.tolist() == ["JAM", "TEA", "CUPS", "all"]
    assert found["promotions_more"].tolist() == [1, -1, -1, -1]
    assert found["cost_more"].tolist() == [7.0, -8.0, -4.0, -5.0]
    assert found["incremental_margin_now"].tolist() == [0.0, 10.0, 1.0, 11.0]
    assert found["incremental_margin_then"].tolist() == [6.0, 8.0, 0.0, 14.0]
    assert found["incremental_margin_more"].tolist() == [6.0, -2.0, -1.0, 3.0]


def test_two_empty_plans_differ_by_nothing():
    assert by_category(plan(), plan()).loc["all"].tolist() == [0.0] * 9


def test_the_table_shows_what_changes_with_its_sign(tmp_path):
    differing = by_category(plan(("TEA", 10.0, 5.0)), plan(("TEA", 1010.0, 4.5)))
    shown = table(ScenarioResult("v", plan(), 0.0, differing, tmp_path))

    cells = [list(column.cells) for column in shown.columns]

    assert cells[0] == ["TEA", "all"]
    assert [column[0] for column in cells[1:]] == ["1", "", "10.00", "+1,000.00", "5.00", "-0.50"]


def test_a_scenario_is_described_by_its_file_and_what_changes_in_all(tmp_path):
    differing = by_category(plan(("TEA", 10.0, 5.0)), plan(("TEA", 12.0, 4.5)))

    scenario = ScenarioResult("v", plan(), 0.0, differing, tmp_path / "v.csv").to_dict()

    assert scenario["path"].endswith("v.csv")
    assert (scenario["promotions"], scenario["cost"], scenario["incremental_margin"]) == (
        "+0.00",
        "+2.00",
        "-0.50",
    )
