"""What a place must be able to do for plans to be published there."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True)
class Release:
    """A version and the verified folder that holds its files.

    `move` counts the changes of schedule of this deployment: the same number is the same change.
    """

    version: str
    folder: Path
    move: int


class Target(Protocol):
    """A place that holds one live version.

    Every method may be called again with the same arguments, after a kill too.

    Raises, in every method:
        TargetError: what went wrong, and what to do.
    """

    name: str

    def live(self) -> str | None:
        """The version that is read there now; None before the first one."""

    def prepare(self, release: Release) -> None:
        """Bring a version there, checked, without anybody reading it yet."""

    def flip(self, version: str | None, move: int) -> None:
        """Let a version that was prepared, or was live before, be the one that is read."""
