"""Secrets of the local services: made once, readable by their owner only."""

import base64
import os
import secrets
from pathlib import Path

from ml.errors import PolicyError
from ml.secrets import folder, read_or_create, replace
from ml.settings import Settings

ADMIN = "admin"
SHORTEST_TOKEN = 24  # characters


def password_file(settings: Settings) -> Path:
    """The file that holds the passwords of Airflow's users, as JSON."""
    return folder(settings) / "airflow-passwords.json"


def password(settings: Settings, user: str) -> str:
    """The password of a user of Airflow's simple auth manager; made by the first who asks.

    Airflow would make one that is missing itself, and print it.
    """
    path = password_file(settings)
    passwords = read_or_create(path, dict)
    if user not in passwords:
        passwords |= {user: secrets.token_urlsafe(18)}
        replace(path, passwords)
    return passwords[user]


def airflow_keys(settings: Settings) -> dict[str, str]:
    """Airflow's own keys, as the environment variables that carry them."""
    return read_or_create(folder(settings) / "airflow-keys.json", _new_keys)


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
        return read_or_create(path, lambda: {"token": secrets.token_urlsafe(32)})["token"]
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
