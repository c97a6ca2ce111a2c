"""Secrets of the local services: made once, readable by their owner only."""

import base64
import json
import os
import secrets
from pathlib import Path

from ml.errors import PolicyError
from ml.secrets import folder, kept
from ml.settings import Settings

ADMIN = "admin"
SHORTEST_TOKEN = 24  # characters


def password_file(settings: Settings) -> Path:
    """The file that holds the password of Airflow's admin, as JSON."""
    return folder(settings) / "airflow-passwords.json"


def admin_password(settings: Settings) -> str:
    return kept(password_file(settings), lambda: {ADMIN: secrets.token_urlsafe(18)})[ADMIN]


def password(settings: Settings, user: str) -> str:
    """The password of a user of Airflow's simple auth manager, which makes all but the admin's."""
    if user == ADMIN:
        return admin_password(settings)
    return str(json.loads(password_file(settings).read_text(encoding="utf-8"))[user])


def airflow_keys(settings: Settings) -> dict[str, str]:
    """Airflow's own keys, as the environment variables that carry them."""
    return kept(folder(settings) / "airflow-keys.json", _new_keys)


def serving_token_file(settings: Settings) -> Path:
    """The file that holds the read API's token, as JSON, unless the environment gives one."""
    return folder(settings) / "serving-token.json"


def serving_token(settings: Settings) -> str:
    """What a client of the read API must send.

    Raises:
        PolicyError: the environment's token is too short to be a secret.
    """
    if settings.serving_token is None:
        path = serving_token_file(settings)
        return kept(path, lambda: {"token": secrets.token_urlsafe(32)})["token"]
    token = settings.serving_token.get_secret_value()
    if len(token) < SHORTEST_TOKEN:
        raise PolicyError(
            f"PROMOLOOP_SERVING_TOKEN has {len(token)} characters; expected at least "
            f"{SHORTEST_TOKEN}: make one with `openssl rand -hex 32`"
        )
    return token


def _new_keys() -> dict[str, str]:
    return {
        "AIRFLOW__CORE__FERNET_KEY": base64.urlsafe_b64encode(os.urandom(32)).decode(),
        "AIRFLOW__API__SECRET_KEY": secrets.token_urlsafe(48),
        "AIRFLOW__API_AUTH__JWT_SECRET": secrets.token_urlsafe(64),
    }
