"""The targets by name, made from the settings."""

from collections.abc import Callable, Iterable

from pydantic import SecretStr

from ml.errors import PolicyError
from ml.publishing.feeds.icalendar import check_calendar
from ml.publishing.feeds.merchant_check import check_feed
from ml.publishing.targets.feed_files import Feed
from ml.publishing.targets.files import Files
from ml.publishing.targets.postgres import Postgres
from ml.publishing.targets.target import Target
from ml.publishing.targets.webhook import Webhook
from ml.settings import settings

# In the order they are flipped: what fails most easily goes first; a receiver of webhooks reads
# the others, so it goes last.
MAKE: dict[str, Callable[[], Target]] = {
    "postgres": lambda: Postgres(_needed("postgres_url")),
    "files": Files,
    "merchant": lambda: Feed("merchant", "promotions.tsv", check_feed, settings().feeds),
    "calendar": lambda: Feed("calendar", "promotions.ics", check_calendar, settings().feeds),
    "webhook": lambda: Webhook(_needed("webhook_url"), _needed("webhook_secret")),
}


def chosen() -> list[Target]:
    """The targets that the settings name, in the order they are flipped."""
    return named(settings().targets)


def named(names: Iterable[str]) -> list[Target]:
    """Targets by name, in the order they are flipped.

    Raises:
        PolicyError: a setting that one of them needs is empty.
    """
    wanted = set(names)
    return [make() for name, make in MAKE.items() if name in wanted]


def _needed(name: str) -> str:
    value: SecretStr | None = getattr(settings(), name)
    if value is None:
        raise PolicyError(
            f"PROMOLOOP_{name.upper()} is empty and a publish target needs it; set it, or take "
            f"that target out of PROMOLOOP_TARGETS (received {','.join(settings().targets)})"
        )
    return value.get_secret_value()
