"""What a training of the ranker tells of itself, with all that takes Spark replaced."""

from datetime import date
from types import SimpleNamespace

import numpy as np
import pytest

from ml.models.comparison import ChampionComparison
from ml.settings import settings
from spark_jobs import train_ranker

AS_OF = date(2017, 12, 4)
KEPT = {0.0: 1.0, 0.1: 0.995, 0.3: 0.97}


@pytest.fixture
def train(home, monkeypatch):
    """`train` of a version; returns the candidate that was to be registered."""
    found = []
    made = {
        "customer_lines": SimpleNamespace(cache=lambda: None),
        "sampled_snapshot": None,
        "examples_of": SimpleNamespace(signals=np.zeros((1, 1))),
        "window_examples": SimpleNamespace(signals=np.zeros((1, 1))),
        "fit": "ranker",
        "judge": {"calibration": 1.0},
        "compare_with_champion": ChampionComparison(
            {"precision_over_champion_high": 1.1}, {"compared_with": "3"}
        ),
        "accuracy_by_variety": KEPT,
        "histories": None,
        "bought_by": ["a"],
        "item_item": None,
        "largest_score_change": 0.25,
        "checks": {"size_mb": 1.0},
        "fingerprint": {"sales": "a"},
    }
    for name, value in made.items():
        monkeypatch.setattr(train_ranker, name, lambda *_, value=value: value)
    monkeypatch.setattr(train_ranker.lake, "read", lambda *_: None)
    monkeypatch.setattr(train_ranker, "registration", lambda candidate: candidate)
    monkeypatch.setattr(train_ranker, "register", lambda one: found.append(one) or "4")
    return lambda: (train_ranker.train(None, AS_OF), found[-1])


def test_a_version_logs_all_that_its_gates_read(train):
    version, found = train()

    assert version == "4"
    assert found.tags == {"compared_with": "3"}
    logged = {"calibration": 1.0, "size_mb": 1.0, "precision_over_champion_high": 1.1}
    logged |= {"leak_largest_move": 0.25, "data_changed": 0.0}
    assert logged.items() <= found.metrics.items()


def test_a_training_whose_data_changed_meanwhile_says_so(train, monkeypatch):
    hashes = iter(({"sales": "a"}, {"sales": "b"}))
    monkeypatch.setattr(train_ranker, "fingerprint", lambda *_: next(hashes))

    _, found = train()

    assert found.metrics["data_changed"] == 1
    assert found.inputs == {"sales": "a"}


@pytest.mark.parametrize(("give_up", "variety"), [(0, 0.0), (0.01, 0.1), (0.05, 0.3)])
def test_variety_is_what_may_be_given_up_and_its_price_is_logged(
    train, home, monkeypatch, give_up, variety
):
    home.mkdir(parents=True, exist_ok=True)
    (home / "ranker.yml").write_text(f"give_up: {give_up}\n")
    monkeypatch.setenv("PROMOLOOP_LISTS_PATH", str(home / "ranker.yml"))
    settings.cache_clear()

    _, found = train()

    assert found.serving.variety == variety
    assert found.metrics["variety_ndcg_ratio"] == KEPT[variety]
    assert found.metrics["ndcg_ratio.variety_0.3"] == 0.97
