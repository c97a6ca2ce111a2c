"""The dbt project as Airflow tasks: one `dbt build`, one task a model that shows how it went."""

from datetime import timedelta
from typing import Any

from airflow.sdk import ExceptionRetryPolicy, RetryAction, RetryRule
from cosmos.airflow.task_group import DbtTaskGroup
from cosmos.config import ExecutionConfig, ProfileConfig, ProjectConfig, RenderConfig
from cosmos.constants import ExecutionMode, LoadMode, SourceRenderingBehavior, TestBehavior

from ml.errors import PromoloopError
from ml.settings import PROJECT, settings

DBT_PROJECT = PROJECT / "dbt_project"
WATCHERS = "dbt_watchers"
FINAL = [PromoloopError, "cosmos.exceptions.CosmosDbtRunError"]  # a model or a test failed
WITH_TESTS = ["--resource-type", "test"]  # unit tests judge the code, not the day: `make test`


def as_first_try(context: dict[str, Any]) -> None:
    """Let a retry or a cleared task do what a first try does: build all, or watch the build.

    Cosmos skips the build on its second try and lets each model's task run dbt by itself.
    Those processes would collide on the DuckDB file, and no test would be run.
    """
    context["ti"] = context["ti"].model_copy(update={"try_number": 1})


def transform(as_of: str) -> DbtTaskGroup:
    """Build and test all models for `as_of`. DuckDB allows one writer: one process does it all.

    The graph comes from the manifest that `make up` writes: run it again after changing a
    model. A failed test fails `dbt_producer_watcher`, which has its name and rows.
    """
    return DbtTaskGroup(
        group_id="transform",
        project_config=ProjectConfig(
            dbt_project_path=DBT_PROJECT,
            manifest_path=settings().dbt_target / "manifest.json",
            install_dbt_deps=False,
        ),
        profile_config=ProfileConfig(
            profile_name="promoloop",
            target_name="duckdb",
            profiles_yml_filepath=DBT_PROJECT / "profiles.yml",
        ),
        execution_config=ExecutionConfig(
            execution_mode=ExecutionMode.WATCHER,
            # Tests are added to models and seeds; watchers never hold the producer's slot.
            setup_operator_args={"dbt_cmd_flags": WITH_TESTS, "pool": "default_pool"},
        ),
        render_config=RenderConfig(
            load_method=LoadMode.DBT_MANIFEST,
            test_behavior=TestBehavior.NONE,  # no task of their own: the build runs them
            source_rendering_behavior=SourceRenderingBehavior.NONE,
            emit_datasets=False,
        ),
        operator_args={
            "env": {
                "PROMOLOOP_AS_OF": as_of,
                "PROMOLOOP_HISTORY_WEEKS": str(settings().history_weeks),
            },
            "pool": WATCHERS,
            "deferrable": False,  # a deferred watcher is a process started twice
            "poke_interval": 1,
            "pre_execute": as_first_try,
            "retry_policy": ExceptionRetryPolicy([RetryRule(FINAL, RetryAction.FAIL)]),
            "execution_timeout": timedelta(minutes=30),
        },
    )
