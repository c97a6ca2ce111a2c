"""Which version of a model may be used: gates, aliases, loading.

A version is registered as `challenger`. `mlflow/gates.yml` says what it must show; each
gate's result is written on the version as a tag `gate.<name>`, and only a version that
passes them all becomes `champion`. Nothing here treats an unreachable registry as an
empty one: such errors rise and are retried.
"""

import logging
import math
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from textwrap import shorten
from typing import TYPE_CHECKING

import mlflow
import yaml
from mlflow import MlflowClient
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException

from ml.errors import GateError, PolicyError
from ml.settings import settings

if TYPE_CHECKING:
    import keras

CHAMPION, CHALLENGER = "champion", "challenger"
COMPARED, UNUSABLE = "compared_with", "unusable_champion"  # tags of a version: another's number
MODEL_FILE = "data/model.keras"  # as mlflow.keras names it
LONGEST_REASON = 300  # characters: Keras prints a model's whole configuration
MISSING = "RESOURCE_DOES_NOT_EXIST"  # MLflow's code for a version or a file that is not there
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Gate:
    """A metric of a version's run and the bounds it must lie in, both inclusive.

    One `against_champion` judges a comparison with it, and passes where there is none.
    """

    name: str
    metric: str
    minimum: float = -math.inf
    maximum: float = math.inf
    against_champion: bool = False

    def verdict(self, metrics: Mapping[str, float]) -> tuple[bool, str]:
        """Whether it passes, and the sentence that goes on the version's tag."""
        value = metrics.get(self.metric, math.nan)
        passed = self.minimum <= value <= self.maximum  # False for a metric that is missing
        low = f"{self.minimum:.4g} <= " if self.minimum > -math.inf else ""
        high = f" <= {self.maximum:.4g}" if self.maximum < math.inf else ""
        bounds = f"{low}{self.metric} {value:.4g}{high}"
        return passed, f"{'pass' if passed else 'fail'} ({bounds})"


def read_gates(name: str) -> list[Gate]:
    """The gates of a model.

    Raises:
        PolicyError: the file has no gates for the model, or a gate holds another key.
    """
    path = settings().gates_path
    gates = yaml.safe_load(path.read_text()) or {}
    if not gates.get(name):
        raise PolicyError(f"{path}: no gates for model {name!r}, but for {sorted(gates)}; add some")
    try:
        return [Gate(name=gate, **bounds) for gate, bounds in gates[name].items()]
    except TypeError as error:
        raise PolicyError(
            f"{path}: a gate of {name!r} holds an unknown or missing key ({error}); "
            "expected metric, minimum, maximum, against_champion"
        ) from error


def client() -> MlflowClient:
    """The registry this deployment talks to; MLflow's own functions are pointed at it too."""
    mlflow.set_tracking_uri(settings().tracking_uri)
    mlflow.set_registry_uri(settings().tracking_uri)
    return MlflowClient()


def aliases(name: str) -> dict[str, str]:
    """Alias to version; empty before the first version is registered."""
    models = client().search_registered_models(filter_string=f"name = '{name}'")
    return {alias: str(v) for model in models for alias, v in model.aliases.items()}


def champion(name: str) -> str | None:
    """The version that passed its gates, or None when there is none yet."""
    return aliases(name).get(CHAMPION)


def require_champion(name: str) -> str:
    """The champion's version.

    Raises:
        GateError: there is none; names the gates the challenger failed.
    """
    versions = aliases(name)
    if CHAMPION in versions:
        return versions[CHAMPION]
    if CHALLENGER not in versions:
        raise GateError(f"model {name!r} has no version; train one first")
    tags = client().get_model_version(name, versions[CHALLENGER]).tags
    failed = {
        gate: sentence for gate, sentence in sorted(tags.items()) if sentence.startswith("fail")
    }
    raise GateError(
        f"model {name!r} has no champion; challenger {versions[CHALLENGER]} failed {failed}; look "
        f"at its run in {settings().tracking_uri}, then train again or change "
        f"{settings().gates_path}"
    )


def metrics(name: str, version: str) -> dict[str, float]:
    """The metrics of a version's run."""
    run_id = client().get_model_version(name, version).run_id
    return dict(client().get_run(str(run_id)).data.metrics)


