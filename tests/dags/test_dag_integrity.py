from itertools import pairwise

import pytest

SCHEDULED = {"refresh_promotions", "train_demand", "train_propensity", "train_ranker"}
DAGS = SCHEDULED | {
    "revise_plan",
    "roll_back_model",
    "roll_back_schedule",
    "search_affinity",
    "search_demand",
    "what_if",
}
ORDER = (
    "land",
    "gate_landing",
    "transform.dbt_producer_watcher",
    "marts.export",
    "marts.gate",
    "demand.choose_model",
    "demand.forecast",
    "inventory",
    "plan",
    "gate_plan",
    "review.propose",
    "review.ask",
    "review.settle",
    "publish",
)


def ours(tasks):
    """The tasks but those that only mark where a dbt group begins and ends."""
    return {name: task for name, task in tasks.items() if task["type"] != "EmptyOperator"}


def ancestors(tasks, name):
    found, todo = set(), [name]
    while todo:
        new = set(tasks[todo.pop()]["upstream"]) - found
        found |= new
        todo += new
    return found


def test_every_dag_parses(parsed):
    assert parsed["errors"] == {}
    assert parsed["dags"].keys() == DAGS


def test_parsing_loads_no_heavy_library(parsed):
    assert parsed["heavy"] == []


@pytest.mark.parametrize("name", sorted(DAGS))
def test_a_dag_says_what_it_is_and_how_to_triage_it(parsed, name):
    dag = parsed["dags"][name]

    assert dag["tags"]
    assert "**Triage notes**" in dag["doc"]
    assert dag["catchup"] is False
    assert dag["max_active_runs"] == 1
    scheduled = "CronDataIntervalTimetable" if name in SCHEDULED else "NullTimetable"
    assert dag["schedule"] == scheduled


@pytest.mark.parametrize("name", sorted(DAGS))
def test_a_failed_run_notifies_those_named_in_the_settings(parsed, name):
    assert parsed["dags"][name]["tells_of_failure"]


@pytest.mark.parametrize("name", sorted(DAGS))
def test_every_task_has_an_owner_a_timeout_and_a_failure_notification(parsed, name):
    for task_id, task in ours(parsed["dags"][name]["tasks"]).items():
        assert task["owner"] != "airflow", task_id
        assert task["timeout"], task_id
        assert task["tells_of_failure"], task_id


@pytest.mark.parametrize("name", sorted(DAGS))
def test_every_task_retries_with_backoff_but_never_on_our_own_errors(parsed, name):
    for task_id, task in ours(parsed["dags"][name]["tasks"]).items():
        assert task["retries"] == 2, task_id
        assert task["backoff"], task_id
        (final,) = task["policy"]["rules"]
        assert "ml.errors.PromoloopError" in final["exception"], task_id
        assert (final["action"], final["match_subclasses"]) == ("fail", True), task_id


def test_the_stages_follow_one_another(refresh):
    for before, after in pairwise(ORDER):
        assert before in ancestors(refresh, after), f"{after} does not wait for {before}"


def test_a_revised_plan_passes_the_same_gate_and_review(parsed):
    revised = parsed["dags"]["revise_plan"]["tasks"]

    order = ("plan", "gate_plan", "review.propose", "review.ask", "review.settle", "publish")
    for before, after in pairwise(order):
        assert before in ancestors(revised, after), f"{after} does not wait for {before}"


def test_effects_on_other_sales_are_estimated_beside_the_stock_and_before_the_plan(refresh):
    assert refresh["effects"]["upstream"] == ["demand.forecast"]
    assert "effects" in refresh["plan"]["upstream"]


def test_affinity_is_learnt_beside_the_forecast_and_before_publishing(refresh):
    assert refresh["affinity"]["upstream"] == ["marts.gate"]
    assert "affinity" in refresh["review.propose"]["upstream"]


def test_the_plan_waits_for_the_task_that_waits_for_segments_and_not_for_affinity(refresh):
    assert refresh["segments"]["upstream"] == ["marts.gate"]
    assert "segments" in refresh["plan"]["upstream"]
    assert "affinity" not in ancestors(refresh, "plan")


