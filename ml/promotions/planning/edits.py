"""What a person changes in a plan: a promotion taken out, or put on other terms.

An edit pins one product's week; the plan is solved again around it.
"""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np

from ml.config.documents import Document, checked
from ml.config.policy import Support
from ml.contracts.profiles import EVERYBODY
from ml.errors import PolicyError
from ml.promotions.economics.items import Items
from ml.promotions.economics.options import Options
from ml.promotions.economics.value import Economics
from ml.solver.problem import FREE, NOTHING, PlanProblem

DEPTH_DIGITS = 4  # as the plan's rows and alternatives print depths


class Choice(Document):
    """Other terms, as a row of ALTERNATIVES says them."""

    offer: int
    mechanic: str
    depth: float
    support: Support
    audience_id: str = EVERYBODY


class Edit(Document):
    """What a product's week must hold; `choice` None: no promotion."""

    product_id: str
    week: date
    choice: Choice | None = None


class Edits(Document):
    edits: tuple[Edit, ...]


def edits_from_json(text: str) -> tuple[Edit, ...]:
    """Edits from a JSON list.

    Raises:
        PolicyError: the text is no JSON, one edit is malformed, or two speak of the same week.
    """
    try:
        return read_edits(json.loads(text))
    except json.JSONDecodeError as error:
        raise PolicyError(
            f"the edits are no JSON ({error}); received {text[:80]!r}, expected a list: send them "
            "as the review page does"
        ) from error


def read_edits(values: Sequence[Any]) -> tuple[Edit, ...]:
    """Edits from what JSON holds.

    Raises:
        PolicyError: one is malformed, or two speak of the same product and week.
    """
    edits = checked(
        {"edits": values}, Edits, "the edits", "Send them as the review page does"
    ).edits
    places = [(edit.product_id, edit.week) for edit in edits]
    if len(set(places)) < len(places):
        raise PolicyError("the edits name a product and week twice; expected one edit for each")
    return edits


def pin(
    problem: PlanProblem,
    edits: Sequence[Edit],
    items: Items,
    options: Options,
    economics: Economics,
) -> PlanProblem:
    """The problem with the edited weeks pinned.

    Raises:
        PolicyError: an edit names a product or week that is not planned, or terms that no limit
            of the policy lets in.
    """
    if not edits:
        return problem
    shape = economics.demand.baseline_sales.shape
    pinned = np.full(shape, FREE) if problem.pinned is None else problem.pinned.copy()
    row_of = items.rows
    week_of = {week: column for column, week in enumerate(items.weeks)}
    for edit in edits:
        if edit.product_id not in row_of or edit.week not in week_of:
            raise PolicyError(
                f"product {edit.product_id} in the week of {edit.week} cannot be edited: expected "
                f"one of {len(row_of)} products that may be promoted, in one of the weeks "
                f"{[str(week) for week in items.weeks]}; take this edit back"
            )
        place = (row_of[edit.product_id], week_of[edit.week])
        pinned[place] = _option(edit, place, options, economics)
    return replace(problem, pinned=pinned)


def _option(edit: Edit, place: tuple[int, int], options: Options, economics: Economics) -> int:
    choice = edit.choice
    if choice is None:
        return NOTHING
    fits = np.flatnonzero((options.deal == choice.offer) & (options.support == choice.support))
    named = [
        int(option)
        for option in fits
        if options.deals[choice.offer].mechanic == choice.mechanic
        and options.deals[choice.offer].audience.audience_id == choice.audience_id
        and np.round(options.depth[place[0], option], DEPTH_DIGITS) == choice.depth
    ]
    if not named:
        raise PolicyError(
            f"product {edit.product_id} has no offer {choice.model_dump()}: policy.yml changed "
            "since the plan was made; plan the day again, then edit it"
        )
    if not economics.limits.allowed[(*place, named[0])]:
        raise PolicyError(
            f"product {edit.product_id} may not have {choice.mechanic} at {choice.depth:.0%} in "
            f"the week of {edit.week}: a limit of policy.yml forbids it; choose other terms"
        )
    return named[0]
