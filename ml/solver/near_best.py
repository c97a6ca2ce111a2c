"""Every calendar that is nearly as good as its item's best one, under given prices."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ml.solver.calendars import PricedProgram
from ml.solver.problem import NOTHING


@dataclass(frozen=True)
class Labels:
    """Partial calendars of items, as a label-setting algorithm extends them.

    item:     (n,).
    calendar: (n, weeks), an option or NOTHING.
    loss:     how much less each can earn than its item's best calendar, money, (n,).
    free:     the week from which its item may be promoted again, (n,).
    left:     the promotions its item has left, (n,).
    """

    item: np.ndarray
    calendar: np.ndarray
    loss: np.ndarray
    free: np.ndarray
    left: np.ndarray

    def __getitem__(self, keep: np.ndarray) -> "Labels":
        parts = (self.item, self.calendar, self.loss, self.free, self.left)
        return Labels(*(part[keep] for part in parts))

    @staticmethod
    def joined(parts: list["Labels"]) -> "Labels":
        names = ("item", "calendar", "loss", "free", "left")
        return Labels(*(np.concatenate([getattr(p, name) for p in parts]) for name in names))


def near_best(
    priced: PricedProgram, items: np.ndarray, max_loss: float | np.ndarray, max_labels: int
) -> tuple[Labels, float]:
    """The calendars of `items` that earn at most `max_loss` less than their item's best one.

    Args:
        priced: the items' dynamic programmes under prices.
        items: (n,).
        max_loss: money, one amount or one for each item of the problem.
        max_labels: calendars beside the items' best; of more, the nearest are returned.

    Returns:
        Labels in a fixed order, and the loss up to which they are complete: below `max_loss`
        where more than `max_labels` qualify.
    """
    weeks = priced.program.value.shape[1]
    allowance = np.broadcast_to(max_loss, len(priced.program.problem.category))
    complete = float(allowance[items].max(initial=0.0))
    labels = Labels(
        item=items,
        calendar=np.full((len(items), weeks), NOTHING, np.int16),
        loss=np.zeros(len(items)),
        free=np.zeros(len(items), int),
        left=np.full(len(items), priced.program.problem.max_promotions),
    )
    for week in range(weeks):
        within = np.minimum(allowance, complete) + priced.program.settings.tolerance
        waiting = _waiting(priced, labels, week)
        waiting = waiting[waiting.loss <= within[waiting.item]]
        grown = Labels.joined([waiting, *_started(priced, labels, week, within)])
        labels, complete = _nearest(grown, len(items) + max_labels, complete)
    return labels[np.argsort(labels.item, kind="stable")], complete


def _waiting(priced: PricedProgram, labels: Labels, week: int) -> Labels:
    """The labels that start no promotion in `week`."""
    may = labels.free <= week
    here, later = (priced.worth[w, labels.left, labels.item] for w in (week, week + 1))
    later = np.where(priced.program.demanded[week, labels.item], -np.inf, later)
    lost = np.where(may, here, 0.0) - np.where(may, later, 0.0)
    return Labels(labels.item, labels.calendar, labels.loss + lost, labels.free, labels.left)


def _started(
    priced: PricedProgram, labels: Labels, week: int, allowance: np.ndarray
) -> Iterator[Labels]:
    """The labels that start a promotion in `week`, of every length and option."""
    program = priced.program
    labels = labels[(labels.free <= week) & (labels.left > 0)]
    item, here = labels.item, priced.worth[week, labels.left, labels.item]
    for length in program.lengths:
        end = week + length
        if end > program.value.shape[1]:
            return
        then = priced.after(end, labels.left - 1, item)
        fixed = labels.loss + here - then + priced.slot[week:end][:, item].sum(axis=0)
        for option in range(len(program.value)):
            spent = priced.charge(option, slice(week, end), item)
            net = program.value[option, week:end][:, item] - spent
            loss = fixed - net.sum(axis=0)
            keep = np.flatnonzero(loss <= allowance[item])
            calendar = labels.calendar[keep]
            calendar[:, week:end] = option
            yield Labels(
                item[keep],
                calendar,
                loss[keep],
                program.again[end, item[keep]],
                labels.left[keep] - 1,
            )


def _nearest(labels: Labels, count: int, complete: float) -> tuple[Labels, float]:
    """The `count` labels of the least loss, and the loss up to which they are complete."""
    if len(labels.item) <= count:
        return labels, complete
    last = float(np.partition(labels.loss, count - 1)[count - 1])
    nearest = np.flatnonzero(labels.loss < last)
    tied = np.flatnonzero(labels.loss == last)[: count - len(nearest)]
    return labels[np.sort(np.concatenate([nearest, tied]))], float(np.nextafter(last, -np.inf))
