"""The dbt project as Airflow tasks: one `dbt build`, one task a model that shows how it went."""

from datetime import timedelta

from cosmos.airflow.task_group import DbtTaskGroup
from cosmos.config import ExecutionConfig, ProfileConfig, ProjectConfig, RenderConfig
from cosmos.constants import ExecutionMode, LoadMode, SourceRenderingBehavior, TestBehavior

from ml.settings import PROJECT, settings

DBT_PROJECT = PROJECT / "dbt_project"


def transform(as_of: str) -> DbtTaskGroup:
    """Build all models for `as_of`. DuckDB allows one writer, so one process builds them all.

    The graph comes from the manifest that `make up` writes: run it again after changing a model.
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
        execution_config=ExecutionConfig(execution_mode=ExecutionMode.WATCHER),
        render_config=RenderConfig(
            load_method=LoadMode.DBT_MANIFEST,
            test_behavior=TestBehavior.AFTER_EACH,
            source_rendering_behavior=SourceRenderingBehavior.NONE,
            emit_datasets=False,
        ),
        operator_args={
            "vars": {"as_of": as_of},
            "poke_interval": 3,
            "execution_timeout": timedelta(minutes=30),
        },
    )
