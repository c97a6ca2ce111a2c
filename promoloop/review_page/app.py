"""The review page's web application: the page itself, and what it reads.

It changes nothing: answers and new versions go from the browser to Airflow's own API, which
knows the person and what they may do, and keeps its audit log.
"""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, HTTPException, Request, Response
from fastapi.middleware.gzip import GZipMiddleware
from fastapi.responses import JSONResponse
from fastapi.staticfiles import StaticFiles
from pydantic import BaseModel

from ml.errors import PromoloopError
from promoloop.review_page import plans, previews

STATIC = Path(__file__).parent / "static"
POLICY = "default-src 'self'; img-src 'self' data:; frame-ancestors 'self'; base-uri 'none'"
HEADERS = {"Cache-Control": "no-cache", "Content-Security-Policy": POLICY}


class Viewer(BaseModel):
    """Who looks at the page, and what Airflow and policy.yml let them do."""

    name: str
    may_answer: bool
    may_revise: bool
    own_proposals: bool = True


class Asked(BaseModel):
    """`edits` as `ml.promotions.planning.edits` reads them; `budget` None: the plan's."""

    edits: list[dict[str, Any]]
    budget: float | None = None


ViewerOf = Callable[..., Viewer | Awaitable[Viewer]]


def make_app(viewer: ViewerOf) -> FastAPI:
    """The application; `viewer` is a dependency that refuses whoever may not read plans."""
    app = FastAPI(title="Promotion plans", docs_url=None, redoc_url=None, openapi_url=None)
    app.add_middleware(GZipMiddleware, minimum_size=2000, compresslevel=4)
    app.add_exception_handler(PromoloopError, _conflict)
    app.include_router(_plans(viewer), prefix="/api")
    app.include_router(_previews(viewer), prefix="/api")
    app.mount("/", Page(directory=STATIC, html=True))
    return app


def _plans(viewer: ViewerOf) -> APIRouter:
    router = APIRouter(dependencies=[Depends(viewer)])

    @router.get("/me")
    def me(viewer: Annotated[Viewer, Depends(viewer)]) -> Viewer:
        return viewer

    @router.get("/plans")
    def index() -> list[dict[str, Any]]:
        return plans.index()

    @router.get("/plans/{version}")
    def plan(version: str, request: Request) -> Response:
        answer = plans.plan(_reviewed(version))
        headers = {"ETag": answer.tag, "Cache-Control": "private, no-cache"}
        if request.headers.get("if-none-match") == answer.tag:
            return Response(status_code=304, headers=headers)
        zipped = headers | {"Content-Encoding": "gzip"}
        return Response(answer.zipped, headers=zipped, media_type="application/json")

    @router.get("/plans/{version}/products/{product_id}")
    def product(version: str, product_id: str) -> Response:
        product = plans.product(_reviewed(version), product_id)
        if product is None:
            raise HTTPException(404, f"plan {version} promotes no product {product_id}")
        return JSONResponse(product)

    return router


def _previews(viewer: ViewerOf) -> APIRouter:
    router = APIRouter(dependencies=[Depends(viewer)])

    @router.post("/plans/{version}/previews", status_code=202)
    def ask(
        version: str, asked: Asked, viewer: Annotated[Viewer, Depends(viewer)]
    ) -> dict[str, str]:
        if not viewer.may_revise:
            raise HTTPException(403, f"{viewer.name} may not trigger revise_plan in Airflow")
        return {"preview": previews.start(_reviewed(version), asked.edits, asked.budget)}

    @router.get("/previews/{preview}")
    def state(preview: str) -> dict[str, Any]:
        state = previews.state(preview) if preview.isalnum() else {}
        if not state:
            raise HTTPException(404, f"no preview {preview}")
        return state

    return router


class Page(StaticFiles):
    """The page's own files: a browser that has them asks only whether they changed."""

    def file_response(self, *args: Any, **more: Any) -> Response:
        response = super().file_response(*args, **more)
        response.headers.update(HEADERS)
        return response


def _reviewed(version: str) -> str:
    """A version that was reviewed: what else a path may hold is refused."""
    if not plans.is_reviewed(version):
        raise HTTPException(404, f"no plan {version} was proposed; open the page anew")
    return version


def _conflict(_: Request, error: Exception) -> Response:
    return JSONResponse({"detail": f"{type(error).__name__}: {error}"}, status_code=409)
