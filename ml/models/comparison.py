"""A challenger against the champion: the ratio of an error on the same cases, beyond noise.

Every model says which cases both can be scored on; the rest is the same for all. A ratio comes
with the ends of its 90 % interval (`bootstrap.paired_ratio`), and the version's tag names the
champion, so that a gate can see whether the comparison is with the present one.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import TypeVar

import numpy as np

from ml.errors import GateError
from ml.models import registry
from ml.models.bootstrap import paired_ratio

log = logging.getLogger(__name__)

DIGITS = 6  # of ratios: the same model saved and loaded differs further behind

Model = TypeVar("Model")
Pair = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True)
class ChampionComparison:
    """Metrics that the gates read, and the version's tags; both empty without a champion."""

    metrics: dict[str, float] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)


def compare_with_champion(
    name: str,
    metric: str,
    load: Callable[[str], Model],
    score: Callable[[str, Model], Pair | None],
    seed: int,
) -> ChampionComparison:
    """Score a challenger and the champion of the model `name` on the same cases.

    Args:
        name: of the registered model.
        metric: of the ratio challenger over champion; its interval's ends are `<metric>_low` and
            `<metric>_high`.
        load: the champion, or what stands for it, by version; raises GateError if it cannot.
        score: given the champion's version and what was loaded, the challenger's and the champion's
            errors (or gains), paired (cases,) arrays; None where they have no cases in common.
        seed: of the bootstrap.
    """
    version = registry.champion(name)
    if version is None:
        return ChampionComparison()
    try:
        champion = load(version)
    except GateError as error:
        log.warning("nothing to compare with: champion version %s: %s", version, error)
        return ChampionComparison(tags={registry.UNUSABLE: version})
    tags = {registry.COMPARED: version}
    pair = score(version, champion)
    if pair is None:
        log.warning("no cases to compare with champion version %s on", version)
        return ChampionComparison(tags=tags)
    ratio = [round(value, DIGITS) for value in paired_ratio(*pair, seed)]
    log.info("%s (version %s): %.4f [%.4f, %.4f]", metric, version, *ratio)
    names = (metric, f"{metric}_low", f"{metric}_high")
    return ChampionComparison(dict(zip(names, ratio, strict=True)), tags)


def trained_by(name: str, version: str, day: date) -> bool:
    """Whether a version was trained as of `day` or earlier: it has seen nothing from then on."""
    return registry.trained_as_of(name)[version] <= day
