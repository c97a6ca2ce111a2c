"""What keeps a propensity version from serving: each gate, and the comparison with the champion."""

import time

import numpy as np
import pytest

from ml.errors import GateError
from ml.models import registry
from ml.propensity import comparison
from ml.propensity.checks import checks
from ml.propensity.comparison import compare, losses
from ml.propensity.histories import HORIZONS
from ml.propensity.model import Propensity

BAD = {  # by gate: a measure just beyond its bound
    "beats_own_rate": {"log_loss_over_own_rate": 0.99},
    "beats_own_rate_in_a_week": {"week.log_loss_over_own_rate": 1.01},
    "calibrated": {"ece": 0.03},
    "no_leak": {"leak_largest_move": 1e-6},
    "offers_never_put_off": {"negative_lifts": 1},
    "finite_when_free": {"extreme_nonfinite": 1},
    "same_data": {"data_changed": 1},
    "size": {"size_mb": 21},
    "latency": {"seconds_per_1000": 11},
    "not_worse_than_champion": {"log_loss_over_champion_low": 1.001},
}


@pytest.mark.parametrize("gate", registry.read_gates("propensity"), ids=lambda gate: gate.name)
def test_each_gate_fails_beyond_its_bound_and_without_its_measure(gate):
    assert not gate.verdict(BAD[gate.name])[0]
    assert not gate.verdict({})[0]


class Says:
    """A model whose logits are `logit(inputs)`, of each category and horizon, and its lifts."""

    def __init__(self, logit, lift=1.0, categories=("milk", "tea", "wine"), parameters=0):
        self.logit, self.lift, self.parameters = logit, lift, parameters
        self.categories = list(categories)

    def predict_on_batch(self, inputs):
        shape = (*inputs["usual"].shape, len(HORIZONS) + 1)
        logits = np.zeros(shape) + np.asarray(self.logit(inputs))
        logits[..., -1] = self.lift
        return logits

    def count_params(self):
        return self.parameters


def failed(model, histories, small):
    found = checks(model, histories, small)
    gates = [gate for gate in registry.read_gates("propensity") if gate.metric in found]
    return {gate.name for gate in gates if not gate.verdict(found)[0]}


def slow(inputs):
    time.sleep(0.4)  # of 30 customers: 13 s a thousand
    return 0.0


@pytest.mark.parametrize(
    ("model", "fails"),
    [
        (Says(lambda inputs: 0.0), set()),
        (Says(lambda inputs: inputs["bought"].sum((1, 2))[:, None, None, None]), {"no_leak"}),
        (Says(lambda inputs: 0.0, lift=-0.1), {"offers_never_put_off"}),
        (
            Says(lambda inputs: np.where(inputs["depth"].max() == 1, np.inf, 0.0)),
            {"finite_when_free"},
        ),
        (Says(slow), {"latency"}),
        (Says(lambda inputs: 0.0, parameters=6_000_000), {"size"}),
    ],
)
def test_a_model_that_breaks_a_rule_fails_its_gate_alone(histories, small, model, fails):
    assert failed(model, histories, small) == fails


@pytest.fixture
def champion(monkeypatch):
    """A registered champion that says this, or raises it."""

    def put(model):
        def load_for(version, as_of):
            if isinstance(model, Exception):
                raise model
            return model

        monkeypatch.setattr(registry, "champion", lambda name: "3")
        monkeypatch.setattr(comparison, "load_for", load_for)

    return put


def often(inputs):
    """Each category's log odds in the coming four weeks, about: milk always, tea by half."""
    return np.array([4.0, 0.4, 0.0])[:, None]


def against(ours, histories, small, home):
    found = compare(ours, histories, small, seed=7, folder=home / "rival")
    gate = next(g for g in registry.read_gates("propensity") if g.name == "not_worse_than_champion")
    return found, gate.verdict(found.metrics)[0]


def test_a_customers_loss_is_that_of_the_four_weeks_ahead(histories, small):
    found = losses(Says(lambda inputs: 0.0), histories, small, ["milk", "wine"])

    assert found == pytest.approx(np.full(30, 2 * np.log(2)))


def test_a_challenger_that_knows_less_than_the_champion_fails(histories, small, home, champion):
    champion(Says(often))

    found, passed = against(Says(lambda inputs: -often(inputs)), histories, small, home)

    assert found.metrics["log_loss_over_champion"] > 1
    assert found.tags == {registry.COMPARED: "3"}
    assert not passed


def test_one_that_knows_as_much_or_more_passes(histories, small, home, champion):
    champion(Says(lambda inputs: 0.0))

    assert against(Says(lambda inputs: 0.0), histories, small, home)[1]
    found, passed = against(Says(often), histories, small, home)
    assert passed
    assert found.metrics["log_loss_over_champion_high"] < 1


def test_only_categories_that_both_know_count(histories, small, home, champion):
    champion(Says(lambda inputs: 0.0, categories=("tea", "wine")))
    ours = Says(lambda inputs: np.array([-9.0, 0.0, 0.0])[:, None])  # wrong on milk alone

    assert against(ours, histories, small, home)[0].metrics["log_loss_over_champion"] == 1


def test_a_champion_that_does_not_load_is_named_as_unusable(histories, small, home, champion):
    champion(GateError("it does not load"))

    found, _ = against(Says(often), histories, small, home)

    assert (found.metrics, found.tags) == ({}, {registry.UNUSABLE: "3"})


def test_the_size_is_that_of_the_networks_parameters(histories, small):
    model = Propensity(histories.categories, width=4, hidden=4)
    model.build()

    assert checks(model, histories, small)["size_mb"] == 4 * model.count_params() / 1e6
