"""A shop with several large plans that may be published: real lines, multiplied."""

import logging
from datetime import date, timedelta
from functools import partial
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq

from ml import lake
from ml.contracts.offers import OFFERS_FILE
from ml.contracts.outputs import PLAN
from ml.errors import LakeError
from ml.files import replace_text, to_json
from ml.promotions.gate_verdict import write_verdict
from ml.publishing import approval
from ml.releases import proposed, store
from ml.releases.schedule import SCHEDULE

log = logging.getLogger(__name__)
CENT = 0.01
OFFER_COPIES = 16


def real_lines() -> tuple[pd.DataFrame, pd.DataFrame]:
    """The lines and offers that are live in this home.

    Raises:
        LakeError: nothing is published, or by an older program.
    """
    version = store.current()
    if version is None:
        raise LakeError("nothing is published here to multiply; run `make demo` first")
    folder = store.folder(version)
    lines = pd.read_parquet(folder / SCHEDULE)
    if missing := [name for name in PLAN.column_names if name not in lines]:
        raise LakeError(f"{version} lacks the columns {missing}; run `make demo` again")
    return lines, pd.read_parquet(folder / OFFERS_FILE)


def stock_up(lines: pd.DataFrame, offers: pd.DataFrame, size: int, plans: int) -> list[date]:
    """Make `plans` approved plans of `size` lines, of the days that are returned.

    Plan k is cheaper by k + 1 cents on every line, so that no line of one is one of another.
    """
    first = lines["as_of"].iloc[0]
    days = [first + timedelta(days=k) for k in range(plans)]
    copies = range(-(-size // len(lines)))
    many = pd.concat([multiplied(lines, k) for k in copies], ignore_index=True).iloc[:size]
    shown = pd.concat([multiplied(offers, k) for k in copies[:OFFER_COPIES]], ignore_index=True)
    shown = shown[shown["promotion_id"].isin(many["promotion_id"])]
    for k, day in enumerate(days):
        version = f"{day}-{k:08x}"
        price = (many["promo_price"] - (k + 1) * CENT).clip(lower=CENT).round(4)
        _approved(
            day, version, many.assign(plan_version=version, as_of=day, promo_price=price), shown
        )
        log.info("plan %s: %d lines, %d offers", version, len(many), len(shown))
    return days


def multiplied(rows: pd.DataFrame, number: int) -> pd.DataFrame:
    """The same rows for other products and other customers."""
    keys = ["product_id", "promotion_id", "customer_id", "gift_product_id", "bundle_product_id"]
    return rows.assign(**{key: rows[key] + f"-{number}" for key in keys if key in rows})


def _approved(day: date, version: str, lines: pd.DataFrame, offers: pd.DataFrame) -> None:
    """What a run leaves before it publishes, without the report and the feed."""
    lake.write(PLAN, day, lines)
    write_verdict(day, version, passed=True)
    store.build(proposed.proposed(version), partial(_fill, version, lines, offers))
    seal = store.seal(proposed.proposed(version))
    review = {"plan_version": version, "seal": seal, "state": approval.APPROVED}
    replace_text(
        proposed.review_path(version), to_json(review | {"proposed_by": "bench", "by": "bench"})
    )


def _fill(version: str, lines: pd.DataFrame, offers: pd.DataFrame, folder: Path) -> None:
    (folder / OFFERS_FILE).parent.mkdir()
    pq.write_table(lake.conform(PLAN, lines), folder / SCHEDULE, compression="zstd")
    offers.to_parquet(folder / OFFERS_FILE, compression="zstd")
    files = [{"name": name, "sha256": sha} for name, sha in store.digests(folder).items()]
    manifest = {"plan_version": version, "files": files}
    (folder / lake.MANIFEST).write_text(to_json(manifest), encoding="utf-8")
