"""Log a trained model to MLflow with what a reviewer needs, and register it as challenger."""

import logging
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Any

import mlflow

from ml import lake
from ml.models import registry

if TYPE_CHECKING:
    import keras

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Registration:
    """What a run of the experiment `name` logs, and the version it registers.

    Attributes:
        name: of the registered model and of its experiment.
        as_of: what was sold on this day or later was not trained on.
        parameters: of the run.
        metrics: of the run: what the gates read.
        card: the model card, Markdown, as text artefact and as the version's description.
        inputs: content hash by table, logged as tags `data.<table>`.
        save: writes the model with its MLmodel file into an empty folder.
        tags: of the version.
        steps: metrics by step (epoch, origin).
        texts: further text artefacts by path.
        figures: matplotlib figures by path.
    """

    name: str
    as_of: date
    parameters: Mapping[str, object]
    metrics: Mapping[str, float]
    card: str
    inputs: Mapping[str, str]
    save: Callable[[Path], None]
    tags: Mapping[str, str] = field(default_factory=dict)
    steps: Sequence[Mapping[str, float]] = ()
    texts: Mapping[str, str] = field(default_factory=dict)
    figures: Mapping[str, Any] = field(default_factory=dict)


def register(registration: Registration) -> str:
    """Log the run and register its model as challenger; the new version."""
    name, client = registration.name, registry.client()
    mlflow.set_experiment(name)
    with mlflow.start_run(run_name=f"{name} {registration.as_of}") as run:
        _log_run(registration)
        with tempfile.TemporaryDirectory() as folder:
            registration.save(Path(folder))
            mlflow.log_artifacts(folder, "model")
        version = str(mlflow.register_model(f"runs:/{run.info.run_id}/model", name).version)
    for tag, value in registration.tags.items():
        client.set_model_version_tag(name, version, tag, value)
    client.set_registered_model_alias(name, registry.CHALLENGER, version)
    client.update_model_version(name, version, description=registration.card)
    log.info("registered %s version %s as %s", name, version, registry.CHALLENGER)
    return version


def _log_run(registration: Registration) -> None:
    mlflow.log_params(dict(registration.parameters))
    mlflow.log_metrics(dict(registration.metrics))
    for step, metrics in enumerate(registration.steps):
        mlflow.log_metrics(dict(metrics), step=step)
    mlflow.set_tags({f"data.{table}": digest for table, digest in registration.inputs.items()})
    mlflow.set_tags({"as_of": str(registration.as_of), "code_version": lake.code_version()})
    mlflow.log_text(registration.card, "model_card.md")
    for path, text in registration.texts.items():
        mlflow.log_text(text, path)
    for path, figure in registration.figures.items():
        mlflow.log_figure(figure, path)


def save_keras(model: "keras.Model", folder: Path, **described: Any) -> None:
    """Save a network without its optimizer; `described` go to `mlflow.keras.save_model`."""
    mlflow.keras.save_model(
        model,
        str(folder),
        save_model_kwargs={"include_optimizer": False},
        pip_requirements=["keras", "tensorflow", "promoloop"],
        **described,
    )


def model_card(template: Path, inputs: Mapping[str, str], **values: object) -> str:
    """A model card: `template` with its `$names` filled in.

    `inputs` are content hashes by table, shown shortened; the code's version is added.
    """
    fingerprint = ", ".join(f"{table} {digest[:12]}" for table, digest in inputs.items())
    return Template(template.read_text(encoding="utf-8")).substitute(
        values, fingerprint=fingerprint, code_version=lake.code_version()
    )
