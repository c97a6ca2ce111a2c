"""Files at a place that others fetch from: Merchant Center's feed, a calendar.

<feeds>/promotions.tsv -> versions/<version>.tsv    what is fetched, replaced in one rename
"""

from collections.abc import Callable
from pathlib import Path

from ml.errors import ContractError, TargetError
from ml.files import replace_link, replace_text
from ml.publishing.targets.target import Release


class Feed:
    """One file of the release, copied aside once it was checked, then linked to."""

    def __init__(self, name: str, file: str, check: Callable[[str], None], folder: Path) -> None:
        self.name = name
        self._file = file
        self._check = check
        self._link = folder / file

    def live(self) -> str | None:
        return self._link.readlink().stem if self._link.is_symlink() else None

    def prepare(self, release: Release) -> None:
        source = release.folder / self._file
        try:
            text = source.read_bytes().decode("utf-8")
            self._check(text)
            copy = self._copy_of(release.version)
            _make_readable_folder(copy.parent)
            replace_text(copy, text)
            copy.chmod(0o644)
        except (ContractError, OSError) as error:
            raise TargetError(f"{error}") from error

    def flip(self, version: str | None, move: int) -> None:
        try:
            replace_link(self._link, self._copy_of(version) if version else None)
        except OSError as error:
            raise TargetError(f"{error}; see that the folder can be written") from error

    def _copy_of(self, version: str) -> Path:
        return self._link.parent / "versions" / f"{version}{self._link.suffix}"


def _make_readable_folder(folder: Path) -> None:
    """Create what is missing of a folder for others to enter; what is there keeps its mode."""
    missing = [each for each in (folder, *folder.parents) if not each.is_dir()]
    for each in reversed(missing):
        each.mkdir(exist_ok=True)
        each.chmod(0o755)
