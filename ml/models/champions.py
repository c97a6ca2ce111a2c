"""Which version of a model serves, and who decided so.

Every move of the alias `champion` is a run of the experiment `champions`: from, to, by, why, when.
"""

import logging
from collections.abc import Callable
from typing import Any

from ml.config.approval import Review, ReviewAnswer, require_another
from ml.errors import GateError
from ml.models import registry
from ml.models.registry import CHAMPION, client
from ml.settings import settings

EXPERIMENT = "champions"
STATE, BY, COMMENT, PROPOSED_BY = "review", "review.by", "review.comment", "review.proposed_by"
BY_POLICY = "policy.yml"
log = logging.getLogger(__name__)


def submit(name: str, version: str, review: Review, by: str) -> bool:
    """Judge a version by its gates; True when somebody has to be asked whether it serves.

    One that passes serves at once where the policy approves by itself; one that fails a gate
    never does.

    Raises:
        GateError: it failed, and there is no champion to go on with.
    """
    passed = registry.judge(name, version)
    _tag(name, version, "pending" if passed else "failed its gates", by, "")
    client().set_model_version_tag(name, version, PROPOSED_BY, by)
    if passed and not review.approves_itself:
        return True
    if passed:
        _tag(name, version, "approved", BY_POLICY, "auto_approve is true")
        _serve(name, version, BY_POLICY, "passed its gates, auto_approve is true")
    registry.require_champion(name)
    return False


def settle(name: str, version: str, review: Review, answer: ReviewAnswer) -> None:
    """Let a version serve, or not, as was answered.

    Raises:
        GateError: it was not approved and there is no champion, or who trained it approved it
            and the policy forbids that.
    """
    proposer = client().get_model_version(name, version).tags.get(PROPOSED_BY, "")
    require_another(review, proposer, answer)
    _tag(name, version, answer.state, answer.by or "nobody", answer.comment)
    if answer.approved:
        _serve(name, version, str(answer.by), answer.comment or "approved")
    registry.require_champion(name)


def roll_back(name: str, version: str, by: str, why: str, load: Callable[[str], object]) -> None:
    """Let a version that served before serve again, once `load` has read it.

    Raises:
        GateError: it never served, so that nobody approved it; it is gone, or does not load.
    """
    served = {move["to"] for move in moves(name)}
    if version not in served:
        raise GateError(
            f"version {version} of {name!r} never served; expected one of "
            f"{sorted(served, key=int)}: a new version serves once it is approved in train_{name}"
        )
    load(version)
    _serve(name, version, by, why)


def has_champion(name: str) -> bool:
    """Whether a version serves; False only where none ever did.

    Raises:
        GateError: one did and its alias is gone: it was deleted.
    """
    if registry.champion(name):
        return True
    if not (past := moves(name)):
        return False
    last = past[0]
    raise GateError(
        f"model {name!r} has no champion, though version {last['to']} became it (by {last['by']}: "
        f"{last['why']}): the version or its alias was deleted; roll back to another "
        "version, or train a new one"
    )


def moves(name: str) -> list[dict[str, Any]]:
    """Every move of the champion alias, the latest first: from, to, by, why, at (ms)."""
    experiment = client().get_experiment_by_name(EXPERIMENT)
    if experiment is None:
        return []
    runs = client().search_runs(
        [experiment.experiment_id],
        f"tags.model = '{name}'",
        order_by=["attributes.start_time DESC"],
    )
    keys = ("from", "to", "by", "why")
    return [{key: run.data.tags[key] for key in keys} | {"at": run.info.start_time} for run in runs]


def describe(name: str, version: str) -> str:
    """What a reviewer should know before the answer, in Markdown."""
    challenger = client().get_model_version(name, version)
    gates = sorted(
        (k, sentence) for k, sentence in challenger.tags.items() if k.startswith("gate.")
    )
    link = f"{settings().tracking_uri}/#/models/{name}/versions/{version}"
    return "\n".join(
        [
            f"* challenger: version {version}",
            f"* champion now: {registry.champion(name) or 'none'}",
            *(f"* {gate.removeprefix('gate.')}: {sentence}" for gate, sentence in gates),
            f"* metrics, plots and model card: {link}",
        ]
    )


def _serve(name: str, version: str, by: str, why: str) -> None:
    before = registry.champion(name)
    if before == version:
        return
    experiment = client().get_experiment_by_name(EXPERIMENT)
    kept_in = experiment.experiment_id if experiment else client().create_experiment(EXPERIMENT)
    tags = {"model": name, "from": before or "none", "to": version, "by": by, "why": why}
    run = client().create_run(kept_in, tags=tags, run_name=f"{name}: {tags['from']} to {version}")
    client().set_terminated(run.info.run_id)
    client().set_registered_model_alias(name, CHAMPION, version)  # last: a kill hides no move
    log.info("%s: version %s serves (was %s), by %s: %s", name, version, before, by, why)


def _tag(name: str, version: str, state: str, by: str, comment: str) -> None:
    for tag, value in ((STATE, state), (BY, by), (COMMENT, comment)):
        client().set_model_version_tag(name, version, tag, value)
