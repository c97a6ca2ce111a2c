"""Kill a publication or a roll-back, with SIGKILL, at every line of its steps, and restart it.

Run by test_kills.py in a process of its own, with one version live and the next one approved.
Prints the number of lines at which it was killed.
"""

import os
import shutil
import signal
import sys
from pathlib import Path

import psycopg

import ml.files
from ml import lake
from ml.publishing.targets import atomic_switch, files, journal, postgres
from ml.releases import history, store
from ml.settings import settings

STAGES = (ml.files, lake, history, store, files, journal, postgres, atomic_switch)
OURS = {module.__file__ for module in STAGES}
PHASES = {"close", "switch", "_go_forward", "_prepare"}
INSIDE = {"build", "record", "append_json_line", "replacing", "replace_link", "_load", "_switch"}
ACTION, VERSION, FOLDER = sys.argv[1], sys.argv[2], Path(sys.argv[3])
STEPS = PHASES | INSIDE if ACTION == "publish" else PHASES  # a roll-back is the same inside
URL = settings().postgres_url.get_secret_value()
SHELF, BEFORE = settings().published, settings().home / "before"


def act():
    """What `publish` and `roll_back` do once a release is cleared."""
    with store.locked():
        atomic_switch.recover()
        atomic_switch.switch(ACTION, VERSION, FOLDER, "Ada")


def fork(work):
    """Exit code of `work` in a process of its own; minus the signal when it was killed."""
    child = os.fork()
    if not child:
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - reported to the parent
            sys.stderr.write(f"{error!r}\n")
            sys.stderr.flush()
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def traced(at_line):
    def is_a_step(code):
        return code.co_filename in OURS and code.co_name in STEPS

    sys.settrace(lambda frame, *_: at_line if is_a_step(frame.f_code) else None)
    act()


def name(frame):
    return f"{frame.f_code.co_filename}:{frame.f_lineno}"


def steps():
    """Every line that an undisturbed run comes through, in order."""
    reading, writing = os.pipe()

    def note(frame, event, _):
        if event == "line":
            os.write(writing, f"{name(frame)}\n".encode())
        return note

    assert fork(lambda: traced(note)) == 0
    os.close(writing)
    return list(dict.fromkeys(os.fdopen(reading).read().split()))


def killer(line):
    def kill(frame, event, _):
        if event == "line" and name(frame) == line:
            os.kill(os.getpid(), signal.SIGKILL)
        return kill

    return kill


def shown():
    """The version that every target shows, whole."""
    with psycopg.connect(URL) as session:
        found = session.execute("select plan_version from promo_schedule_current").fetchall()
    live = store.current()
    assert found == [(live,)] * 2, (found, live)
    store.verify(live)
    return live


def restart(old, new):
    with store.locked():
        atomic_switch.recover()
    assert shown() in {old, new}
    assert journal.read() is None
    if shown() == old:
        act()
    assert shown() == new
    assert all(store.verify(version) is None for version in store.versions())
    assert [path for path in SHELF.iterdir() if path.name.startswith(".2017")] == []
    moves = [(step["action"], step["move"]) for step in history.steps() if "move" in step]
    assert len(moves) == len(set(moves)), moves


def reset(rows):
    shutil.rmtree(SHELF)
    shutil.copytree(BEFORE, SHELF, symlinks=True)
    with psycopg.connect(URL) as session:
        session.execute("truncate promo_schedule_switches")
        kept = [version for (version,) in rows]
        session.execute("delete from promo_schedule where plan_version <> all(%s)", [kept])
        for row in rows:
            session.execute("insert into promo_schedule_switches (plan_version) values (%s)", row)


def main():
    shutil.copytree(SHELF, BEFORE, symlinks=True)
    with psycopg.connect(URL) as session:
        rows = session.execute("select plan_version from promo_schedule_switches order by id")
        switches = rows.fetchall()
    old = shown()
    lines = steps()
    new = shown()
    assert old != new
    for line in lines:
        reset(switches)
        assert fork(lambda line=line: traced(killer(line))) == -signal.SIGKILL, line
        assert fork(lambda: restart(old, new)) == 0, line
    sys.stdout.write(f"{len(lines)}\n")


main()
