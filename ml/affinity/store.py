"""The ranker in the registry: its trees, and the item-item weights it was learned beside."""

import json
import logging
import tempfile
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import mlflow
import mlflow.lightgbm
import numpy as np
from mlflow.models import infer_signature
from scipy import sparse

from ml import lake, model_review, registry
from ml.affinity.item_item import ItemItem
from ml.affinity.ranker import LEARNING, NAMES, TREES, Ranker
from ml.errors import GateError
from ml.settings import settings

log = logging.getLogger(__name__)

NAME = "ranker"
WEIGHTS, PRODUCTS, TREES_FILE = "item_item.npz", "products.json", "model.lgb"


@dataclass(frozen=True)
class Serving:
    """What ranks: `item_item` speaks of `products`, by position."""

    ranker: Ranker
    products: list[str]
    item_item: ItemItem


def register(made: Serving, as_of: date, measures: dict[str, float], inputs: dict[str, str]) -> str:
    """Log a run in the experiment `ranker`, register the model as challenger; its version."""
    client = registry.client()
    mlflow.set_experiment(NAME)
    with mlflow.start_run(run_name=f"{NAME} {as_of}") as run:
        mlflow.log_params({"as_of": as_of, "trees": TREES, "seed": settings().seed})
        mlflow.log_params({key: LEARNING[key] for key in ("learning_rate", "num_leaves")})
        mlflow.log_metrics(measures)
        mlflow.log_metrics(
            {f"importance.{name}": share for name, share in made.ranker.importances().items()}
        )
        mlflow.set_tags({f"data.{table}": found for table, found in inputs.items()})
        mlflow.set_tags({"as_of": str(as_of), "code_version": lake.code_version()})
        with tempfile.TemporaryDirectory() as parent:
            mlflow.log_artifacts(str(_saved(made, Path(parent) / "model")), "model")
    version = str(mlflow.register_model(f"runs:/{run.info.run_id}/model", NAME).version)
    client.set_registered_model_alias(NAME, registry.CHALLENGER, version)
    log.info("registered %s version %s as %s", NAME, version, registry.CHALLENGER)
    return version


def serving() -> tuple[str, Serving] | None:
    """The champion and its version; None before the first.

    Raises:
        GateError: there was one and it was deleted, or it does not fit this code.
    """
    if not model_review.has_champion(NAME):
        return None
    version = registry.require_champion(NAME)
    return version, load(version)


def load(version: str) -> Serving:
    """A registered ranker.

    Raises:
        GateError: it was learned on other signals than this code makes.
    """
    registry.client()
    source = f"models:/{NAME}/{version}"
    folder = Path(mlflow.artifacts.download_artifacts(artifact_uri=source))
    ranker = Ranker((folder / TREES_FILE).read_text())
    found = tuple(ranker.booster().feature_name())
    if found != NAMES:
        raise GateError(
            f"model {NAME!r} version {version} reads the signals {sorted(found)}; this code makes "
            f"{sorted(NAMES)}: run the DAG train_{NAME}, or install the code that made it"
        )
    products = json.loads((folder / PRODUCTS).read_text())
    return Serving(ranker, products, ItemItem(sparse.csr_array(sparse.load_npz(folder / WEIGHTS))))


def _saved(made: Serving, folder: Path) -> Path:
    """MLflow's LightGBM format, with the item-item weights beside it."""
    example = np.zeros((1, len(NAMES)), np.float32)
    mlflow.lightgbm.save_model(
        made.ranker.booster(),
        str(folder),
        signature=infer_signature(example, made.ranker.predict(example)),
    )
    (folder / TREES_FILE).write_text(made.ranker.text)
    (folder / PRODUCTS).write_text(json.dumps(made.products))
    sparse.save_npz(folder / WEIGHTS, sparse.csr_matrix(made.item_item.weights))
    return folder
