"""Secrets of the local services: made once, readable by their owner only."""

import base64
import json
import os
import secrets
from collections.abc import Callable
from pathlib import Path

from ml.settings import Settings

ADMIN = "admin"


def folder(settings: Settings) -> Path:
    return settings.home.absolute() / "run" / "secrets"


def password_file(settings: Settings) -> Path:
    """The file that holds the password of Airflow's admin, as JSON."""
    return folder(settings) / "airflow-passwords.json"


def admin_password(settings: Settings) -> str:
    return _kept(password_file(settings), lambda: {ADMIN: secrets.token_urlsafe(18)})[ADMIN]


def airflow_keys(settings: Settings) -> dict[str, str]:
    """Airflow's own keys, as the environment variables that carry them."""
    return _kept(folder(settings) / "airflow-keys.json", _new_keys)


def _new_keys() -> dict[str, str]:
    return {
        "AIRFLOW__CORE__FERNET_KEY": base64.urlsafe_b64encode(os.urandom(32)).decode(),
        "AIRFLOW__API__SECRET_KEY": secrets.token_urlsafe(48),
        "AIRFLOW__API_AUTH__JWT_SECRET": secrets.token_urlsafe(64),
    }


def _kept(path: Path, make: Callable[[], dict[str, str]]) -> dict[str, str]:
    """What `path` holds; made and written with mode 0600 the first time."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not path.exists():
        aside = path.with_suffix(f".{os.getpid()}")
        with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as stream:
            json.dump(make(), stream)
        aside.replace(path)
    return json.loads(path.read_text())
