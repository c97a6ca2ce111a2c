"""A proposed plan of thousands of lines beside a live one: a real release, multiplied."""

import json
import logging
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq

from benchmarks.serve.large_plans import multiplied
from ml import lake
from ml.contracts.outputs import PLAN
from ml.errors import LakeError
from ml.files import replace_text, to_json
from ml.publishing.release_files import DOSSIER, PRODUCTS
from ml.releases import history, proposed, store
from ml.releases.schedule import SCHEDULE
from ml.settings import settings

log = logging.getLogger(__name__)
Dossier = dict[str, Any]
NEW, CHEAPER = 20, 3  # one line in so many is in one plan only, or cheaper than in the live one
CENT = 0.01


def real_release() -> tuple[pd.DataFrame, Dossier]:
    """The lines and the dossier of the plan that is live in this home.

    Raises:
        LakeError: nothing is published, or it has no dossier.
    """
    version = store.current()
    if version is None or not (store.folder(version) / PRODUCTS).is_file():
        raise LakeError(f"live here is {version}, which holds no {PRODUCTS}: run `make demo` first")
    path = store.folder(version) / DOSSIER
    lines = pd.read_parquet(path.parent / SCHEDULE)
    products = [json.loads(line) for line in (path.parent / PRODUCTS).open(encoding="utf-8")]
    return lines, json.loads(path.read_text(encoding="utf-8")) | {"products": products}


def stock_up(lines: pd.DataFrame, dossier: Dossier, size: int) -> str:
    """Make a live plan and a proposed one of `size` lines each; returns the proposed version.

    A twentieth of the lines is added, as many are removed, and a third is on other terms.
    """
    first = lines["as_of"].iloc[0]
    days = [first, first + timedelta(days=1)]
    versions = [f"{day}-{k:08x}" for k, day in enumerate(days)]
    spare = size // NEW
    copies = range(-(-(size + spare) // len(lines)))
    many = pd.concat([multiplied(lines, k) for k in copies], ignore_index=True)
    whole = _multiplied(dossier, copies)
    shown = many.iloc[:size], many.iloc[spare : spare + size]
    settings().published.mkdir(parents=True)
    for version, day, rows in zip(versions, days, shown, strict=True):
        fill = partial(_fill, version, rows.assign(plan_version=version, as_of=day), whole)
        store.build(proposed.proposed(version), fill)
        _write_review(version, "proposed")
    proposed.proposed(versions[0]).rename(store.folder(versions[0]))
    store.point_at(versions[0])
    log.info("plan %s: %d lines, live is %s", versions[1], size, versions[0])
    return versions[1]


def _multiplied(dossier: Dossier, copies: range) -> Dossier:
    """The dossier of the same lines, by their new products and promotions."""
    names = {f"{key}-{k}": name for k in copies for key, name in dossier["names"].items()}
    products = [_copied(product, k) for k in copies for product in dossier["products"]]
    return dossier | {"names": names, "products": products}


def _copied(product: Dossier, number: int) -> Dossier:
    others = {f"{key}-{number}": options for key, options in product["alternatives"].items()}
    return product | {"product_id": f"{product['product_id']}-{number}", "alternatives": others}


def _fill(version: str, lines: pd.DataFrame, dossier: Dossier, folder: Path) -> None:
    cheaper = (lines.index % CHEAPER == 0) & version.endswith("1")
    lines = lines.assign(promo_price=(lines["promo_price"] - CENT * cheaper).clip(lower=CENT))
    pq.write_table(lake.conform(PLAN, lines), folder / SCHEDULE, compression="zstd")
    head = {name: value for name, value in dossier.items() if name != "products"}
    (folder / DOSSIER).write_text(json.dumps(head), encoding="utf-8")
    products = (json.dumps(each, separators=(",", ":")) + "\n" for each in dossier["products"])
    (folder / PRODUCTS).write_text("".join(products), encoding="utf-8")
    files = [{"name": name, "sha256": sha} for name, sha in store.digests(folder).items()]
    manifest = {"plan_version": version, "as_of": version[:10], "files": files}
    (folder / lake.MANIFEST).write_text(to_json(manifest), encoding="utf-8")


def _write_review(version: str, state: str) -> None:
    review = {"plan_version": version, "state": state, "proposed_by": "bench", "by": "bench"}
    replace_text(proposed.review_path(version), to_json(review))
    history.record(state, version, "bench")
