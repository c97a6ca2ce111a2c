"""The application: what each address answers.

Every answer under /v1 comes from one version, which the request takes once and the answer
names. Nothing reads the clock: with `at` an address returns what is in force then, without it
all the version holds, so an address and a version give the same bytes. The ETag is the version
with a digest of its manifest, as a version loses the offers of a customer who is forgotten.
"""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, FastAPI, HTTPException, Path, Query, Request, Response
from fastapi.exceptions import RequestValidationError

from ml.contracts.profiles import EVERYBODY
from ml.quoting.basket import Line, Redeemed
from ml.quoting.money import cents
from ml.quoting.till import quote
from ml.settings import settings
from promoloop import credentials
from promoloop.serving import metrics
from promoloop.serving.access import ERRORS, Guarded, Served, bearer, malformed
from promoloop.serving.health import operating
from promoloop.serving.live import Live
from promoloop.serving.messages import (
    Basket,
    CustomerAudiences,
    CustomerOffers,
    ProductPromotions,
    QuotedBasket,
    Refusal,
    When,
    Whose,
)
from promoloop.serving.schedule import Schedule, is_in_force

SWITCH_SECONDS = 0.0005  # a request waits no longer for the thread that reads a new version
Asked = Annotated[When, Query()]
Key = Annotated[str, Path(max_length=200)]


def create_app(live: Live | None = None) -> FastAPI:
    """The read API; a `Live` that is given is served as it is and never refreshed."""
    app = FastAPI(
        title="Promoloop",
        summary="The published promotion schedule, whole versions only.",
        version="1",
        docs_url=None,  # its page loads scripts from elsewhere
        redoc_url=None,
        lifespan=_refreshing if live is None else None,
    )
    app.state.live = live or Live()
    app.state.zone = ZoneInfo(settings().time_zone)
    app.add_exception_handler(RequestValidationError, malformed)
    app.add_middleware(Guarded, token=credentials.serving_token(settings()).encode())
    app.add_middleware(metrics.Measured)
    app.include_router(versioned)
    app.include_router(operating)
    return app


@asynccontextmanager
async def _refreshing(app: FastAPI) -> AsyncIterator[None]:
    live: Live = app.state.live
    switched = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH_SECONDS)
    await asyncio.to_thread(live.refresh)
    task = asyncio.create_task(_keep_refreshing(live))
    yield
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    sys.setswitchinterval(switched)
    metrics.forget_this_worker()


async def _keep_refreshing(live: Live) -> None:
    while True:
        await asyncio.sleep(settings().serving_refresh_seconds)
        await asyncio.to_thread(live.refresh)


KNOWN: dict[int | str, dict[str, Any]] = {304: {"description": "If-None-Match names the version."}}
UNKNOWN: dict[int | str, dict[str, Any]] = {
    404: {"model": Refusal, "description": "The version has no such audience."}
}
REFUSED: dict[int | str, dict[str, Any]] = {
    400: {"model": Refusal, "description": "The body is not UTF-8."},
    409: {"model": Refusal, "description": "A product has no price."},
    413: {"model": Refusal, "description": "The body is larger than 1 MiB."},
}
versioned = APIRouter(prefix="/v1", dependencies=[Depends(bearer)], responses=ERRORS)


@versioned.get(
    "/products/{product_id}/promotions",
    response_model=ProductPromotions,
    responses=KNOWN | UNKNOWN,
)
async def promotions(
    request: Request, schedule: Served, product_id: Key, asked: Annotated[Whose, Query()]
) -> Response:
    """A product's promotions for all customers, the earliest first.

    With `audience_id` those of that audience too, with `customer_id` those of the customer's.
    """
    if _is_known(request, schedule):
        return _not_modified(schedule)
    promotions = schedule.for_all.listed(product_id)
    if asked.names_anybody or asked.at is not None:
        whose, zone = _audiences(schedule, asked), request.app.state.zone
        rows = [row for row in schedule.of_product(product_id) if row["audience_id"] in whose]
        promotions = _json([r for r in rows if asked.at is None or is_in_force(r, asked.at, zone)])
    return _answer(schedule, b'"product_id":' + _json(product_id), b'"promotions":' + promotions)


