"""A state folder of its own for a benchmark, beside what it multiplies."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from ml.settings import settings


@contextmanager
def own_home(name: str) -> Iterator[None]:
    """Point the settings at an empty folder `name` of this state folder, and remove it after.

    The state folder itself is left alone.
    """
    before = os.environ.get("PROMOLOOP_HOME")
    home = settings().home.absolute() / name
    shutil.rmtree(home, ignore_errors=True)
    os.environ["PROMOLOOP_HOME"] = str(home)
    settings.cache_clear()
    try:
        yield
    finally:
        shutil.rmtree(home, ignore_errors=True)
        os.environ.pop("PROMOLOOP_HOME")
        if before is not None:
            os.environ["PROMOLOOP_HOME"] = before
        settings.cache_clear()
