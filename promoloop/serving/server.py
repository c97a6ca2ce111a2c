"""Run the application under uvicorn, in one process or several."""

import copy
import os
import tempfile
from typing import Any

import uvicorn
from uvicorn.config import LOGGING_CONFIG

from ml.settings import Settings
from promoloop import credentials
from promoloop.serving.metrics import SHARED

APP = "promoloop.serving.app:create_app"


def serve(settings: Settings, host: str, port: int, workers: int) -> None:
    """Serve until stopped. Each worker reads and holds the schedule itself."""
    credentials.serving_token(settings)  # made once, before the workers ask for it
    with tempfile.TemporaryDirectory(prefix="promoloop-serving-") as counts:
        if workers > 1:
            os.environ[SHARED] = counts
        uvicorn.run(
            APP,
            factory=True,
            host=host,
            port=port,
            workers=workers,
            access_log=False,
            log_config=_log_config(),
        )


def _log_config() -> dict[str, Any]:
    """Uvicorn's own, and beside it what the application logs."""
    config = copy.deepcopy(LOGGING_CONFIG)
    config["loggers"]["promoloop"] = {"handlers": ["default"], "level": "INFO"}
    return config
