"""Files are whole after a crash, and a line cut short spoils no other."""

import fcntl
import logging
import subprocess
import sys

import pytest

from ml.files import (
    append_json_line,
    locked,
    read_json_lines,
    replace_link,
    replace_text,
    replacing,
)


def test_a_file_is_replaced_whole_and_nothing_is_left_beside_it(tmp_path):
    path = tmp_path / "new" / "a.txt"

    replace_text(path, "one")
    replace_text(path, "zwö")

    assert path.read_text(encoding="utf-8") == "zwö"
    assert list(path.parent.iterdir()) == [path]


def test_a_writer_that_fails_leaves_the_file_as_it_was(tmp_path):
    path = tmp_path / "a.txt"
    replace_text(path, "one")

    with pytest.raises(UnicodeEncodeError), replacing(path) as aside:
        aside.write_text("half \ud800", encoding="utf-8")

    assert path.read_text() == "one"
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_points_at_a_path_below_its_folder(tmp_path):
    link = tmp_path / "current"
    for version in ("a", "b"):
        (tmp_path / version).mkdir()
        replace_link(link, tmp_path / version)
        assert link.resolve().name == version == str(link.readlink())

    replace_link(link, None)

    assert not link.exists()


def test_lines_are_read_as_they_were_appended(tmp_path):
    path = tmp_path / "privacy" / "log.jsonl"
    entries = [{"by": "Ada", "comment": "two\nlines and \u2028"}, {"by": "Bob"}]

    assert read_json_lines(path) == []
    for entry in entries:
        append_json_line(path, entry)

    assert read_json_lines(path) == entries
    assert path.read_bytes().count(b"\n") == 2


@pytest.mark.parametrize("torn", [b'{"by": "B', b'{"by": "B\xc3', b"7", b"\n"])
def test_a_line_cut_short_is_skipped_by_number_and_spoils_no_other(tmp_path, caplog, torn):
    path = tmp_path / "log.jsonl"
    append_json_line(path, {"by": "Ada"})
    with path.open("ab") as stream:
        stream.write(torn)

    append_json_line(path, {"by": "Cleo"})

    with caplog.at_level(logging.WARNING):
        assert read_json_lines(path) == [{"by": "Ada"}, {"by": "Cleo"}]
    assert f"{path}: line 2 " in caplog.text


HOLDER = """
import sys, time
from pathlib import Path
from ml.files import locked
with locked(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(600)
"""


def test_a_lock_is_held_by_one_process_and_released_by_a_kill(tmp_path):
    path = tmp_path / "shelf" / ".lock"
    command = [sys.executable, "-c", HOLDER, path]
    holder = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert holder.stdout.readline() == "held\n"
    with path.open() as other, pytest.raises(BlockingIOError):
        fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)

    holder.kill()
    holder.communicate()

    with locked(path):
        pass
