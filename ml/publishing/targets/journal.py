"""What is being done with the targets: one small file, written before each phase begins.

published/journal.json is there only while a change of schedule is under way. After a kill it
says what was decided, so that the next publication or roll-back can finish it.
"""

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Literal

from ml.files import replace_text, to_json
from ml.settings import settings

Decision = Literal["none", "new", "old"]


@dataclass(frozen=True)
class Entry:
    """A change of schedule: to `version`, away from what each target in `before` had live.

    `decision`: nobody reads the new version yet; all are to read it; all go back.
    """

    move: int
    action: str
    version: str
    by: str
    comment: str
    before: dict[str, str | None]
    decision: Decision = "none"


def read() -> Entry | None:
    path = _path()
    return Entry(**json.loads(path.read_text(encoding="utf-8"))) if path.is_file() else None


def write(entry: Entry) -> None:
    replace_text(_path(), to_json(asdict(entry)))


def decide(entry: Entry, decision: Decision) -> Entry:
    decided = replace(entry, decision=decision)
    write(decided)
    return decided


def close() -> None:
    _path().unlink(missing_ok=True)


def _path() -> Path:
    return settings().published / "journal.json"