def trained_as_of(name: str) -> dict[str, date]:
    """The as-of date that each registered version was trained for."""
    dates = {}
    for version in client().search_model_versions(f"name = '{name}'"):
        run = client().get_run(str(version.run_id))
        if "as_of" in run.data.params:
            dates[str(version.version)] = date.fromisoformat(run.data.params["as_of"])
    return dates


def parameters(name: str, version: str) -> dict[str, str]:
    """The parameters of a version's run."""
    run_id = client().get_model_version(name, version).run_id
    return dict(client().get_run(str(run_id)).data.params)


def run_text(name: str, version: str, path: str) -> str | None:
    """A text artefact of a version's run; None where there is none at `path`."""
    run = str(client().get_model_version(name, version).run_id)
    if path not in {artifact.path for artifact in client().list_artifacts(run)}:
        return None
    return str(mlflow.artifacts.load_text(f"runs:/{run}/{path}"))


def judge(name: str, version: str) -> bool:
    """Whether every gate passes; each one's result becomes a tag of the version."""
    challenger = client().get_model_version(name, version)
    rival, measured = champion(name), metrics(name, version)
    passed = True
    for gate in read_gates(name):
        if gate.against_champion:
            gate_passed, sentence = _against(rival, challenger, gate, measured)
        else:
            gate_passed, sentence = gate.verdict(measured)
        client().set_model_version_tag(name, version, f"gate.{gate.name}", sentence)
        log.info("%s version %s, gate %s: %s", name, version, gate.name, sentence)
        passed = passed and gate_passed
    return passed


def _against(
    rival: str | None, challenger: ModelVersion, gate: Gate, measured: Mapping[str, float]
) -> tuple[bool, str]:
    """A gate's verdict where there may be a champion, and not the one compared with."""
    if rival in (None, str(challenger.version)):
        return True, "pass (no other champion)"
    if challenger.tags.get(UNUSABLE) == rival:
        return True, f"pass (champion version {rival} does not load)"
    compared = challenger.tags.get(COMPARED, "none")
    if compared != rival:
        return False, f"fail (compared with version {compared}, champion is {rival}: train again)"
    return gate.verdict(measured)


def load_keras(name: str, version: str) -> "keras.Model":
    """A registered Keras model, read without running any code it carries.

    Only its .keras file is read, in safe mode: what the version's MLmodel file asks for, as a
    SavedModel, whose operations run while it loads, is not followed.
    A version names its classes only: the caller must have imported the module with them.

    Raises:
        GateError: there is no such version, or it does not load.
    """
    with files(name, version) as folder:
        return read_keras(folder / MODEL_FILE)


def read_keras(path: Path) -> "keras.Model":
    """A .keras file's model; functions that the file carries are refused.

    Raises:
        ValueError: it is no .keras file, or it carries functions.
    """
    import keras

    if not zipfile.is_zipfile(path):
        raise ValueError(f"{'/'.join(path.parts[-2:])} is missing or no .keras file")
    return keras.saving.load_model(path, safe_mode=True)


@contextmanager
def files(name: str, version: str) -> Iterator[Path]:
    """A folder with a registered version's files, there while they are read.

    Raises:
        GateError: there is no such version, or reading it went wrong.
    """
    try:
        source = f"models:/{name}/{client().get_model_version(name, version).version}"
        with tempfile.TemporaryDirectory() as folder:
            yield Path(mlflow.artifacts.download_artifacts(artifact_uri=source, dst_path=folder))
    except (MlflowException, ValueError, TypeError, KeyError, OSError) as error:
        raise does_not_load(name, version, error) from error


def does_not_load(name: str, version: str, error: Exception) -> Exception:
    """What to raise when reading a version raised `error`: a GateError, if it is the version's.

    The server's own trouble is handed back as it is.
    """
    if isinstance(error, MlflowException) and error.error_code != MISSING:
        return error
    return GateError(
        f"model {name!r} version {version} does not load "
        f"({shorten(str(error), LONGEST_REASON)}); train again, or roll "
        "back to a version that served before"
    )
