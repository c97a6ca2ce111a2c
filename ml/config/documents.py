"""Reading the YAML files that people edit: policy, assumptions, gates."""

import re
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from ml.errors import PolicyError


class Document(BaseModel):
    """A part of a YAML file; an unexpected key is refused, not ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)


AnyDocument = TypeVar("AnyDocument", bound=Document)


def read_document(path: Path, model: type[AnyDocument]) -> AnyDocument:
    """The file's content, checked.

    Raises:
        PolicyError: the file is missing or is not YAML, or a key breaks its rule; the
            message names file, key, rule, the value received and the remedy.
    """
    if not path.is_file():
        raise PolicyError(f"{path} is missing; restore it or point the setting at another file")
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise PolicyError(f"{path} is not YAML in UTF-8: {error}; correct that line") from error
    return checked(content, model, str(path), "Correct the file and run again")


def with_values(path: Path, document: Document) -> str:
    """The file's text with its comments, and the document's values at its top-level keys."""
    text = path.read_text(encoding="utf-8")
    for name, value in document.model_dump().items():
        text = re.sub(rf"^{name}: \S+", f"{name}: {value}", text, flags=re.MULTILINE)
    return text


def checked(content: Any, model: type[AnyDocument], name: str, remedy: str) -> AnyDocument:
    """`content` as a document; `name` and `remedy` complete the message when a key breaks its rule.

    Raises:
        PolicyError: a key breaks its rule.
    """
    try:
        return model.model_validate(content)
    except ValidationError as error:
        broken = "; ".join(_rule(e["loc"], e["msg"], e.get("input")) for e in error.errors())
        raise PolicyError(f"{name}: {broken}. {remedy}") from error


def _rule(location: tuple[int | str, ...], rule: str, received: object) -> str:
    key = ".".join(str(part) for part in location) or "the file"
    return f"{key}: {rule} (received {received!r})"
