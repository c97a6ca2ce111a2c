"""published/: the shelf of releases, see ml/promotions/releases.py."""

import shutil
from functools import partial
from pathlib import Path

from ml.errors import LakeError, TargetError
from ml.promotions import releases
from ml.promotions.targets.target import Release


class Files:
    name = "files"

    def live(self) -> str | None:
        return releases.current()

    def prepare(self, release: Release) -> None:
        try:
            if release.version not in releases.versions():
                fill = partial(_copy, release.folder)
                releases.build(releases.folder(release.version), fill)
            releases.verify(release.version)
        except (LakeError, OSError) as error:
            raise TargetError(f"{error}") from error

    def flip(self, version: str | None, move: int) -> None:
        try:
            releases.point_at(version)
        except OSError as error:
            raise TargetError(f"{error}; see that the folder can be written") from error


def _copy(source: Path, folder: Path) -> None:
    shutil.copytree(source, folder, dirs_exist_ok=True)
