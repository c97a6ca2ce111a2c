"""Show the review page in Airflow's navigation, to those who may read the refresh's DAG."""

import sys
from typing import Any

from airflow.plugins_manager import AirflowPlugin

PREFIX = "/promotions"


def _app() -> Any:
    from airflow.api_fastapi.app import get_auth_manager
    from airflow.api_fastapi.auth.managers.models.resource_details import (
        DagAccessEntity,
        DagDetails,
    )
    from airflow.api_fastapi.core_api.security import GetUserDep
    from fastapi import HTTPException

    from ml.config.policy import load_policy
    from promoloop.review_page.app import Viewer, make_app

    def viewer(user: GetUserDep) -> Viewer:
        def may(method: Any, dag: str, entity: DagAccessEntity | None = None) -> bool:
            return get_auth_manager().is_authorized_dag(
                method=method, access_entity=entity, details=DagDetails(id=dag), user=user
            )

        if not may("GET", "refresh_promotions"):
            raise HTTPException(403, f"{user.get_name()} may not read refresh_promotions")
        review = load_policy().review.plans
        named = not review.approvers or user.get_id() in review.approvers
        return Viewer(
            name=user.get_name(),
            may_answer=named and may("PUT", "refresh_promotions", DagAccessEntity.HITL_DETAIL),
            may_revise=may("POST", "revise_plan", DagAccessEntity.RUN),
            own_proposals=review.own_proposals,
        )

    return make_app(viewer)


class ReviewPage(AirflowPlugin):
    """The page is served by the API server alone; other processes load nothing of it."""

    name = "promoloop_review_page"
    external_views: list[Any] = [  # noqa: RUF012 - as Airflow declares it
        {
            "name": "Plans",
            "href": f"{PREFIX}/",
            "destination": "nav",
            "url_route": "promotions",
            "nav_top_level": True,
            "icon": f"{PREFIX}/icon.svg",
        }
    ]
    fastapi_apps: list[Any] = (
        [{"app": _app(), "url_prefix": PREFIX, "name": "Promotion plans"}]
        if "api-server" in sys.argv
        else []
    )
