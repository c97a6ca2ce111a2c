"""The adapters by name."""

from ml.errors import SourceError
from ml.settings import settings
from ml.sources.source import Source


def open_source(name: str | None = None) -> Source:
    """The adapter called `name`, or the deployment's own.

    Raises:
        SourceError: there is no such adapter, or it lacks its folder.
    """
    name = name or settings().source
    if name == "complete_journey":
        from ml.sources.complete_journey import CompleteJourney

        return CompleteJourney()
    if name == "files":
        from ml.sources.files import Files

        return Files.at(settings().source_path)
    raise SourceError(
        f"source {name!r} is not known; set PROMOLOOP_SOURCE to complete_journey or files"
    )
