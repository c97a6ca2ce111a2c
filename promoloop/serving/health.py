"""What operators ask: whether the server serves what is published, and its counts."""

from fastapi import APIRouter, Depends, Request, Response

from ml.settings import settings
from promoloop.serving import metrics
from promoloop.serving.access import ERRORS, bearer
from promoloop.serving.messages import Health

OVERDUE = 10  # intervals without a look at what is published, after which /health is stale
operating = APIRouter()


@operating.get("/health", responses={503: {"model": Health, "description": "Nothing to serve."}})
async def health(request: Request, response: Response) -> Health:
    """Whether what is published is what is served."""
    state = request.app.state.live.state
    schedule, age = state.schedule, state.seconds_since_check
    late = age > OVERDUE * settings().serving_refresh_seconds
    response.status_code = 200 if schedule else 503
    status = "stale" if state.problem or late else "ok"
    return Health(
        status=status if schedule else "empty",
        plan_version=schedule.version if schedule else None,
        lines=schedule.lines if schedule else 0,
        problem=state.problem,
        seconds_since_check=round(age, 3),
    )


@operating.get(
    "/metrics",
    dependencies=[Depends(bearer)],
    response_class=Response,
    responses={200: {"content": {"text/plain": {}}}, 401: ERRORS[401]},
)
async def show_metrics() -> Response:
    """Counts and times over all workers, in Prometheus' text format."""
    return Response(metrics.exposition(), media_type="text/plain; version=0.0.4; charset=utf-8")
