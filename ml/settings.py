"""Where things are and how this deployment runs. Nothing else reads the environment."""

from datetime import UTC, datetime
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Literal, get_args

from pydantic import Field, SecretStr, field_serializer, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

PROJECT = Path(__file__).resolve().parents[1]
TargetName = Literal["files", "postgres", "merchant", "calendar", "webhook"]
TARGET_NEEDS: dict[str, tuple[str, ...]] = {
    "postgres": ("postgres_url",),
    "webhook": ("webhook_url", "webhook_secret"),
}
LAST_DAY = {"complete_journey": datetime(2018, 1, 1, tzinfo=UTC)}


class Settings(BaseSettings):
    """Deployment settings, each overridable as `PROMOLOOP_<NAME>`."""

    model_config = SettingsConfigDict(env_prefix="PROMOLOOP_")

    home: Path = Field(PROJECT / "var", description="Everything the platform writes.")
    source: str = Field("complete_journey", description="Adapter: complete_journey or files.")
    source_path: Path | None = Field(None, description="Folder of the `files` source.")
    scheduled_until: datetime | None = Field(
        default_factory=lambda given: LAST_DAY.get(given["source"]),
        description="Nothing is scheduled later: the end of data that end.",
    )
    people_decide: bool = Field(
        default_factory=lambda given: given["source"] not in LAST_DAY,
        description="Production: nothing is approved by itself, whatever policy.yml says.",
    )
    policy_path: Path = Field(PROJECT / "policy.yml", description="Business policy.")
    assumptions_path: Path = Field(PROJECT / "assumptions.yml", description="What is assumed.")
    gates_path: Path = Field(PROJECT / "mlflow" / "gates.yml", description="Registry gates.")
    hyperparameters_path: Path = Field(
        PROJECT / "mlflow" / "demand.yml", description="How the demand model is trained."
    )
    propensity_path: Path = Field(
        PROJECT / "mlflow" / "propensity.yml", description="How propensities are trained."
    )
    affinity_path: Path = Field(
        PROJECT / "mlflow" / "affinity.yml", description="How ALS is fitted."
    )
    lists_path: Path = Field(
        PROJECT / "mlflow" / "ranker.yml", description="How lists of products are made."
    )

    pseudonym_key: SecretStr | None = Field(
        None, exclude=True, description="Of customers' pseudonyms; None: one made in the home."
    )
    targets: Annotated[tuple[TargetName, ...], NoDecode] = Field(
        ("files",), description="Where plans are published, commas between; see docs/publishing.md."
    )
    feeds_path: Path | None = Field(None, description="Folder of merchant's and calendar's files.")
    postgres_url: SecretStr | None = Field(
        None, exclude=True, description="postgresql://user@host/database"
    )
    webhook_url: SecretStr | None = Field(
        None, exclude=True, description="Told of every change of schedule."
    )
    webhook_secret: SecretStr | None = Field(
        None, exclude=True, description="whsec_ and base64; signs every message."
    )

    notify_email: str | None = Field(
        None, description="Addresses, commas between, that are notified."
    )
    notify_http: str | None = Field(None, description="Airflow HTTP connection that is notified.")

    time_zone: str = Field("America/New_York", description="Of the shop's business day.")
    currency: str = Field("$", description="Written before money in reports.")
    currency_code: str = Field("USD", pattern="^[A-Z]{3}$", description="ISO 4217, in feeds.")
    seed: int = Field(7, ge=1, description="Of every draw; tf.data takes 0 for none.")
    history_weeks: int = Field(104, description="Longest history a mart partition carries.")
    horizon_weeks: int = Field(4, description="Weeks forecast and planned ahead.")
    demand_products: int = Field(2000, description="Products modelled, largest sales first.")
    demand_newcomers: int = Field(
        200, ge=0, description="Products that never sold, forecast too: largest expected sales."
    )
    demand_steps: int = Field(300, description="Gradient steps of one demand training.")

    host: str = "127.0.0.1"
    airflow_port: int = 8080
    mlflow_port: int = 5000
    spark_port: int = 7077
    spark_ui_port: int = 8081
    spark_worker_ui_port: int = 8082
    spark_worker_cores: int = 2
    spark_worker_memory: str = "4g"
    serving_port: int = 8090
    serving_workers: int = Field(1, ge=1, description="Processes of the read API.")
    serving_refresh_seconds: float = Field(
        1.0, gt=0, description="How often the read API looks what is published."
    )
    serving_token: SecretStr | None = Field(
        None, exclude=True, description="Of the read API; None: one made in the home."
    )

    @field_validator("targets", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(value.replace(" ", "").split(",")) if isinstance(value, str) else value

    @field_validator("targets")
    @classmethod
    def _files_are_always_written(cls, value: tuple[TargetName, ...]) -> tuple[TargetName, ...]:
        if "files" not in value:
            raise ValueError("files must be one of the targets: the others are made from them")
        return tuple(name for name in get_args(TargetName) if name in value)

    @field_serializer("targets")
    def _join(self, value: tuple[TargetName, ...]) -> str:
        return ",".join(value)

    @property
    def lake(self) -> Path:
        return self.home.absolute() / "lake"

    @property
    def warehouse(self) -> Path:
        return self.home.absolute() / "warehouse.duckdb"

    @property
    def spill(self) -> Path:
        """Rows of a source that exceed DuckDB's memory, by process."""
        return self.home.absolute() / "spill"

    @property
    def published(self) -> Path:
        return self.home.absolute() / "published"

    @property
    def feeds(self) -> Path:
        """What Merchant Center and calendars fetch."""
        return (self.feeds_path or self.home / "feeds").absolute()

    @property
    def training(self) -> Path:
        """Training examples and the progress of fits that are not registered yet."""
        return self.home.absolute() / "training"

    @property
    def dbt_target(self) -> Path:
        return self.home.absolute() / "dbt" / "target"

    @property
    def spark_classes(self) -> Path:
        """Classes that Spark's JVMs map instead of loading each anew: half of their start."""
        return self.home.absolute() / "run" / "spark" / f"classes-{version('pyspark')}.jsa"

    @property
    def tracking_uri(self) -> str:
        return f"http://{self.host}:{self.mlflow_port}"

    @property
    def spark_master(self) -> str:
        return f"spark://{self.host}:{self.spark_port}"


@lru_cache
def settings() -> Settings:
    return Settings()
