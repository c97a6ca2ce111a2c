"""What the policy, a person or the live schedule asks of a plan: it is there, or is not."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

import pandas as pd

from ml.config.policy import Policy
from ml.contracts.outputs import DEAL_TERMS
from ml.promotions.planning.edits import Edit
from ml.promotions.recount.facts import CENT, DayFacts, Promotion, records

PRICED = ("percent_off", "bundle", "flash")  # their terms are the price itself
DEPTH_DIGITS = 4  # as the plan's rows print depths

Place = tuple[str, date]


def demand_faults(
    planned: list[Promotion],
    facts: DayFacts,
    policy: Policy,
    edits: Sequence[Edit],
    withdrawn: set[str],
) -> Iterator[str]:
    """Demands that are not met; `withdrawn` are announced promotions that could not stay."""
    by_place = {each.place: each for each in planned}
    edited = {(edit.product_id, edit.week): edit for edit in edits}
    promoted = {each.product_id for each in planned}
    for product in policy.must_promote:
        if product not in promoted:
            yield f"products {product}: must be promoted, is not"
    for place, edit in edited.items():
        if not _is_as_edited(by_place.get(place), edit):
            yield f"products {place[0]} in the week of {place[1]}: is not as it was edited"
    live = _live(facts, policy)
    if live is not None:
        covered, rows = live
        yield from _frozen(by_place, covered, rows, set(edited), withdrawn)
        pinned = {*edited, *rows}
    else:
        pinned = set(edited)
    yield from _resting(planned, facts, policy, pinned)


def _is_as_edited(each: Promotion | None, edit: Edit) -> bool:
    choice = edit.choice
    if choice is None or each is None:
        return each is None and choice is None
    row = each.row
    return (
        each.deal == choice.offer
        and round(float(row["depth"]), DEPTH_DIGITS) == choice.depth
        and (row["mechanic"], row["support"], row["audience_id"])
        == (choice.mechanic, choice.support, choice.audience_id)
    )


def _live(facts: DayFacts, policy: Policy) -> tuple[set[date], dict[Place, dict[str, Any]]] | None:
    """The planned weeks that stay as announced, and the announced rows in them."""
    if facts.announced.empty:
        return None
    last = facts.announced["week"].max()
    covered = {week for week in facts.weeks[: policy.frozen_weeks] if week <= last}
    rows = records(facts.announced[facts.announced["week"].isin(covered)])
    return covered, {(str(row["product_id"]), row["week"]): row for row in rows}


def _frozen(
    by_place: dict[Place, Promotion],
    covered: set[date],
    live: dict[Place, dict[str, Any]],
    edited: set[Place],
    withdrawn: set[str],
) -> Iterator[str]:
    for place, row in live.items():
        each, gone = by_place.get(place), str(row["promotion_id"]) in withdrawn
        if place in edited or (each is None and gone):
            continue
        if each is None:
            yield f"{row['promotion_id']} was announced, and is neither planned nor withdrawn"
        elif gone or not _are_same(each.row, row):
            yield f"{each.promotion_id} is not as it was announced"
    for place, each in by_place.items():
        if each.week in covered and place not in live and place not in edited:
            yield f"{each.promotion_id} is added to a week that was announced without it"


def _are_same(row: dict[str, Any], live: dict[str, Any]) -> bool:
    """Whether two rows of PLAN are on the same terms, and at the same price where that is one."""
    names = [*DEAL_TERMS, *(["promo_price"] if row["mechanic"] in PRICED else [])]
    same = all(row[name] == live[name] for name in ("mechanic", "support", "audience_id"))
    return same and all(_equal(row[name], live.get(name)) for name in names)


def _equal(value: Any, other: Any) -> bool:
    if pd.isna(value) or pd.isna(other):
        return bool(pd.isna(value) and pd.isna(other))
    if isinstance(value, str):
        return value == other
    return abs(float(value) - float(other)) < CENT / 2


def _resting(
    planned: list[Promotion], facts: DayFacts, policy: Policy, pinned: set[Place]
) -> Iterator[str]:
    """Promotions too soon after one of the weeks before those that are planned."""
    last = facts.promoted.groupby("product_id")["week"].max().to_dict()
    gaps = facts.gaps(policy)
    for each in planned:
        if each.product_id not in last or each.place in pinned:
            continue
        weeks = (each.week - last[each.product_id]).days // 7
        if weeks <= gaps.get(each.product_id, policy.minimum_gap_weeks):
            yield f"{each.promotion_id}: only {weeks - 1} weeks after the published one before"
