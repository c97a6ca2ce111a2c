"""How far what the demand model reads has moved from what it was trained on.

The population stability index of two distributions over the same bins, p then q, is
sum((q - p) * log(q / p)): a symmetric Kullback-Leibler divergence. By custom, below 0.1 nothing
happened and above 0.25 the population is another one (Siddiqi, "Credit Risk Scorecards", 2006);
which values a shop's own weeks reach by themselves is noted in `mlflow/gates.yml`.
"""

from collections.abc import Mapping

import numpy as np

from ml.demand.data.panel import Panel

LEAST_SHARE = 1e-3  # of an empty bin, whose logarithm would be infinite
EDGES: Mapping[str, tuple[float, ...]] = {
    "depth": (0.01, 0.1, 0.2, 0.3, 0.4),
    "regular_price": (-0.2, -0.1, -0.03, 0.03, 0.1, 0.2),
    "display": (0.01, 0.25, 0.5, 0.75),
    "mailer": (0.01, 0.25, 0.5, 0.75),
    "units": (0.5, 1.5, 2.5, 5.5, 10.5, 20.5, 50.5),
}


def stability_index(before: np.ndarray, after: np.ndarray, edges: tuple[float, ...]) -> float:
    """Of two samples, over the bins that `edges` part: 0 for equal shares."""
    p, q = (_shares(values, edges) for values in (before, after))
    return float(((q - p) * np.log(q / p)).sum())


def input_shift(panel: Panel, trained: int, recent: int) -> dict[str, float]:
    """The last `recent` weeks against the first `trained`, product-weeks since first sale.

    Returns:
        `psi.<input>` for each of `EDGES`, and `zero_share`: the change of the share of
        product-weeks without a sale.
    """
    before, after = panel.is_demand.copy(), panel.is_demand.copy()
    before[:, trained:], after[:, :-recent] = False, False
    shifts = {
        f"psi.{name}": stability_index(values[before], values[after], EDGES[name])
        for name, values in inputs(panel, trained).items()
    }
    zero = panel.units == 0
    return shifts | {"zero_share": float(zero[after].mean() - zero[before].mean())}


def inputs(panel: Panel, trained: int) -> dict[str, np.ndarray]:
    """What is compared, (N, W) each; the regular price in logs against its mean in training."""
    seen = np.where(panel.started, panel.regular_price, np.nan)[:, :trained]
    priced = np.isfinite(seen)
    usual = np.where(priced, seen, 0.0).sum(axis=1) / np.maximum(priced.sum(axis=1), 1)
    log_change = np.log(panel.regular_price / np.where(usual > 0, usual, np.nan)[:, None])
    return {
        "depth": 1 - np.exp(panel.log_price_ratio),
        "regular_price": np.nan_to_num(log_change),
        "display": panel.display,
        "mailer": panel.mailer,
        "units": panel.units,
    }


def _shares(values: np.ndarray, edges: tuple[float, ...]) -> np.ndarray:
    counts = np.bincount(np.digitize(values, edges), minlength=len(edges) + 1)
    return np.maximum(counts / max(counts.sum(), 1), LEAST_SHARE)
