from datetime import date

import pytest
import yaml

from ml.config.assumptions import load_assumptions
from ml.config.policy import load_policy
from ml.errors import PolicyError
from ml.settings import settings


def changed(tmp_path, source, **values):
    path = tmp_path / source.name
    path.write_text(yaml.safe_dump(yaml.safe_load(source.read_text()) | values))
    return path


def test_the_shipped_policy_and_assumptions_are_sound():
    assert load_policy().budget > 0
    assert load_assumptions().margin_by_department["default"] == 0.28


@pytest.mark.parametrize(
    ("key", "value", "rule"),
    [
        ("budget", -1, "greater than or equal to 0"),
        ("margin_floor", 1.0, "less than 1"),
        ("slots_per_category_week", 2.5, "valid integer"),
        ("supports", ["none", "billboard"], "Input should be"),
        ("mechanics", {"percent_off": {"depths": [0.9]}}, "less than or equal to 0.7"),
        ("bugdet", 4000, "Extra inputs"),
        ("support_cost_per_product_week", {"none": 0}, "lacks"),
        ("week_budgets", {"2017-12-19": 5}, "no Mondays"),
        ("week_budgets", {"christmas": 5}, "valid date"),
        ("week_budgets", {"default": -5}, "greater than or equal to 0"),
        ("category_budgets", {"BEEF": -1}, "greater than or equal to 0"),
        ("slots_by_category", {"BEEF": -1}, "greater than or equal to 0"),
        ("slots_per_week", -1, "greater than or equal to 0"),
        ("duration_weeks", {"least": 3, "most": 2}, "least must be <= most"),
        ("duration_weeks", {"least": 0, "most": 2}, "greater than or equal to 1"),
        ("move_together", [[1, 2], [2, 3]], "['2'] are named twice"),
        ("move_together", [[1]], "at least 2 items"),
        ("never_together", [[1]], "at least 2 items"),
        ("frozen_weeks", -1, "greater than or equal to 0"),
        ("price_ending", [0.09, 1.0], "less than 1"),
        ("price_ending", [], "at least 1 item"),
    ],
)
def test_an_unusable_policy_names_file_key_and_rule(tmp_path, key, value, rule):
    path = changed(tmp_path, settings().policy_path, **{key: value})

    with pytest.raises(PolicyError) as raised:
        load_policy(path)

    message = str(raised.value)
    assert str(path) in message
    assert rule in message
    assert key in message or key == "support_cost_per_product_week"
    assert "Correct the file" in message


@pytest.mark.parametrize(
    ("values", "rule"),
    [
        ({"must_promote": [1, 2], "exclude": ["2"]}, "must_promote and exclude both name ['2']"),
        ({"must_promote": [1], "maximum_per_product": 0}, "needs maximum_per_product"),
        (
            {"duration_weeks": {"most": 2}, "minimum_gap_weeks": 0},
            "needs minimum_gap_weeks of at least 1",
        ),
        ({"move_together": [[1, 2]], "never_together": [[2, 1]]}, "contradict each other"),
    ],
)
def test_limits_that_contradict_each_other_are_refused(tmp_path, values, rule):
    with pytest.raises(PolicyError) as raised:
        load_policy(changed(tmp_path, settings().policy_path, **values))

    assert rule in str(raised.value)


@pytest.mark.parametrize(
    ("key", "value", "rule"),
    [
        ("margin_by_department", {"DELI": 0.4}, "default"),
        ("margin_by_department", {"default": 28}, "less than 1"),
        ("closed_days", ["02-30"], "day is out of range"),
    ],
)
def test_unusable_assumptions_name_key_and_rule(tmp_path, key, value, rule):
    path = changed(tmp_path, settings().assumptions_path, **{key: value})

    with pytest.raises(PolicyError, match=key) as raised:
        load_assumptions(path)

    assert rule in str(raised.value)


def test_a_leap_day_may_be_closed(tmp_path):
    path = changed(tmp_path, settings().assumptions_path, closed_days=["02-29"])

    assert load_assumptions(path).closed_days == [f"{date(2024, 2, 29):%m-%d}"]


def test_a_missing_or_broken_file_is_named(tmp_path):
    broken = tmp_path / "policy.yml"
    broken.write_text("budget: [")

    with pytest.raises(PolicyError, match="not YAML"):
        load_policy(broken)
    with pytest.raises(PolicyError, match="is missing"):
        load_policy(tmp_path / "none.yml")


def test_a_file_that_is_not_text_is_refused_by_name(tmp_path):
    path = tmp_path / "policy.yml"
    path.write_bytes(b"\xff\xfe")

    with pytest.raises(PolicyError, match="is not YAML in UTF-8"):
        load_policy(path)
