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
from mlflow.exceptions import MlflowException
from mlflow.models import infer_signature
from scipy import sparse

from ml import lake, model_review, registry
from ml.affinity.curves import Curves
from ml.affinity.item_item import ItemItem
from ml.affinity.ranker import LEARNING, NAMES, TREES, Ranker
from ml.errors import GateError
from ml.settings import settings

log = logging.getLogger(__name__)

NAME = "ranker"
WEIGHTS, PRODUCTS = "item_item.npz", "products.json"
RANKER, JUDGED = "model", "judged"  # each one's trees are NAME.lgb, its curves NAME_*.json


@dataclass(frozen=True)
class Serving:
    """What ranks: `item_item` speaks of `products`, by position.

    `judged` learned from all windows but the four weeks before the as-of date.
    """

    ranker: Ranker
    judged: Ranker
    products: list[str]
    item_item: ItemItem


def register(
    made: Serving,
    as_of: date,
    measures: dict[str, float],
    inputs: dict[str, str],
    tags: dict[str, str],
) -> str:
    """Log a run in the experiment `ranker`, register the model as challenger; its version.

    `tags` of the version say which champion it was compared with.
    """
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
    for tag, value in tags.items():
        client.set_model_version_tag(NAME, version, tag, value)
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


def yardstick(start: date) -> tuple[dict[str, str], Ranker | None]:
    """The tag that names the champion on a challenger, and what judges it on four weeks.

    That is the champion itself where it was trained before the window's `start`, else its
    `judged`, which did not learn from those weeks either; None where there is no champion or
    it does not load.
    """
    version = registry.champion(NAME)
    if version is None:
        return {}, None
    try:
        made = load(version)
    except GateError as error:
        log.warning("champion version %s is no yardstick: %s", version, error)
        return {registry.UNUSABLE: version}, None
    earlier = registry.trained_as_of(NAME)[version] <= start
    return {registry.COMPARED: version}, made.ranker if earlier else made.judged


def load(version: str) -> Serving:
    """A registered ranker.

    Raises:
        GateError: there is no such version, or it was learned on other signals than this code
            makes.
    """
    try:
        found = registry.client().get_model_version(NAME, version)
        source = f"models:/{NAME}/{found.version}"
        return _read(version, Path(mlflow.artifacts.download_artifacts(artifact_uri=source)))
    except (MlflowException, OSError) as error:
        raise registry.does_not_load(NAME, version, error) from error


def _read(version: str, folder: Path) -> Serving:
    ranker = _ranker(folder, RANKER)
    found = tuple(ranker.booster().feature_name())
    if found != NAMES:
        raise GateError(
            f"model {NAME!r} version {version} reads the signals {sorted(found)}; this code makes "
            f"{sorted(NAMES)}: run the DAG train_{NAME}, or install the code that made it"
        )
    return Serving(
        ranker,
        _ranker(folder, JUDGED),
        json.loads((folder / PRODUCTS).read_text()),
        ItemItem(sparse.csr_array(sparse.load_npz(folder / WEIGHTS))),
    )


def _ranker(folder: Path, name: str) -> Ranker:
    own, new = (Curves((folder / f"{name}_{part}.json").read_text()) for part in ("own", "new"))
    return Ranker((folder / f"{name}.lgb").read_text(), own, new)


def _saved(made: Serving, folder: Path) -> Path:
    """MLflow's LightGBM format, with the item-item weights beside it."""
    example = np.zeros((1, len(NAMES)), np.float32)
    mlflow.lightgbm.save_model(
        made.ranker.booster(),
        str(folder),
        signature=infer_signature(example, made.ranker.predict(example)),
    )
    for name, ranker in ((RANKER, made.ranker), (JUDGED, made.judged)):
        (folder / f"{name}.lgb").write_text(ranker.text)
        (folder / f"{name}_own.json").write_text(ranker.own.text)
        (folder / f"{name}_new.json").write_text(ranker.new.text)
    (folder / PRODUCTS).write_text(json.dumps(made.products))
    sparse.save_npz(folder / WEIGHTS, sparse.csr_matrix(made.item_item.weights))
    return folder
