import json

from benchmarks.refresh import idle_share
from ml.errors import ServiceError
from ml.settings import Settings
from promoloop.progress import error_of, failures, follow


def task(task_id, state, **other):
    times = {"start_date": None, "end_date": None, "duration": None}
    return {"task_id": task_id, "state": state, "try_number": 1} | times | other


class Recorded:
    """An API that answers with one recorded look after the other."""

    def __init__(self, *looks):
        self.looks = list(looks)

    def run(self, *_):
        if isinstance(self.looks[0], Exception):
            raise self.looks.pop(0)
        return {"state": self.looks[0][0]}

    def tasks(self, *_):
        return self.looks.pop(0)[1]


def test_a_task_is_shown_when_it_starts_and_when_it_ends(monkeypatch):
    monkeypatch.setattr("time.sleep", lambda _: None)
    api = Recorded(
        ("running", [task("land", "running")]),
        ("running", [task("land", "running")]),
        ServiceError("restarting"),
        ("success", [task("land", "success", duration=61.24, end_date="2026-01-01T00:00:00Z")]),
    )
    messages = []

    state = follow(api, "refresh", "run", messages.append)

    assert state == "success"
    assert [line.split()[1:] for line in messages] == [["land", "..."], ["land", "ok", "61.2", "s"]]


def test_a_task_that_looks_again_and_again_is_shown_once(monkeypatch):
    monkeypatch.setattr("time.sleep", lambda _: None)
    states = ("running", "up_for_reschedule", "scheduled", "running", "up_for_retry")
    api = Recorded(
        *(("running", [task("segments", state)]) for state in states),
        ("success", [task("segments", "running", try_number=2)]),
    )
    messages = []

    follow(api, "refresh", "run", messages.append)

    assert [" ".join(line.split()[1:]) for line in messages] == [
        "segments ...",
        "segments failed, will be retried",
        "segments (try 2) ...",
    ]


def test_a_failure_shows_the_tasks_own_error_and_its_log(tmp_path):
    log = tmp_path / "logs/airflow/dag_id=d/run_id=r/task_id=plan/attempt=2.log"
    log.parent.mkdir(parents=True)
    raised = [{"exc_type": "InfeasibleError", "exc_value": "budget=-1: raise it"}]
    entries = [
        {"level": "info", "event": "starting"},
        {"level": "error", "event": "Task failed with exception", "error_detail": raised},
        {"level": "error", "event": "promoloop_task_failed dag=d"},
    ]
    log.write_text("not json\n" + "\n".join(json.dumps(entry) for entry in entries))
    tasks = [
        task("land", "success"),
        task("plan", "failed", try_number=2, dag_id="d", dag_run_id="r"),
        task("publish", "upstream_failed"),
    ]

    (failure,) = failures(Settings(home=tmp_path), tasks)

    assert failure.task_id == "plan"
    assert failure.error == "InfeasibleError: budget=-1: raise it"
    assert failure.log == log


def test_a_killed_task_without_a_log_is_reported_as_killed(tmp_path):
    assert "killed" in error_of(tmp_path / "attempt=1.log")


def test_idle_share_counts_overlap_once_and_leaves_out_watchers():
    def ran(task_id, start, end):
        stamp = "2026-01-01T00:00:{:02d}+00:00"
        times = {"start_date": stamp.format(start), "end_date": stamp.format(end)}
        return task(task_id, "success", duration=end - start, **times)

    tasks = [
        ran("land", 0, 10),
        ran("transform.dbt_producer_watcher", 5, 20),
        ran("transform.dim_products.run", 20, 40),
        ran("plan", 30, 40),
    ]

    assert idle_share(tasks, 60) == 0.5