@versioned.get(
    "/customers/{customer_id}/audiences", response_model=CustomerAudiences, responses=KNOWN
)
async def audiences(request: Request, schedule: Served, customer_id: Key) -> Response:
    """Whose promotions a customer may have.

    Only `all` for a customer who is held out, may not be targeted, or is unknown.
    """
    if _is_known(request, schedule):
        return _not_modified(schedule)
    audiences = _json(schedule.audiences(customer_id))
    return _answer(schedule, b'"customer_id":' + _json(customer_id), b'"audiences":' + audiences)


@versioned.get("/customers/{customer_id}/offers", response_model=CustomerOffers, responses=KNOWN)
async def offers(request: Request, schedule: Served, customer_id: Key, when: Asked) -> Response:
    """A customer's offers, the first to be shown first.

    None for a customer who is held out, may not be targeted, or is unknown: which of these it
    is, the answer does not show.
    """
    if _is_known(request, schedule):
        return _not_modified(schedule)
    offers = schedule.of_customer(customer_id)
    if when.at is not None:
        zone = request.app.state.zone
        offers = [offer for offer in offers if is_in_force(offer["promotion"], when.at, zone)]
    return _answer(schedule, b'"customer_id":' + _json(customer_id), b'"offers":' + _json(offers))


@versioned.post("/quote", responses=REFUSED)
async def quote_basket(
    request: Request, response: Response, schedule: Served, basket: Basket
) -> QuotedBasket:
    """What a basket costs at a time, and per line which promotion did what and why not."""
    zone = request.app.state.zone
    in_force = {p: schedule.in_force(p, basket.at, zone) for p in basket.items}
    whose = [] if basket.customer_id is None else schedule.audiences(basket.customer_id)
    quoted = quote(
        _lines(basket, schedule),
        {product: offer for product, offer in in_force.items() if offer},
        {p: Redeemed(r.by_customer, r.in_all) for p, r in basket.redeemed.items()},
        whose,
    )
    response.headers["ETag"] = _tag(schedule)
    return QuotedBasket.model_validate({"plan_version": schedule.version} | asdict(quoted))


def _audiences(schedule: Schedule, asked: Whose) -> set[str]:
    """Whose promotions are asked for."""
    named = asked.audience_id
    if named not in (None, EVERYBODY, *schedule.segments):
        raise HTTPException(
            404,
            f"plan {schedule.version} has no audience {named!r}; it has "
            f"{[EVERYBODY, *sorted(schedule.segments)]}",
        )
    own = [] if asked.customer_id is None else schedule.audiences(asked.customer_id)
    return {EVERYBODY, named or EVERYBODY, *own}


def _lines(basket: Basket, schedule: Schedule) -> dict[str, Line]:
    """The basket with its regular prices: the till's, or else the plan's."""
    prices = {
        product: item.regular_price or _planned_price(schedule, product)
        for product, item in basket.items.items()
    }
    if unknown := sorted(product for product, price in prices.items() if price is None):
        raise HTTPException(
            409,
            f"plan {schedule.version} knows no price of {unknown}: send their regular_price",
        )
    return {
        product: Line(item.quantity, cents(prices[product] or 0))
        for product, item in basket.items.items()
    }


def _planned_price(schedule: Schedule, product_id: str) -> float | None:
    rows = schedule.of_product(product_id)
    return rows[0]["regular_price"] if rows else None


def _is_known(request: Request, schedule: Schedule) -> bool:
    """Whether the client holds this version's answer (RFC 9110, 13.1.2: weak comparison)."""
    given = request.headers.get("if-none-match", "")
    tags = {tag.strip().removeprefix("W/") for tag in given.split(",")}
    return bool(tags & {"*", _tag(schedule)})


def _not_modified(schedule: Schedule) -> Response:
    return Response(status_code=304, headers=_headers(schedule))


def _answer(schedule: Schedule, *parts: bytes) -> Response:
    body = b'{"plan_version":' + _json(schedule.version) + b"," + b",".join(parts) + b"}"
    return Response(body, headers=_headers(schedule), media_type="application/json")


def _headers(schedule: Schedule) -> dict[str, str]:
    return {"ETag": _tag(schedule), "Cache-Control": "private, no-cache"}


def _tag(schedule: Schedule) -> str:
    return f'"{schedule.version}:{schedule.digest[:8]}"'


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
