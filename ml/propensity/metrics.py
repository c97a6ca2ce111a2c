"""How good probabilities are."""

import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score

BINS = 20
SMALLEST = 1e-6  # a probability nearer to 0 or 1 counts as this far from it


def measures(bought: np.ndarray, chance: np.ndarray, category: np.ndarray) -> dict[str, float]:
    """Log loss, Brier score, area under the ROC curve, and calibration error.

    Args:
        bought: 1 or 0, (rows,).
        chance: of 1, (rows,).
        category: codes, (rows,); `auc_in_category` is the mean of the categories' own areas,
            which knowing popular categories cannot raise.

    `ece`: mean distance of chance and share bought over `BINS` groups of as many rows each, by
    chance (Naeini et al. 2015, "Obtaining Well Calibrated Probabilities Using Bayesian Binning").
    """
    p = np.clip(chance.astype(np.float64), SMALLEST, 1 - SMALLEST)
    return {
        "log_loss": float(np.mean(log_losses(bought, p))),
        "brier": float(np.mean((p - bought) ** 2)),
        "auc": float(roc_auc_score(bought, p)),
        "auc_in_category": _within(bought, p, category),
        "ece": calibration_error(bought, p),
    }


def log_losses(bought: np.ndarray, chance: np.ndarray) -> np.ndarray:
    """Each one's log loss, in the shape of both."""
    p = np.clip(chance, SMALLEST, 1 - SMALLEST)
    return -np.log(np.where(bought > 0, p, 1 - p))


def calibration_error(bought: np.ndarray, chance: np.ndarray) -> float:
    parts = np.array_split(np.argsort(chance, kind="stable"), min(BINS, len(chance)))
    gaps = [abs(chance[part].mean() - bought[part].mean()) * len(part) for part in parts]
    return float(np.sum(gaps) / len(chance))


def _within(bought: np.ndarray, chance: np.ndarray, category: np.ndarray) -> float:
    """Mean over categories, from ranks: (sum of the ranks of 1s - n1 (n1 + 1) / 2) / (n1 n0)."""
    rows = pd.DataFrame({"category": category, "bought": bought, "chance": chance})
    rows["rank"] = rows.groupby("category")["chance"].rank()
    ones = rows[rows["bought"] > 0].groupby("category")["rank"].agg(["sum", "size"])
    zeros = rows.groupby("category").size().reindex(ones.index) - ones["size"]
    areas = (ones["sum"] - ones["size"] * (ones["size"] + 1) / 2) / (ones["size"] * zeros)
    return float(areas[zeros > 0].mean())
