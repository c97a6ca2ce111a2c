"""Who may ask, and which version answers."""

import secrets
from typing import Annotated, Any

from fastapi import Depends, HTTPException, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from promoloop.serving.messages import Refusal
from promoloop.serving.schedule import Schedule

bearer = HTTPBearer(auto_error=False, description="See docs/serving.md for where it lies.")
ERRORS: dict[int | str, dict[str, Any]] = {
    401: {"model": Refusal, "description": "The token is missing or wrong."},
    503: {"model": Refusal, "description": "Nothing is published yet."},
}


async def authorised(
    request: Request, given: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)]
) -> None:
    sent = given.credentials.encode() if given else b""
    if not secrets.compare_digest(sent, request.app.state.token):
        raise HTTPException(
            401,
            "received no token or another one; expected the header `Authorization: Bearer <token>` "
            "with the server's token (docs/serving.md says where it lies)",
            {"WWW-Authenticate": "Bearer"},
        )


async def served(request: Request) -> Schedule:
    """The version that this request is answered from."""
    schedule: Schedule | None = request.app.state.live.state.schedule
    if schedule is None:
        raise HTTPException(503, "no schedule is published yet", {"Retry-After": "5"})
    return schedule


Served = Annotated[Schedule, Depends(served)]
