"""Which stock several deals lean on: that of gifts and of bundles' other halves.

Each option alone is checked against that stock when it is valued (`economics`). Here is what all of
them together may take: what promotions may sell of the companion beyond its baseline, its own
promotions included, until it is replenished.
"""

from dataclasses import replace

import numpy as np

from ml.arrays import Floats
from ml.config.policy import Policy
from ml.inventory.distribution import max_mean_demand
from ml.promotions.economics.items import Items
from ml.promotions.economics.options import Options
from ml.promotions.economics.value import Economics
from ml.solver.shared_stock import SharedStock


def shared_stock(
    items: Items,
    options: Options,
    economics: Economics,
    policy: Policy,
    pinned: np.ndarray | None = None,
) -> SharedStock | None:
    """What options take of companions' stock, and what all may take; None: nothing can run out.

    One promotion alone is never ruled out here, nor are those `pinned` (items, weeks): they stay,
    and nothing is added to them.
    """
    owner, entries = _taken(items, options, economics)
    if not len(owner):
        return None
    item, option, stock, units = entries
    draws = SharedStock(
        item=item,
        option=option,
        stock=stock,
        units=units,
        room=_spare(items, owner, policy.stock_service_level),
        lasts=items.gap[owner] + 1,
        owner=owner,
    )
    room = np.maximum(draws.room, _alone(draws, policy.duration_weeks.most))
    if pinned is not None:
        room = np.maximum(room, _frozen(draws, economics.limits.allowed.shape, pinned))
    room[_maximum_taken(draws) <= room] = np.inf
    return _only_limited(replace(draws, room=room))


def _taken(
    items: Items, options: Options, economics: Economics
) -> tuple[np.ndarray, tuple[np.ndarray, np.ndarray, np.ndarray, Floats]]:
    """The companions, and by item, option and companion the units taken of it, (n, weeks)."""
    allowed, parts = economics.limits.allowed, []
    for column, deal in enumerate(options.deals[place] for place in options.deal):
        if deal.companion is None:
            continue
        sold = economics.demand.mean[:, :, column] * economics.demand.taken[:, column, None]
        units = np.where(allowed[:, :, column], sold * deal.companion.units[:, None], 0.0)
        at = np.flatnonzero((units > 0).any(axis=1))
        parts.append((at, np.full(len(at), column), deal.companion.row[at], units[at]))
    owner = np.unique(np.concatenate([part[2] for part in parts])) if parts else np.empty(0, int)
    more = np.where(allowed, economics.demand.mean - items.baseline[:, :, None], 0.0)
    for column in range(allowed.shape[2]):
        at = owner[(more[owner, :, column] > 0).any(axis=1)]
        parts.append((at, np.full(len(at), column), at, np.maximum(more[at, :, column], 0.0)))
    item, option, of, units = (np.concatenate(part) for part in zip(*parts, strict=True))
    return owner, (item, option, np.searchsorted(owner, of), units)


def _spare(items: Items, owner: np.ndarray, level: float) -> Floats:
    """What may be sold beyond the baseline so that stock lasts with that chance."""
    size = items.dispersion[owner, None]
    return np.maximum(max_mean_demand(level, items.stock[owner], size) - items.baseline[owner], 0.0)


def _alone(draws: SharedStock, longest: int) -> Floats:
    """The most that one promotion takes in each week's reach, (stocks, weeks)."""
    most, weeks = np.zeros(draws.room.shape), draws.units.shape[1]
    total = np.cumsum(np.pad(draws.units, ((0, 0), (longest, 0))), axis=1)
    run = total[:, longest:] - total[:, :weeks]
    for later in range(int(draws.lasts.max())):
        reaches = np.flatnonzero(later < draws.lasts[draws.stock])
        np.maximum.at(most[:, later:], draws.stock[reaches], run[reaches, : weeks - later])
    return most


def _frozen(draws: SharedStock, shape: tuple[int, ...], pinned: np.ndarray) -> Floats:
    """What the pinned promotions take, (stocks, weeks)."""
    row = np.ravel_multi_index((*np.nonzero(pinned >= 0), pinned[pinned >= 0]), shape)
    taken = draws.usage(shape[0], shape[2])[row].sum(axis=0)
    return np.asarray(taken).reshape(draws.room.shape)


def _maximum_taken(draws: SharedStock) -> Floats:
    """What is taken if every item takes as much as it can in every week, (stocks, weeks)."""
    order = np.lexsort((draws.item, draws.stock))
    item, stock = draws.item[order], draws.stock[order]
    first = np.flatnonzero(np.diff(item, prepend=-1) | np.diff(stock, prepend=-1))
    weekly = np.zeros(draws.room.shape)
    np.add.at(weekly, stock[first], np.maximum.reduceat(draws.units[order], first))
    total = np.cumsum(weekly, axis=1)
    before = np.arange(draws.room.shape[1]) - draws.lasts[:, None]
    return total - np.where(before >= 0, np.take_along_axis(total, np.maximum(before, 0), 1), 0.0)


def _only_limited(draws: SharedStock) -> SharedStock | None:
    """Without the stocks that cannot run out."""
    limited = np.isfinite(draws.room).any(axis=1)
    if not limited.any():
        return None
    of = limited[draws.stock]
    return SharedStock(
        item=draws.item[of],
        option=draws.option[of],
        stock=(np.cumsum(limited) - 1)[draws.stock[of]],
        units=draws.units[of],
        room=draws.room[limited],
        lasts=draws.lasts[limited],
        owner=draws.owner[limited],
    )
