"""Category and total forecasts that add up to the products' own.

Means are sums. A quantile of a sum is not the sum of quantiles: every product's quantiles
are read as a distribution, products are drawn together under a Gaussian copula whose
correlations, within a category and across categories, are those of past surprises, and
each draw is summed. So every draw adds up from product to total, and none is negative.

Source: Taieb, Taylor and Hyndman (2017), "Coherent probabilistic forecasts for
hierarchical time series"; the equicorrelated copula keeps two numbers instead of a matrix.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from ml.demand.data.lifts import surprises
from ml.demand.data.panel import Panel
from ml.demand.evaluation.metrics import LEVELS

DRAWS = 1000
DECIMALS = 6
COLUMNS = [f"p{int(q * 100)}" for q in LEVELS]
NORMAL = stats.norm.ppf(LEVELS)


@dataclass(frozen=True)
class Correlation:
    """Of two products' surprises in one week: in one category, and in two."""

    within: float
    across: float


@dataclass(frozen=True)
class Levels:
    """Category rows sorted by name, the weeks ahead in columns; quantiles' levels first."""

    categories: list[str]
    category_mean: np.ndarray
    category_quantiles: np.ndarray
    total_mean: np.ndarray
    total_quantiles: np.ndarray


def level_rows(
    panel: Panel, forecasts: pd.DataFrame, categories: pd.Series, seed: int
) -> pd.DataFrame:
    """Rows of `LEVEL_FORECASTS`, without the model's version.

    Args:
        panel: the weeks seen; its products' surprises say how they move together.
        forecasts: rows of `FORECASTS`, product by product and week by week.
        categories: (N,) of the products forecast.
        seed: of the draws.
    """
    shape = (len(categories), -1)
    mean = forecasts["mean_units"].to_numpy().reshape(shape)
    levels = np.stack([forecasts[column].to_numpy().reshape(shape) for column in COLUMNS])
    together = correlation(surprises(panel), panel.products["category"])
    sums = add_up(mean, levels, categories, together, seed)
    rows = np.concatenate([sums.category_quantiles, sums.total_quantiles[:, None]], axis=1)
    means = np.concatenate([sums.category_mean, sums.total_mean[None]])
    counts = [*categories.value_counts().sort_index(), len(categories)]
    weeks = mean.shape[1]
    columns = {
        "level": np.repeat([*["category"] * len(sums.categories), "total"], weeks),
        "name": np.repeat([*sums.categories, "total"], weeks),
        "week_start_date": np.tile(forecasts["week_start_date"].to_numpy()[:weeks], len(means)),
        "products": np.repeat(counts, weeks),
        "mean_units": means.ravel(),
    }
    quantiles = {column: row.ravel() for column, row in zip(COLUMNS, rows, strict=True)}
    return pd.DataFrame(columns | quantiles).round(DECIMALS)


def add_up(
    mean: np.ndarray,
    quantiles: np.ndarray,
    categories: pd.Series,
    correlation: Correlation,
    seed: int,
) -> Levels:
    """Sum products to categories and to the total.

    Args:
        mean: (N, H) units, at least 0.
        quantiles: (9, N, H) units, at least 0, not crossing.
        categories: (N,) each product's.
        correlation: of the products' surprises.
        seed: of the draws.
    """
    codes, names = pd.factorize(categories, sort=True)
    horizon = mean.shape[1]
    means = np.zeros((len(names), horizon))
    np.add.at(means, codes, mean)
    draws = np.stack(
        list(_category_draws(mean, quantiles, codes, correlation, np.random.default_rng(seed)))
    )
    return Levels(
        categories=list(names),
        category_mean=means,
        category_quantiles=np.quantile(draws, LEVELS, axis=1),
        total_mean=means.sum(axis=0),
        total_quantiles=np.quantile(draws.sum(axis=0), LEVELS, axis=0),
    )


def _category_draws(
    mean: np.ndarray,
    quantiles: np.ndarray,
    codes: np.ndarray,
    correlation: Correlation,
    rng: np.random.Generator,
) -> Iterator[np.ndarray]:
    """(DRAWS, H) sums of each category in turn: memory is bounded by the largest one."""
    horizon = mean.shape[1]
    shared = np.sqrt(correlation.across) * rng.standard_normal((DRAWS, 1, horizon))
    for code in range(codes.max() + 1):
        rows = codes == code
        common = rng.standard_normal((DRAWS, 1, horizon))
        own = rng.standard_normal((DRAWS, rows.sum(), horizon))
        normal = (
            shared
            + np.sqrt(correlation.within - correlation.across) * common
            + np.sqrt(1 - correlation.within) * own
        )
        yield draw(mean[rows], quantiles[:, rows], normal).sum(axis=1)


def draw(mean: np.ndarray, quantiles: np.ndarray, normal: np.ndarray) -> np.ndarray:
    """Units (D, N, H) at standard normal scores, scaled so that they average to the mean.

    Between the quantiles' own scores units are linear in the score, and outside them they
    go on along the last step, not below 0.
    """
    step = np.clip(np.searchsorted(NORMAL, normal) - 1, 0, len(NORMAL) - 2)
    low = np.take_along_axis(quantiles, step, axis=0)
    high = np.take_along_axis(quantiles, step + 1, axis=0)
    share = (normal - NORMAL[step]) / (NORMAL[step + 1] - NORMAL[step])
    units = np.maximum(low + share * (high - low), 0.0)
    average = units.mean(axis=0)
    return units * np.where(average > 0, mean / np.maximum(average, 1e-9), 0.0)


def correlation(surprises: np.ndarray, categories: pd.Series) -> Correlation:
    """Mean correlation of the products' surprises, by pairs; both from 0 to 0.9.

    Args:
        surprises: (N, W) log of sold over expected; NaN where not on sale.
        categories: (N,) each product's.
    """
    score = surprises - np.nanmean(surprises, axis=1, keepdims=True)
    score = np.nan_to_num(score / np.maximum(np.nanstd(score, axis=1, keepdims=True), 1e-9))
    there = np.isfinite(surprises).astype(float)
    codes = pd.factorize(categories, sort=True)[0]
    one, many = _pairs(score, there, codes), _pairs(score, there, np.zeros_like(codes))
    within = np.clip(one[0] / max(one[1], 1.0), 0.0, 0.9)
    across = np.clip((many[0] - one[0]) / max(many[1] - one[1], 1.0), 0.0, within)
    return Correlation(float(within), float(across))


def _pairs(score: np.ndarray, there: np.ndarray, codes: np.ndarray) -> tuple[float, float]:
    """Sum of products over the pairs of one group and week, and how many pairs there are."""

    def squared_sum(values: np.ndarray) -> float:
        total = np.zeros((codes.max() + 1, values.shape[1]))
        np.add.at(total, codes, values)
        return float((total**2).sum())

    return squared_sum(score) - float((score**2).sum()), squared_sum(there) - float(there.sum())
