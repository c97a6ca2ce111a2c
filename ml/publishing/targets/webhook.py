"""Notify another system of every change of schedule, signed as Standard Webhooks are.

A receiver gets two messages: `schedule.prepared`, which it may refuse with any status but 2xx, and
`schedule.live`. `webhook-id` is the same in every retry, so it can drop what it had already.
Source: Standard Webhooks specification 1.0.0 (headers webhook-id, webhook-timestamp,
webhook-signature; HMAC-SHA256 over id, timestamp and body).
"""

import hashlib
import json
import logging
from datetime import UTC, datetime
from urllib.parse import urlsplit

import requests
from standardwebhooks import Webhook as Signer
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential

from ml import lake
from ml.errors import TargetError
from ml.publishing.targets.target import Release
from ml.releases import store

log = logging.getLogger(__name__)

ATTEMPTS = 4
SECONDS = 10
TRY_AGAIN = {408, 425, 429, 500, 502, 503, 504}


class Unavailable(Exception):
    """The receiver may take the same message a little later."""


class Webhook:
    name = "webhook"

    def __init__(self, url: str, secret: str) -> None:
        self._url = url
        self._host = urlsplit(url).hostname or "the receiver"
        try:
            self._signer = Signer(secret)
        except Exception:  # noqa: BLE001 - the library raises several kinds, with the secret in
            raise TargetError(
                "PROMOLOOP_WEBHOOK_SECRET is no secret of Standard Webhooks; expected whsec_ and "
                "base64, for example the output of `openssl rand -base64 32` behind whsec_"
            ) from None

    def live(self) -> str | None:
        """The version sent last: all targets change together, so it is what the files show."""
        return store.current()

    def prepare(self, release: Release) -> None:
        manifest = (release.folder / lake.MANIFEST).read_bytes()
        more = {"sha256": hashlib.sha256(manifest).hexdigest()}
        self._send("schedule.prepared", release.version, release.move, more)

    def flip(self, version: str | None, move: int) -> None:
        self._send("schedule.live", version, move, {})

    def _send(self, kind: str, version: str | None, move: int, more: dict[str, str]) -> None:
        event = {"type": kind, "data": {"plan_version": version, "move": move} | more}
        body = json.dumps(event, sort_keys=True)
        again = Retrying(
            retry=retry_if_exception_type(Unavailable),
            stop=stop_after_attempt(ATTEMPTS),
            wait=wait_exponential(multiplier=0.25, max=8),
            reraise=True,
        )
        try:
            again(self._post, f"{version or 'none'}.{move}.{kind}", body)
        except Unavailable as error:
            raise TargetError(
                f"{self._host} answered {error} {ATTEMPTS} times to {kind}; see that it is up"
            ) from None

    def _post(self, message_id: str, body: str) -> None:
        now = datetime.now(UTC)
        headers = {
            "content-type": "application/json",
            "webhook-id": message_id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": self._signer.sign(message_id, now, body),
        }
        try:
            answer = requests.post(
                self._url, body.encode(), headers=headers, timeout=SECONDS, allow_redirects=False
            )
        except (requests.ConnectionError, requests.Timeout) as error:
            raise Unavailable(type(error).__name__) from None
        except requests.RequestException as error:
            raise TargetError(
                f"PROMOLOOP_WEBHOOK_URL cannot be called: {type(error).__name__}; expected an "
                "https:// address"
            ) from None
        if answer.status_code in TRY_AGAIN:
            raise Unavailable(f"status {answer.status_code}")
        if not 200 <= answer.status_code < 300:
            raise TargetError(
                f"{self._host} refused {message_id} with status {answer.status_code}; see its log"
            )
