"""Whether a challenger knows less than the champion of what is bought, beyond noise.

Both say the chances of the same customers and categories in the four weeks before the as-of date,
which neither has learnt from: the challenger's model of the backtest, and the champion itself where
it was trained before those weeks, else the model that judged it, kept beside every version. A
champion of a later date has seen more: the challenger is not flattered.

What is compared is the ratio of summed log losses, challenger over champion; its interval is a
paired bootstrap over customers, because a customer's purchases err together.
"""

from datetime import date, timedelta
from pathlib import Path

import numpy as np

from ml.models import registry
from ml.models.comparison import ChampionComparison, compare_with_champion, trained_by
from ml.propensity import NAME
from ml.propensity.backtest import TEST, WINDOW, probabilities
from ml.propensity.examples import at_origins, customers, labels
from ml.propensity.histories import HORIZONS, Histories, write_histories
from ml.propensity.hyperparameters import PropensityHyperparameters
from ml.propensity.loading import load
from ml.propensity.metrics import log_losses
from ml.propensity.model import Propensity

JUDGED = "judged.keras"  # beside a version's own model: that of its backtest


def compare(
    ours: Propensity,
    histories: Histories,
    hyperparameters: PropensityHyperparameters,
    seed: int,
    folder: Path,
) -> ChampionComparison:
    """The model of a challenger's backtest against the champion, where there is one.

    Where the champion knows other categories its histories are written to `folder`, and the
    categories of both count.
    """

    def score(_: str, champion: Propensity) -> tuple[np.ndarray, np.ndarray]:
        theirs = histories
        if champion.categories != histories.categories:
            categories, baskets = champion.categories, hyperparameters.baskets
            theirs = write_histories(histories.as_of, categories, baskets, folder)
        both = [name for name in histories.categories if name in champion.categories]
        return (
            losses(ours, histories, hyperparameters, both),
            losses(champion, theirs, hyperparameters, both),
        )

    return compare_with_champion(
        NAME,
        "log_loss_over_champion",
        lambda version: load_for(version, histories.as_of),
        score,
        seed,
    )


def load_for(version: str, as_of: date) -> Propensity:
    """The version, or its backtest's model where it may have been trained on the test weeks.

    Raises:
        GateError: it does not load, or has no backtest's model.
    """
    if trained_by(NAME, version, as_of - timedelta(days=WINDOW)):
        return load(version)
    with registry.files(NAME, version) as folder:
        return registry.read_keras(folder / JUDGED)


def losses(
    model: Propensity, histories: Histories, chosen: PropensityHyperparameters, among: list[str]
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
