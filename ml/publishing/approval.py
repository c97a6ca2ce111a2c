"""A plan's way from proposal to approval: who answered what, about exactly which files.

lake/promotions/proposed/<version>/      the release as it would be published
lake/promotions/reviews/<version>.json   its state, and the seal of those files
published/history.jsonl                  every step with who, when and comment

proposed -> approved, rejected or expired; approved -> published. An approval holds for the same
files only: a plan made again with other content has another version and is proposed anew. A plan
of an earlier as-of date than the live version's is superseded: nobody is asked about it.
"""

import json
from datetime import date
from functools import partial
from typing import Any

import pandas as pd

from ml import lake
from ml.config.approval import ReviewAnswer, require_another
from ml.config.policy import load_policy
from ml.contracts.outputs import PLAN
from ml.contracts.plan_summary import PlanSummary
from ml.contracts.profiles import EVERYBODY
from ml.errors import GateError, LakeError
from ml.files import replace_text, to_json
from ml.promotions.gate_verdict import require_gate
from ml.publishing.release_files import DOSSIER, write_release
from ml.releases import history, store
from ml.releases.proposed import proposed, release_of, review_of, review_path

APPROVED, SUPERSEDED = "approved", "superseded"
BY_POLICY = "policy.yml"


def propose(as_of: date, by: str) -> bool:
    """Make the release of the plan of `as_of`; True when somebody has to be asked about it.

    Nobody is where the policy approves by itself, where the same files were approved before, or
    where the live version is of a later as-of date.

    Raises:
        GateError: the plan did not pass its gate, or holds no promotion.
    """
    plan = lake.read(PLAN, as_of)
    version = version_of(plan, as_of)
    require_gate(as_of, version, lake.manifest(PLAN, as_of).content_hash)
    with store.locked():
        if version not in store.versions():
            fill = partial(write_release, as_of=as_of, version=version, schedule=plan)
            store.build(proposed(version), fill)
        seal = store.seal(release_of(version))
        before = review_of(version)
        if before.get("state") == APPROVED and before["seal"] == seal:
            return False
        review = {"plan_version": version, "seal": seal, "proposed_by": by}
        if live := store.live_after(version):
            _supersede(review, by, live)
            return False
        _set_state(review, "proposed", by)
        if load_policy().review.plans.approves_itself:
            _set_state(review, APPROVED, BY_POLICY, "auto_approve is true")
            return False
    return True


def settle(version: str, answer: ReviewAnswer) -> bool:
    """Record what was answered; True when the plan may be published.

    It may not when a plan of a later as-of date went live meanwhile: then it is superseded. A plan
    may be rejected whose day was planned again since.

    Raises:
        GateError: the proposer approved and the policy forbids it.
        LakeError: that version is not the plan in the lake, or its release was changed.
    """
    if answer.approved and plan_version(store.as_of_of(version)) != version:
        raise LakeError(
            f"plan {version} is no longer in the lake: its day was planned again; answer "
            "what that run asks instead"
        )
    review = review_of(version)
    require_another(load_policy().review.plans, review["proposed_by"], answer)
    if answer.approved and store.seal(release_of(version)) != review["seal"]:
        raise LakeError(f"plan {version} was changed after it was proposed; run its day again")
    by = answer.by or "nobody"
    with store.locked():
        if answer.approved and (live := store.live_after(version)):
            _supersede(review, by, live)
            return False
        _set_state(review, answer.state, by, answer.comment)
    return answer.approved


def require_approval(version: str, seal: str) -> None:
    """Refuse a release that was not approved with exactly these files."""
    review = review_of(version)
    if (review.get("state"), review.get("seal")) != (APPROVED, seal):
        state = review.get("state", "never proposed")
        raise GateError(
            f"plan {version} may not be published: it is {state} in {review_path(version)}, "
            f"expected {APPROVED} for these very files; propose the plan of its day again and "
            "approve it"
        )


def describe(version: str) -> str:
    """What an approver should know before the answer, in Markdown: of that very release."""
    release = release_of(version)
    dossier = json.loads((release / DOSSIER).read_text(encoding="utf-8"))
    summary = PlanSummary.from_dict(dossier["summary"])
    kinds = ", ".join(f"{n} {name}" for name, n in summary.promotions_by_mechanic.items())
    own = {k: n for k, n in summary.promotions_by_audience.items() if k != EVERYBODY}
    audiences = ", ".join(f"{number} for {audience}" for audience, number in own.items())
    return "\n".join(
        [
            f"* {summary.promotions} promotions of {summary.products} products: {kinds}",
            *([f"* of these for one segment only: {audiences}"] if own else []),
            f"* cost {summary.cost:,.2f} of a budget of {summary.budget:,.2f}",
            f"* expected incremental margin {summary.incremental_margin:,.2f}, "
            f"9 times in 10 above {summary.incremental_margin_p10:,.2f}",
            f"* live now: {store.current() or 'nothing'}",
            f"* report: `{release / 'report.html'}`",
        ]
    )


def plan_version(as_of: date) -> str:
    """`version_of` the plan in the lake.

    Raises:
        LakeError: there is none.
    """
    return version_of(lake.read(PLAN, as_of, ["plan_version"]), as_of)


def version_of(plan: pd.DataFrame, as_of: date) -> str:
    """The version of a plan by its rows.

    Raises:
        GateError: the plan holds no promotion.
        LakeError: it holds more than one version.
    """
    versions = plan["plan_version"].unique()
    if not len(versions):
        raise GateError(
            f"the plan of {as_of} holds no promotion, so there is nothing to publish and the "
            "live schedule stays; see the plan's summary for the limits that rule all out"
        )
    if len(versions) > 1:
        raise LakeError(
            f"{PLAN.uri} as_of={as_of} holds plan versions {sorted(versions)}; expected one: "
            "plan that day again"
        )
    return str(versions[0])


def _supersede(review: dict[str, Any], by: str, live: str) -> None:
    _set_state(review, SUPERSEDED, by, f"{live} is live and has a later as-of date")


def _set_state(review: dict[str, Any], state: str, by: str, comment: str = "") -> None:
    version = review["plan_version"]
    history.record(state, version, by, comment=comment)  # first: a kill loses no step
    changed = review | {"state": state, "by": by, "comment": comment}
    replace_text(review_path(version), to_json(changed))
