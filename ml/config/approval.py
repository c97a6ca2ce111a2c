"""The terms of a review, and a person's answer to it."""

from dataclasses import dataclass

from pydantic import Field

from ml.config.documents import Document
from ml.errors import GateError
from ml.settings import settings


class Review(Document):
    """See policy.yml for each value's meaning."""

    auto_approve: bool
    answer_within_hours: float = Field(20.0, gt=0)
    approvers: tuple[str, ...] = ()
    own_proposals: bool = True

    @property
    def approves_itself(self) -> bool:
        """`auto_approve`, but never where people decide: by default, with a shop's own data."""
        return self.auto_approve and not settings().people_decide


@dataclass(frozen=True)
class ReviewAnswer:
    """Approved or rejected by a person; `by` is None where the time to answer ran out."""

    approved: bool
    by: str | None
    comment: str = ""

    @property
    def state(self) -> str:
        if self.by is None:
            return "expired"
        return "approved" if self.approved else "rejected"


def require_another(review: Review, proposer: str, answer: ReviewAnswer) -> None:
    """Refuse an approval of one's own proposal where the policy does.

    Raises:
        GateError: the proposer approved.
    """
    if answer.approved and answer.by == proposer and not review.own_proposals:
        raise GateError(
            f"{proposer} proposed this and may not approve it (own_proposals is false in "
            "policy.yml); ask again and let another approver answer"
        )
