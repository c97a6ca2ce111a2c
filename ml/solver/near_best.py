"""Every calendar that is nearly as good as its item's best one, under given prices."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ml.solver.calendars import Priced
from ml.solver.problem import NOTHING

ROUNDING = 1e-9


@dataclass(frozen=True)
class Labels:
    """Calendars begun.

    `item` (n,), `calendar` (n, weeks), how far each falls `short` of its item's best, the week
    from which it is `free` and the promotions it has `left`.
    """

    item: np.ndarray
    calendar: np.ndarray
    short: np.ndarray
    free: np.ndarray
    left: np.ndarray

    def __getitem__(self, keep: np.ndarray) -> "Labels":
        parts = (self.item, self.calendar, self.short, self.free, self.left)
        return Labels(*(part[keep] for part in parts))

    @staticmethod
    def joined(parts: list["Labels"]) -> "Labels":
        names = ("item", "calendar", "short", "free", "left")
        return Labels(*(np.concatenate([getattr(p, name) for p in parts]) for name in names))


def near_best(
    priced: Priced, items: np.ndarray, loss: float | np.ndarray, most: int
) -> tuple[Labels, float]:
    """The calendars of `items` that fall at most `loss` short of their item's best one.

    `loss` is one amount or one per item of the problem. Returns labels in a fixed order and
    the loss up to which they are complete: less than asked for where more than `most` calendars
    beside the items' best qualify; then the nearest are kept.
    """
    weeks = priced.board.value.shape[1]
    allowance = np.broadcast_to(loss, len(priced.board.problem.category))
    complete = float(allowance[items].max(initial=0.0))
    labels = Labels(
        item=items,
        calendar=np.full((len(items), weeks), NOTHING, np.int16),
        short=np.zeros(len(items)),
        free=np.zeros(len(items), int),
        left=np.full(len(items), priced.board.problem.most),
    )
    for week in range(weeks):
        within = np.minimum(allowance, complete) + ROUNDING
        waiting = _waiting(priced, labels, week)
        waiting = waiting[waiting.short <= within[waiting.item]]
        grown = Labels.joined([waiting, *_started(priced, labels, week, within)])
        labels, complete = _nearest(grown, len(items) + most, complete)
    return labels[np.argsort(labels.item, kind="stable")], complete


def _waiting(priced: Priced, labels: Labels, week: int) -> Labels:
    """The labels that start no promotion in `week`."""
    may = labels.free <= week
    here, later = (priced.worth[w, labels.left, labels.item] for w in (week, week + 1))
    later = np.where(priced.board.demanded[week, labels.item], -np.inf, later)
    lost = np.where(may, here, 0.0) - np.where(may, later, 0.0)
    return Labels(labels.item, labels.calendar, labels.short + lost, labels.free, labels.left)


def _started(priced: Priced, labels: Labels, week: int, allowance: np.ndarray) -> Iterator[Labels]:
    """The labels that start a promotion in `week`, of every length and option."""
    board = priced.board
    labels = labels[(labels.free <= week) & (labels.left > 0)]
    item, here = labels.item, priced.worth[week, labels.left, labels.item]
    for length in board.lengths:
        end = week + length
        if end > board.value.shape[1]:
            return
        then = priced.after(end, labels.left - 1, item)
        fixed = labels.short + here - then + priced.slot[week:end][:, item].sum(axis=0)
        for option in range(len(board.value)):
            spent = priced.charge(option, slice(week, end), item)
            net = board.value[option, week:end][:, item] - spent
            short = fixed - net.sum(axis=0)
            keep = np.flatnonzero(short <= allowance[item])
            calendar = labels.calendar[keep]
            calendar[:, week:end] = option
            yield Labels(
                item[keep],
                calendar,
                short[keep],
                board.again[end, item[keep]],
                labels.left[keep] - 1,
            )


def _nearest(labels: Labels, most: int, loss: float) -> tuple[Labels, float]:
    if len(labels.item) <= most:
        return labels, loss
    last = float(np.partition(labels.short, most - 1)[most - 1])
    nearest = np.flatnonzero(labels.short < last)
    tied = np.flatnonzero(labels.short == last)[: most - len(nearest)]
    return labels[np.sort(np.concatenate([nearest, tied]))], float(np.nextafter(last, -np.inf))
