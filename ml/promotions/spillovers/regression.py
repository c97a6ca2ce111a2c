"""Weighted least squares whose standard errors allow for weeks that go wrong together."""

from dataclasses import dataclass

import numpy as np

from ml.arrays import Floats

RIDGE = 1e-9
LEAST_WEEKS = 8  # over which a column must be spread for its error to be known


@dataclass(frozen=True)
class Fit:
    """Coefficients and their standard errors, (columns,); nan where the data hold too little."""

    value: Floats
    se: Floats


def fit(target: Floats, columns: list[Floats], precision: Floats) -> Fit:
    """Regress `target` on `columns`, all (n, weeks), each entry weighted by `precision`.

    Errors are clustered by week, over which all products share shocks (Liang and Zeger,
    "Longitudinal data analysis using generalized linear models", Biometrika 73, 1986; with the
    factor weeks / (weeks - columns) for few weeks).
    """
    design = np.stack(columns, axis=-1)
    by_week = (precision[..., None] * design**2).sum(axis=0)
    scale = np.sqrt(by_week.sum(axis=0))
    spread_over = by_week.sum(axis=0) ** 2 / np.maximum((by_week**2).sum(axis=0), RIDGE**4)
    identified = (scale > RIDGE) & (spread_over >= LEAST_WEEKS)
    value, se = np.full(len(columns), np.nan), np.full(len(columns), np.nan)
    weeks = int((precision > 0).any(axis=0).sum())
    if not identified.any() or weeks <= identified.sum() + 1:
        return Fit(value, se)
    design = design[..., identified] / scale[identified]
    weighted = precision[..., None] * design
    bread = np.einsum("nwi,nwj->ij", weighted, design) + RIDGE * np.eye(identified.sum())
    solution = np.linalg.solve(bread, np.einsum("nwi,nw->i", weighted, target))
    score = np.einsum("nwi,nw->wi", weighted, target - design @ solution)
    inverse = np.linalg.inv(bread)
    spread = inverse @ (score.T @ score) @ inverse * weeks / (weeks - identified.sum())
    value[identified] = solution / scale[identified]
    se[identified] = np.sqrt(np.diag(spread)) / scale[identified]
    return Fit(value, se)
