"""Learned peers on recency, frequency and money: a logistic regression a category, boosted trees.

Both see the model's own windows, categories and depths; they learn from a sample of rows.
"""

import lightgbm as lgb
import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from ml.propensity.examples import Example, Span, at_origins, customers, labels
from ml.propensity.histories import HORIZONS, NUMBERS, Histories
from ml.propensity.hyperparameters import PropensityHyperparameters

ROWS = 600_000  # learnt from, at most about
WINDOWS = (7, 28, 84, 10_000)  # days over which purchases and visits are counted
NEVER = 365.0  # days since a purchase that never was
SPEND = NUMBERS.index("log_spend")
ROUNDS, STOP = 300, 20
LEARNING = {
    "objective": "binary",
    "learning_rate": 0.1,
    "num_leaves": 63,
    "min_data_in_leaf": 100,
    "deterministic": True,
    "force_row_wise": True,
    "num_threads": 2,
    "verbosity": -1,
}

Rows = tuple[np.ndarray, np.ndarray]  # features (rows, F), labels (rows, horizons)


def features(inputs: Example) -> np.ndarray:
    """float32 (n, O, K, F): category code first, then the customer's and the shop's numbers."""
    age = inputs["origins"][:, :, None] - inputs["days"][:, None, :] - 1
    seen = age >= 0
    shape = (*age.shape[:2], inputs["bought"].shape[-1])
    counts = [np.matmul((seen & (age < d)).astype(np.float32), inputs["bought"]) for d in WINDOWS]
    visits = [(seen & (age < d)).sum(-1) for d in WINDOWS]
    gone = np.where(seen, age, NEVER).min(-1)
    spend = (seen * inputs["numbers"][:, None, :, SPEND]).sum(-1) / np.maximum(seen.sum(-1), 1)
    tenure = inputs["origins"] - inputs["days"][:, :1]
    saved = np.matmul(seen.astype(np.float32), inputs["discount"]) / np.maximum(counts[-1], 1)
    each = [*visits, gone, spend, tenure]
    return np.stack(
        [
            np.broadcast_to(np.arange(shape[-1], dtype=np.float32), shape),
            *counts,
            _last(inputs["bought"], age),
            saved,
            *(np.broadcast_to(value[..., None], shape) for value in each),
            inputs["usual"],
            inputs["depth"][..., 0],
            inputs["depth"][..., 1],
        ],
        axis=-1,
    ).astype(np.float32)


def _last(bought: np.ndarray, age: np.ndarray) -> np.ndarray:
    """Days since the customer bought of the category before each origin: (n, O, K)."""
    days = np.empty((*age.shape[:2], bought.shape[-1]), np.float32)
    for place in range(age.shape[1]):
        since = np.where(age[:, place] >= 0, age[:, place], NEVER)[..., None]
        days[:, place] = np.where(bought > 0, since, NEVER).min(1)
    return days


def rows(
    histories: Histories, span: Span, chosen: PropensityHyperparameters, seed: int | None = None
) -> Rows:
    """Rows of a span: a sample of about `ROWS` where a seed is given, else all, in order."""
    places = histories.between(span.since, span.until)
    cells = histories.customers * len(places) * len(histories.categories)
    share = 1.0 if seed is None else min(1.0, ROWS / cells)
    draw = np.random.default_rng(seed)
    taken, bought = [], []
    for batch, _ in customers(histories, chosen):
        inputs = at_origins(histories, batch, places)
        targets = labels(histories, batch, places, span.until)
        sampled = (targets >= 0).any(-1)
        if seed is not None:
            sampled &= draw.random(sampled.shape) < share
        taken.append(features(inputs)[sampled])
        bought.append(targets[sampled])
    return np.concatenate(taken), np.concatenate(bought)


def lightgbm(learnt: Rows, judged: Rows, asked: np.ndarray, horizon: int, seed: int) -> np.ndarray:
    """Chances (rows,) of boosted trees on all categories together, stopped on `judged`."""
    train, valid = (_labelled(rows, horizon) for rows in (learnt, judged))
    data = lgb.Dataset(*train, categorical_feature=[0])
    booster = lgb.train(
        LEARNING | {"seed": seed},
        data,
        ROUNDS,
        valid_sets=[lgb.Dataset(*valid, reference=data)],
        callbacks=[lgb.early_stopping(STOP, verbose=False)],
    )
    return np.asarray(booster.predict(asked))


def logistic(learnt: Rows, asked: np.ndarray, horizon: int) -> np.ndarray:
    """Chances (rows,) of one regression a category on logs of the same numbers."""
    numbers, bought = _labelled(learnt, horizon)
    scale = StandardScaler().fit(_logs(numbers))
    train, test = scale.transform(_logs(numbers)), scale.transform(_logs(asked))
    chances = np.zeros(len(asked))
    for code in np.unique(asked[:, 0]):
        own, wanted = numbers[:, 0] == code, asked[:, 0] == code
        targets = bought[own]
        if targets.size == 0 or targets.min() == targets.max():
            chances[wanted] = targets.max(initial=0.0)
            continue
        regression = LogisticRegression(max_iter=200).fit(train[own], targets)
        chances[wanted] = regression.predict_proba(test[wanted])[:, 1]
    return chances


def _labelled(data: Rows, horizon: int) -> Rows:
    k = HORIZONS.index(horizon)
    is_labelled = data[1][:, k] >= 0
    return data[0][is_labelled], data[1][is_labelled, k]


def _logs(values: np.ndarray) -> np.ndarray:
    """Without the code; counts and days as logs, what may be negative as it is."""
    numbers = values[:, 1:]
    return np.where(numbers >= 0, np.log1p(np.maximum(numbers, 0)), numbers)
