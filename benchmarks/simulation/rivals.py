"""Plans to beat: what the retailer did, a rule of thumb, chance, nothing. All keep the limits."""

import numpy as np
import pandas as pd

from ml.contracts.dbt_vars import ON_PROMOTION_DEPTH
from ml.promotions.economics.options import Options
from ml.promotions.mechanics.percent_off import MECHANIC
from ml.promotions.planning.proposal import Proposal
from ml.solver.greedy import Packing
from ml.solver.problem import NOTHING

RULE = 0.2  # the rule's depth


def rule(proposal: Proposal, packing: Packing) -> np.ndarray:
    """The products with the largest usual sales at RULE off, as far as the limits let."""
    item, week, _, option = packing.whole.starts
    sales = proposal.draft.items.baseline * proposal.draft.options.regular_price[:, None]
    plain = _plain(proposal.draft.options, "none")
    nearest = _nearest(proposal.draft.options, np.full(len(sales), RULE), plain)
    wanted = np.flatnonzero(option == nearest[item])
    order = np.lexsort((week[wanted], item[wanted], -sales.sum(axis=1)[item[wanted]]))
    return packing.plan(wanted[order])


def random(packing: Packing, rng: np.random.Generator) -> np.ndarray:
    """Starts in an order of chance, as far as the limits let."""
    return packing.plan(rng.permutation(len(packing.whole.value)))


def retailer(proposal: Proposal, weeks: pd.DataFrame) -> np.ndarray:
    """What was on promotion in the plan's weeks, as options of the plan, limits apart.

    `weeks` is FCT_PRODUCT_WEEKS as it was known later. Each week's nearest depth with the
    support it had; support without a price cut is no option, so it is left out.
    """
    options, ids = proposal.draft.options, proposal.draft.items.product_id
    choice = np.full(proposal.draft.items.baseline.shape, NOTHING)
    for at, week in enumerate(proposal.draft.items.weeks):
        rows = weeks[weeks["week_start_date"] == week].set_index("product_id").reindex(ids)
        depth = rows["depth"].fillna(0.0).to_numpy(float)
        min_share = proposal.draft.policy.supported_share
        display, mailer = (
            rows[f"{name}_share"].fillna(0.0).to_numpy() >= min_share
            for name in ("display", "mailer")
        )
        for support, had in (
            ("none", ~display & ~mailer),
            ("display", display & ~mailer),
            ("mailer", ~display & mailer),
            ("display+mailer", display & mailer),
        ):
            nearest = _nearest(options, depth, _plain(options, support))
            promoted = had & (depth >= ON_PROMOTION_DEPTH)
            choice[promoted, at] = nearest[promoted]
    return choice


def within_limits(choice: np.ndarray, proposal: Proposal, packing: Packing) -> np.ndarray:
    """A plan's promotions, those of the largest usual sales first, as far as the limits let."""
    item, week, _, option = packing.whole.starts
    sales = proposal.draft.items.baseline * proposal.draft.options.regular_price[:, None]
    wanted = np.flatnonzero(choice[item, week] == option)
    return packing.plan(wanted[np.argsort(-sales[item, week][wanted], kind="stable")])


def _plain(options: Options, support: str) -> np.ndarray:
    """Percent off with a support, bool (options,)."""
    mechanic = np.array([deal.mechanic for deal in options.deals])[options.deal]
    return (mechanic == MECHANIC) & (options.support == support)


def _nearest(options: Options, depth: np.ndarray, among: np.ndarray) -> np.ndarray:
    """Each product's option nearest to a depth, NOTHING where it has none, (products,)."""
    if not among.any():
        return np.full(len(depth), NOTHING)
    off = np.abs(options.depth[:, among] - depth[:, None])
    off = np.where(np.isfinite(off), off, np.inf)
    nearest = np.flatnonzero(among)[off.argmin(axis=1)]
    return np.where(np.isfinite(off.min(axis=1)), nearest, NOTHING)
