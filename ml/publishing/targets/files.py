"""published/: the store of releases, see ml/releases/store.py."""

import shutil
from functools import partial
from pathlib import Path

from ml.errors import LakeError, TargetError
from ml.publishing.targets.target import Release
from ml.releases import store


class Files:
    name = "files"

    def live(self) -> str | None:
        return store.current()

    def prepare(self, release: Release) -> None:
        try:
            if release.version not in store.versions():
                fill = partial(_copy, release.folder)
                store.build(store.folder(release.version), fill)
            store.verify(release.version)
        except (LakeError, OSError) as error:
            raise TargetError(f"{error}") from error

    def flip(self, version: str | None, move: int) -> None:
        try:
            store.point_at(version)
        except OSError as error:
            raise TargetError(f"{error}; see that the folder can be written") from error


def _copy(source: Path, folder: Path) -> None:
    shutil.copytree(source, folder, dirs_exist_ok=True)
