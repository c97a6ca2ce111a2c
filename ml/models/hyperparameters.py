"""Hyperparameters of a model: one YAML file each under mlflow/, checked."""

from pathlib import Path
from typing import ClassVar, Self

from ml.config.documents import Document, read_document
from ml.settings import settings


class Hyperparameters(Document):
    """Base of every model's hyperparameters; `path_setting` names the setting with the file."""

    path_setting: ClassVar[str]

    @classmethod
    def default_path(cls) -> Path:
        """The file that the deployment's settings name."""
        return Path(getattr(settings(), cls.path_setting))

    @classmethod
    def read(cls, path: Path | None = None) -> Self:
        """The hyperparameters in `path`, by default in `default_path()`.

        Raises:
            PolicyError: the file is missing, or a key is unknown, missing or out of its range.
        """
        return read_document(path or cls.default_path(), cls)
