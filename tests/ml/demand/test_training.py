"""What a training has fitted outlives its death, and not its success."""

from datetime import date
from types import SimpleNamespace

import pytest

from ml.demand import training
from ml.demand.fitting.fit import DemandFit
from ml.demand.network.hyperparameters import DemandHyperparameters
from ml.models.comparison import ChampionComparison
from ml.settings import settings

AS_OF = date(2017, 12, 4)


@pytest.fixture
def train(home, monkeypatch):
    """`train_challenger` with every fit replaced by one that leaves its progress."""
    folders = []

    def backtest(as_of, products, fitting):
        folders.append(fitting.folder)
        fitting.folder.mkdir(parents=True, exist_ok=True)
        return SimpleNamespace(steps=fitting.steps, size_scale=1.0)

    def fit(panel, origin, fitting, start):
        folders.append(fitting.folder)
        (fitting.folder / "fit").mkdir(exist_ok=True)
        assert fitting.hyperparameters == DemandHyperparameters.read()
        return DemandFit(SimpleNamespace(size_scale=0.0), [])

    checks = ("largest_move", "nonfinite_at_extremes", "size_mb", "forecast_seconds")
    for name in ("responses", "importances", *checks):
        monkeypatch.setattr(training, name, lambda *_: 0.0)
    monkeypatch.setattr(training, "fingerprint", lambda *_: {})
    monkeypatch.setattr(training, "read_panel", lambda *_: SimpleNamespace(weeks=range(40)))
    monkeypatch.setattr(training.registry, "champion", lambda *_: None)
    monkeypatch.setattr(training, "compare", lambda *_: ChampionComparison())
    monkeypatch.setattr(training, "registration", lambda candidate: candidate)
    monkeypatch.setattr(training, "backtest", backtest)
    monkeypatch.setattr(training, "fit", fit)
    return lambda register: (monkeypatch.setattr(training, "register", register), folders)


def test_fits_are_kept_under_the_state_folder_until_the_version_is_registered(train):
    there = []
    _, folders = train(lambda *_: there.extend(folders[-1].iterdir()) or "3")

    assert training.train_challenger(AS_OF) == "3"

    assert set(folders) == {settings().training / "as_of=2017-12-04"}
    assert [path.name for path in there] == ["fit"]
    assert not folders[0].exists()


def test_a_training_whose_data_changed_meanwhile_says_so(train, monkeypatch):
    found, hashes = [], iter(({"sales": "a"}, {"sales": "b"}))
    train(lambda candidate: found.append(candidate) or "3")
    monkeypatch.setattr(training, "fingerprint", lambda *_: next(hashes))

    training.train_challenger(AS_OF)

    assert found[0].checks["data_changed"] == 1
    assert found[0].fingerprint == {"sales": "a"}


def test_fits_are_kept_when_registering_fails(train):
    def register(*_):
        raise ConnectionError

    _, folders = train(register)

    with pytest.raises(ConnectionError):
        training.train_challenger(AS_OF)

    assert (folders[0] / "fit").exists()