def test_propensities_are_scored_beside_the_forecast_and_before_offers_are_given(refresh):
    assert refresh["propensity"]["upstream"] == ["marts.gate"]
    assert "propensity" in refresh["review.propose"]["upstream"]


def test_drift_is_measured_on_the_days_forecast_and_shown_in_its_report(refresh):
    assert refresh["drift.measure"]["upstream"] == ["demand.forecast"]
    assert "drift.measure" in refresh["review.propose"]["upstream"]


def test_a_training_for_drift_holds_up_and_skips_nothing(refresh):
    assert refresh["drift.is_training_due"]["upstream"] == ["drift.measure"]
    assert refresh["drift.train"]["upstream"] == ["drift.is_training_due"]
    later = {n for n in refresh if "drift.is_training_due" in ancestors(refresh, n)}
    assert later == {"drift.train"}
    train = refresh["drift.train"]["triggers"]
    assert (train["dag"], train["waits"], train["once"]) == ("train_demand", False, True)
    assert train["run"] == f"drift__{train['conf']['as_of']}"


def test_marts_leave_dbt_only_after_every_model_and_its_tests(refresh):
    models = {name for name in refresh if name.startswith("transform.")}

    assert len(models) > 15
    assert models <= ancestors(refresh, "marts.export")


def test_a_refresh_without_champion_trains_before_it_forecasts(refresh):
    assert refresh["demand.training.train"]["upstream"] == ["demand.choose_model"]
    assert {"demand.choose_model", "demand.training.settle"} <= set(
        refresh["demand.forecast"]["upstream"]
    )


@pytest.mark.parametrize(
    ("dag", "task"),
    [
        ("refresh_promotions", "demand.training.train"),
        ("train_demand", "training.train"),
        ("train_propensity", "train"),
        ("search_demand", "search"),
    ],
)
def test_training_goes_to_a_gpu_worker_one_at_a_time(parsed, dag, task):
    train = parsed["dags"][dag]["tasks"][task]

    assert (train["queue"], train["pool"]) == ("gpu", "training")


def test_assets_are_produced_by_the_task_that_finishes_them(refresh):
    produced = {uri: name for name, task in refresh.items() for uri in task["outlets"]}

    assert produced == {
        "lake://marts/fct_product_weeks": "marts.gate",
        "lake://demand/forecasts": "demand.forecast",
        "lake://promotions/plan": "gate_plan",
        "lake://published/current": "publish",
    }


@pytest.mark.parametrize(
    ("dag", "group", "after"),
    [
        ("refresh_promotions", "review", "publish"),
        ("revise_plan", "review", "publish"),
        ("refresh_promotions", "demand.training", "demand.forecast"),
        ("train_demand", "training", None),
    ],
)
def test_people_are_asked_by_airflow_and_a_skipped_question_holds_up_nothing(
    parsed, dag, group, after
):
    tasks = parsed["dags"][dag]["tasks"]

    assert tasks[f"{group}.ask"]["type"] == "Question"
    assert tasks[f"{group}.ask"]["upstream"] == [f"{group}.describe"]
    assert f"{group}.ask" in tasks[f"{group}.settle"]["upstream"]
    if after:
        assert tasks[after]["rule"] == "none_failed"
        assert f"{group}.settle" in tasks[after]["upstream"]


@pytest.mark.parametrize(
    ("dag", "task", "users", "hours"),
    [
        ("revise_plan", "review.ask", ["grace", "ada"], 2),
        ("refresh_promotions", "review.ask", ["grace", "ada"], 2),
        ("train_demand", "training.ask", None, 72),
    ],
)
def test_the_policys_approvers_are_asked_and_their_silence_is_a_no(parsed, dag, task, users, hours):
    asks = parsed["dags"][dag]["tasks"][task]["asks"]

    assert asks["options"] == ["Approve", "Reject"]
    assert asks["unanswered"] == ["Reject"]
    assert asks["hours"] == hours
    assert (asks["users"] and [user["id"] for user in asks["users"]]) == users
