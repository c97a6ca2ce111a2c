"""Whether a challenger knows less than the champion of what is bought, beyond noise.

Both say the chances of the same customers and categories in the four weeks before the as-of date,
which neither has learnt from: the challenger's model of the backtest, and the champion itself where
it was trained before those weeks, else the model that judged it, kept beside every version. A
champion of a later date has seen more: the challenger is not flattered.

What is compared is the ratio of summed log losses, challenger over champion; its interval is a
paired bootstrap over customers, because a customer's purchases err together.
"""

import logging
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np

from ml.errors import GateError
from ml.models import registry
from ml.models.bootstrap import paired_ratio
from ml.propensity.backtest import TEST, WINDOW, probabilities
from ml.propensity.examples import at_origins, customers, labels
from ml.propensity.histories import HORIZONS, Histories, write_histories
from ml.propensity.hyperparameters import Hyperparameters
from ml.propensity.metrics import log_losses
from ml.propensity.model import Propensity
from ml.propensity.scoring import NAME

log = logging.getLogger(__name__)

JUDGED = "judged.keras"  # beside a version's own model: that of its backtest
DIGITS = 6  # of ratios: the same model saved and loaded differs further behind


@dataclass(frozen=True)
class Comparison:
    """What the gates read, and the version's tags; both empty where there is no champion."""

    measures: dict[str, float]
    tags: dict[str, str]


def compare(
    ours: Propensity, histories: Histories, chosen: Hyperparameters, seed: int, folder: Path
) -> Comparison:
    """The model of a challenger's backtest against the champion, where there is one.

    Where the champion knows other categories its histories are made in `folder`, and those that
    both know count.
    """
    version = registry.champion(NAME)
    if version is None:
        return Comparison({}, {})
    try:
        rival = yardstick(version, histories.as_of)
    except GateError as error:
        log.warning("champion version %s is no yardstick: %s", version, error)
        return Comparison({}, {registry.UNUSABLE: version})
    seen = histories
    if rival.categories != histories.categories:
        seen = write_histories(histories.as_of, rival.categories, chosen.baskets, folder)
    both = [name for name in histories.categories if name in rival.categories]
    found = paired_ratio(
        losses(ours, histories, chosen, both), losses(rival, seen, chosen, both), seed
    )
    log.info("log loss over champion %s: %.4f [%.4f, %.4f]", version, *found)
    names = ("log_loss_over_champion", "log_loss_over_champion_low", "log_loss_over_champion_high")
    told = {name: round(value, DIGITS) for name, value in zip(names, found, strict=True)}
    return Comparison(told, {registry.COMPARED: version})


def yardstick(version: str, as_of: date) -> Propensity:
    """The champion, or the model that judged it where it may have learnt from the test weeks.

    Raises:
        GateError: it does not load, or was registered before that model was kept.
    """
    if registry.trained_as_of(NAME)[version] <= as_of - timedelta(days=WINDOW):
        return registry.load(NAME, version)
    with registry.files(NAME, version) as folder:
        return registry.read_keras(folder / JUDGED)


def losses(
    model: Propensity, histories: Histories, chosen: Hyperparameters, among: list[str]
) -> np.ndarray:
    """Each customer's summed log loss in the categories `among`, four weeks ahead: (customers,)."""
    places = histories.between(TEST.since, TEST.since + min(HORIZONS))
    columns = [histories.categories.index(name) for name in among]
    ahead, parts = HORIZONS.index(WINDOW), []
    for known, _ in customers(histories, chosen):
        inputs = at_origins(histories, known, places)
        bought = labels(histories, known, places, TEST.until)[..., columns, ahead]
        loss = log_losses(bought, probabilities(model, inputs)[..., columns, ahead])
        parts.append(np.where(bought >= 0, loss, 0.0).sum(axis=(1, 2)))
    return np.concatenate(parts)
