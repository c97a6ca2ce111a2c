"""Who may ask, how much, and which version answers."""

import secrets
from typing import Annotated, Any

from fastapi import Depends, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.security import HTTPBearer
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from promoloop.serving.messages import Refusal
from promoloop.serving.schedule import Schedule

OPEN = {"/health", "/openapi.json"}  # asked without the token
MOST_BYTES = 1024 * 1024  # of a request's body
MOST_FAULTS, LONGEST_NAME = 20, 200  # of an answer to a malformed request
bearer = HTTPBearer(auto_error=False, description="See docs/serving.md for where it lies.")
ERRORS: dict[int | str, dict[str, Any]] = {
    401: {"model": Refusal, "description": "The token is missing or wrong."},
    503: {"model": Refusal, "description": "Nothing is published yet."},
}


class Guarded:
    """ASGI middleware that refuses a wrong token, then a body too large, before any is parsed.

    `token` is what a client must send. A body without a length is read up to the limit.
    """

    def __init__(self, app: ASGIApp, token: bytes) -> None:
        self._app = app
        self._token = token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        if scope["path"] not in OPEN and not self._is_known(headers.get("authorization", "")):
            await _unauthorised()(scope, receive, send)
            return
        body = None if _declared(headers) > MOST_BYTES else await _body(receive)
        if body is None:
            await _too_large()(scope, receive, send)
            return
        await self._app(scope, _again(body, receive), send)

    def _is_known(self, given: str) -> bool:
        scheme, _, sent = given.partition(" ")
        is_same = secrets.compare_digest(sent.strip().encode(), self._token)
        return is_same and scheme.lower() == "bearer"


def _declared(headers: Headers) -> int:
    length = headers.get("content-length", "")
    return int(length) if length.isdecimal() else 0


async def _body(receive: Receive) -> bytes | None:
    """The request's body; None when it is too large, read no further than that shows."""
    parts, size, more = [], 0, True
    while more:
        message = await receive()
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > MOST_BYTES:
            return None
        more = message.get("more_body", False)  # a client that went away sends no more
    return b"".join(parts)


def _again(body: bytes, receive: Receive) -> Receive:
    """What is received by one who was sent the whole body, and then hears what follows it."""
    whole: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def received() -> Message:
        return whole.pop() if whole else await receive()

    return received


def _unauthorised() -> JSONResponse:
    detail = (
        "received no token or another one; expected the header `Authorization: Bearer <token>` "
        "with the server's token (docs/serving.md says where it lies)"
    )
    return JSONResponse({"detail": detail}, 401, {"WWW-Authenticate": "Bearer"})


def _too_large() -> JSONResponse:
    detail = f"received a body of more than {MOST_BYTES} bytes; send fewer items in one request"
    return JSONResponse({"detail": detail}, 413)


async def malformed(_: Request, error: Exception) -> JSONResponse:
    """Where a request breaks its description and why, without the values that it holds."""
    assert isinstance(error, RequestValidationError)
    faults = [
        {"type": fault["type"], "loc": [_name(part) for part in fault["loc"]], "msg": fault["msg"]}
        for fault in error.errors()[:MOST_FAULTS]
    ]
    return JSONResponse({"detail": faults}, 422)


def _name(part: int | str) -> int | str:
    if isinstance(part, int):
        return part
    return part[:LONGEST_NAME].encode(errors="replace").decode()


async def served(request: Request) -> Schedule:
    """The version that this request is answered from."""
    schedule: Schedule | None = request.app.state.live.state.schedule
    if schedule is None:
        raise HTTPException(503, "no schedule is published yet", {"Retry-After": "5"})
    return schedule


Served = Annotated[Schedule, Depends(served)]
