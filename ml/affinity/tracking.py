"""What MLflow logs of a ranker for a reviewer, and how a version is saved."""

import tempfile
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

import mlflow
import mlflow.pyfunc
import numpy as np
import pandas as pd
from mlflow.models import infer_signature

from ml.affinity.pyfunc import PropensityScorer
from ml.affinity.ranker import LEARNING, NAMES, TREES
from ml.affinity.store import DATA, NAME, Serving
from ml.models.register import Registration, model_card
from ml.settings import PROJECT, settings

CARD = PROJECT / "mlflow" / "ranker_card.md"
SHOWN = 8  # signals that the card names
EXAMPLES = 5


@dataclass(frozen=True)
class RankerCandidate:
    """A trained ranker with its evaluation.

    `tags` of the version name the champion it was compared with; `signals` are those of some
    candidates, float32 (rows, len(NAMES)).
    """

    as_of: date
    serving: Serving
    metrics: dict[str, float]
    inputs: dict[str, str]
    tags: dict[str, str]
    signals: np.ndarray


def registration(candidate: RankerCandidate) -> Registration:
    """What the registry logs of a candidate."""
    shares = candidate.serving.ranker.importances()
    return Registration(
        name=NAME,
        as_of=candidate.as_of,
        parameters=parameters(candidate),
        metrics=candidate.metrics | {f"importance.{name}": share for name, share in shares.items()},
        card=card(candidate),
        inputs=candidate.inputs,
        save=lambda folder: save(candidate, folder),
        tags=candidate.tags,
    )


def save(candidate: RankerCandidate, folder: Path) -> None:
    """Write the files with signature and example; tables are scored by `ml.affinity.pyfunc`."""
    example = pd.DataFrame(candidate.signals[:EXAMPLES], columns=list(NAMES), dtype=np.float64)
    scores = PropensityScorer(candidate.serving.ranker).predict(example)
    with tempfile.TemporaryDirectory() as parent:
        data = Path(parent) / DATA.name
        data.mkdir()
        candidate.serving.save(data)
        mlflow.pyfunc.save_model(
            str(folder),
            loader_module="ml.affinity.pyfunc",
            data_path=str(data),
            signature=infer_signature(example.fillna(0.0), scores),
            input_example=example,
            pip_requirements=["lightgbm", "scipy", "promoloop"],
        )


def parameters(candidate: RankerCandidate) -> dict[str, object]:
    return {
        "as_of": candidate.as_of,
        "products": len(candidate.serving.products),
        **asdict(candidate.serving.comparison),
        "variety": candidate.serving.variety,
        "trees": TREES,
        **{key: LEARNING[key] for key in ("learning_rate", "num_leaves")},
        "seed": settings().seed,
    }


def card(candidate: RankerCandidate) -> str:
    """The model card, from `mlflow/ranker_card.md`."""
    shares = list(candidate.serving.ranker.importances().items())[:SHOWN]
    return model_card(
        CARD,
        candidate.inputs,
        **parameters(candidate),
        signals=len(NAMES),
        measures="\n".join(f"* `{k}`: {v:.4g}" for k, v in candidate.metrics.items()),
        importances=", ".join(f"`{name}` {share:.0%}" for name, share in shares),
    )
