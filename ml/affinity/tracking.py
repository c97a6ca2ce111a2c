"""Log a ranker to MLflow with what a reviewer needs, and register it."""

import logging
import tempfile
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from string import Template

import mlflow
import mlflow.pyfunc
import numpy as np
import pandas as pd
from mlflow.models import infer_signature

from ml import lake
from ml.affinity.pyfunc import PropensityScorer
from ml.affinity.ranker import LEARNING, NAMES, TREES
from ml.affinity.store import DATA, NAME, Serving
from ml.models import registry
from ml.settings import PROJECT, settings

log = logging.getLogger(__name__)

CARD = PROJECT / "mlflow" / "ranker_card.md"
TOLD = 8  # signals that the card names
EXAMPLES = 5


@dataclass(frozen=True)
class Candidate:
    """A ranker and what is known of it.

    `tags` of the version say which champion it was compared with; `signals` are those of some
    candidates, float32 (rows, len(NAMES)).
    """

    as_of: date
    serving: Serving
    measures: dict[str, float]
    inputs: dict[str, str]
    tags: dict[str, str]
    signals: np.ndarray


def register(candidate: Candidate) -> str:
    """Log a run in the experiment `ranker`, register the model as challenger; its version."""
    client = registry.client()
    mlflow.set_experiment(NAME)
    importances = candidate.serving.ranker.importances()
    with mlflow.start_run(run_name=f"{NAME} {candidate.as_of}") as run:
        mlflow.log_params(parameters(candidate))
        mlflow.log_metrics(candidate.measures)
        mlflow.log_metrics({f"importance.{name}": share for name, share in importances.items()})
        mlflow.set_tags({f"data.{table}": found for table, found in candidate.inputs.items()})
        mlflow.set_tags({"as_of": str(candidate.as_of), "code_version": lake.code_version()})
        mlflow.log_text(card(candidate), "model_card.md")
        version = _log_model(candidate, run.info.run_id)
    for tag, value in candidate.tags.items():
        client.set_model_version_tag(NAME, version, tag, value)
    client.set_registered_model_alias(NAME, registry.CHALLENGER, version)
    client.update_model_version(NAME, version, description=card(candidate))
    log.info("registered %s version %s as %s", NAME, version, registry.CHALLENGER)
    return version


def _log_model(candidate: Candidate, run_id: str) -> str:
    """Log the files with signature and example; tables are scored by `ml.affinity.pyfunc`."""
    example = pd.DataFrame(candidate.signals[:EXAMPLES], columns=list(NAMES), dtype=np.float64)
    scored = PropensityScorer(candidate.serving.ranker).predict(example)
    with tempfile.TemporaryDirectory() as parent:
        data, model = Path(parent) / DATA.name, Path(parent) / "model"
        data.mkdir()
        candidate.serving.save(data)
        mlflow.pyfunc.save_model(
            str(model),
            loader_module="ml.affinity.pyfunc",
            data_path=str(data),
            signature=infer_signature(example.fillna(0.0), scored),
            input_example=example,
            pip_requirements=["lightgbm", "scipy", "promoloop"],
        )
        mlflow.log_artifacts(str(model), "model")
    return str(mlflow.register_model(f"runs:/{run_id}/model", NAME).version)


def parameters(candidate: Candidate) -> dict[str, object]:
    return {
        "as_of": candidate.as_of,
        "products": len(candidate.serving.products),
        **asdict(candidate.serving.comparison),
        "variety": candidate.serving.variety,
        "trees": TREES,
        **{key: LEARNING[key] for key in ("learning_rate", "num_leaves")},
        "seed": settings().seed,
    }


def card(candidate: Candidate) -> str:
    """The model card, from `mlflow/ranker_card.md`."""
    shares = list(candidate.serving.ranker.importances().items())[:TOLD]
    return Template(CARD.read_text(encoding="utf-8")).substitute(
        parameters(candidate),
        signals=len(NAMES),
        fingerprint=", ".join(f"{table} {h[:12]}" for table, h in candidate.inputs.items()),
        code_version=lake.code_version(),
        measures="\n".join(f"* `{k}`: {v:.4g}" for k, v in candidate.measures.items()),
        importances=", ".join(f"`{name}` {share:.0%}" for name, share in shares),
    )
