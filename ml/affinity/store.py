"""The ranker in the registry: its trees, and the item-item weights it was learned beside."""

import json
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

from scipy import sparse

from ml.affinity.item_item import ItemItem
from ml.affinity.neighbours import Similarity
from ml.affinity.pyfunc import RANKER
from ml.affinity.ranker import NAMES, Ranker
from ml.errors import GateError
from ml.models import champions, registry
from ml.models.comparison import trained_by

NAME = "ranker"
DATA = Path("data") / NAME  # of a version, where MLflow keeps the files below
WEIGHTS, SERVED_AS = "item_item.npz", "served_as.json"
JUDGED = "judged"


@dataclass(frozen=True)
class Serving:
    """What ranks: `item_item` speaks of `products`, by position.

    `judged` learned from all windows but the four weeks before the as-of date. Its signals are of
    this `comparison` of customers and of products. Lists are made with as much `variety`
    (`ml.affinity.reranking.varied`).
    """

    ranker: Ranker
    judged: Ranker
    products: list[str]
    item_item: ItemItem
    comparison: Similarity
    variety: float

    def save(self, folder: Path) -> None:
        """Write the files of a version's `DATA`."""
        self.ranker.save(folder, RANKER)
        self.judged.save(folder, JUDGED)
        metadata = {
            "products": self.products,
            "comparison": asdict(self.comparison),
            "variety": self.variety,
        }
        (folder / SERVED_AS).write_text(json.dumps(metadata))
        sparse.save_npz(folder / WEIGHTS, sparse.csr_matrix(self.item_item.weights))


def serving() -> tuple[str, Serving] | None:
    """The champion and its version; None before the first.

    Raises:
        GateError: there was one and it was deleted, or it does not fit this code.
    """
    if not champions.has_champion(NAME):
        return None
    version = registry.require_champion(NAME)
    return version, load(version)


def load_for(version: str, start: date) -> Ranker:
    """A version's ranker that has learned nothing of the weeks from `start` on.

    That is the one that serves where it was trained before, else the one that judged it.

    Raises:
        GateError: it does not load (`load`).
    """
    serving = load(version)
    return serving.ranker if trained_by(NAME, version, start) else serving.judged


def load(version: str) -> Serving:
    """A registered ranker.

    Raises:
        GateError: there is no such version, it was registered in an older form, or it was learned
            on other signals than this code makes.
    """
    with registry.files(NAME, version) as folder:
        return _read(version, folder / DATA)


def _read(version: str, folder: Path) -> Serving:
    ranker = Ranker.read(folder, RANKER)
    names = tuple(ranker.booster().feature_name())
    if names != NAMES:
        raise GateError(
            f"model {NAME!r} version {version} reads the signals {sorted(names)}; this code makes "
            f"{sorted(NAMES)}: train it again, or install the code that made it"
        )
    metadata = json.loads((folder / SERVED_AS).read_text())
    return Serving(
        ranker,
        Ranker.read(folder, JUDGED),
        metadata["products"],
        ItemItem(sparse.csr_array(sparse.load_npz(folder / WEIGHTS))),
        Similarity(**metadata["comparison"]),
        metadata["variety"],
    )
