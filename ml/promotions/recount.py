"""Count a written plan again: from its rows and the inputs of its day, without the solver."""

from collections.abc import Iterator, Sequence
from datetime import date

import numpy as np
import pandas as pd

from ml.config.policy import Policy
from ml.promotions.planning.edits import Edit
from ml.promotions.planning.frozen import option_of
from ml.promotions.planning.inputs import read_known
from ml.promotions.planning.proposal import Draft
from ml.promotions.planning.propose import prepare
from ml.releases.schedule import with_weeks
from ml.solver.checker import violations
from ml.solver.problem import NOTHING

CENT = 0.01


def broken_limits(
    as_of: date, lines: pd.DataFrame, policy: Policy, budget: float, edits: Sequence[Edit] = ()
) -> list[str]:
    """What the rows of PLAN break of the policy, in words; empty when they keep everything.

    The problem is stated anew from the tables of as_of, each row must be one of its options at
    that option's price and cost, and the checker counts every limit.
    """
    draft, _ = prepare(read_known(as_of, policy), policy, budget, edits=edits)
    choice = np.full(draft.problem.value.shape[:2], NOTHING)
    strange = list(_placed(draft, lines, choice))
    return strange + violations(draft.problem, choice)


def _placed(draft: Draft, lines: pd.DataFrame, choice: np.ndarray) -> Iterator[str]:
    """Set each row's option in `choice` (items, weeks); say which rows have none."""
    rows = {product: row for row, product in enumerate(draft.items.table["product_id"])}
    weeks = {week: at for at, week in enumerate(draft.items.weeks)}
    for line in with_weeks(lines).to_dict("records"):
        item, week = rows.get(line["product_id"]), weeks.get(line["week"])
        option = None if item is None else option_of(line, item, draft.options)
        if item is None or week is None or option is None:
            yield f"{line['promotion_id']} is none of the day's options"
        elif choice[item, week] != NOTHING:
            yield f"{line['promotion_id']} is a second promotion of its product and week"
        else:
            choice[item, week] = option
            price = draft.options.price[item, option]
            cost = draft.economics.cost[item, week, option]
            for name, due in (("promo_price", price), ("cost", cost)):
                if abs(line[name] - due) > CENT / 2:
                    yield f"{line['promotion_id']}: {name} is {line[name]}, expected {due:.2f}"
