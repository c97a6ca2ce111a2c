"""Groups of items that share every promotion are solved as one item."""

from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse

from ml.errors import InfeasibleError
from ml.solver.problem import FREE, SOMETHING, Names, PlanProblem


@dataclass(frozen=True)
class Merged:
    """A problem of blocks; block `of[item]` stands for the item, `weight` (blocks,) its items.

    The blocks' problem holds no stock: `units`, `stock` keep a row per item, owned by `of`.
    """

    problem: PlanProblem
    of: np.ndarray
    weight: np.ndarray
    units: np.ndarray | None
    stock: np.ndarray | None

    def spread(self, choice: np.ndarray) -> np.ndarray:
        """A plan of the blocks (blocks, weeks) as one of the items (items, weeks)."""
        return choice[self.of]


def merge(problem: PlanProblem) -> Merged:
    """Sum what the items of a group earn and use; a group is allowed what all its items are.

    Raises:
        InfeasibleError: two items of a group are pinned to different options in a week.
    """
    if problem.group is None:
        count = len(problem.category)
        alone = replace(problem, units=None, stock=None)
        return Merged(alone, np.arange(count), np.ones(count), problem.units, problem.stock)
    _, first, of = np.unique(problem.group, return_index=True, return_inverse=True)
    blocks = len(first)
    total = sparse.csr_array((np.ones(len(of)), (of, np.arange(len(of)))), shape=(blocks, len(of)))
    shape, weight = (blocks, *problem.value.shape[1:]), np.bincount(of).astype(float)
    gap = np.zeros(blocks, int)
    np.maximum.at(gap, of, problem.gap)

    def summed(amount: np.ndarray) -> np.ndarray:
        of_allowed = np.where(problem.allowed, amount, 0.0)
        return (total @ of_allowed.reshape(len(of), -1)).reshape(shape)

    merged = replace(
        problem,
        value=summed(problem.value),
        cost=summed(problem.cost),
        allowed=summed(np.ones(problem.value.shape)) == weight[:, None, None],
        category=problem.category[first],
        gap=gap,
        exclusive=tuple(of[items] for items in problem.exclusive),
        shared_stock=None
        if problem.shared_stock is None
        else replace(
            problem.shared_stock,
            item=of[problem.shared_stock.item],
            owner=of[problem.shared_stock.owner],
        ),
        units=None,
        stock=None,
        group=None,
        must=None if problem.must is None else (total @ problem.must.astype(float)) > 0,
        pinned=None
        if problem.pinned is None
        else _pinned(problem.pinned, problem.names, of, blocks),
        names=_named(problem.names, of, blocks),
    )
    return Merged(merged, of, weight, problem.units, problem.stock)


def _named(names: Names, of: np.ndarray, blocks: int) -> Names:
    """The name of a block joins those of its items."""
    if not len(names.items):
        return names
    members: list[list[str]] = [[] for _ in range(blocks)]
    for name, block in zip(names.items, of.tolist(), strict=True):
        members[block].append(name)
    return replace(names, items=["+".join(each) for each in members])


def _pinned(pinned: np.ndarray, names: Names, of: np.ndarray, blocks: int) -> np.ndarray:
    """A block is pinned where one of its items is; an option is more specific than SOMETHING."""
    block_pins = np.full((blocks, pinned.shape[1]), FREE)
    for item, (block, week_pins) in enumerate(zip(of, pinned, strict=True)):
        now = block_pins[block]
        vague = (now == FREE) | ((now == SOMETHING) & (week_pins >= 0))
        new = np.where(vague & (week_pins != FREE), week_pins, now)
        clash = (week_pins != FREE) & (week_pins != new) & ~((week_pins == SOMETHING) & (new >= 0))
        if clash.any():
            together = names.several(np.flatnonzero(of == block).tolist())
            week = int(np.flatnonzero(clash)[0])
            raise InfeasibleError(
                f"{together} move together but are pinned apart in {names.week(week)} "
                f"(options {now[week]} and {week_pins[week]}, as {names.several([item])} "
                "shows); expected one promotion for the whole group: free one of them or part "
                "the group"
            )
        block_pins[block] = new
    return block_pins
