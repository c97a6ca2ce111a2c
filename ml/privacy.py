"""Customers under pseudonyms: no table of the lake knows a shop's own customer id.

A pseudonym is the keyed hash of the id (HMAC-SHA-256; Bellare, Canetti and Krawczyk, RFC 2104,
1997), cut to its first 128 bits: the same key gives the same pseudonym, and without the key
nobody can try ids until one fits.
"""

import hmac
import json
import secrets
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

import pyarrow as pa
import pyarrow.compute as pc

from ml import lake
from ml.contracts.sources import TRANSACTIONS
from ml.contracts.table import Table
from ml.errors import LakeError, PolicyError
from ml.files import read_json_lines, replace_text, to_json
from ml.secrets import folder, read_or_create
from ml.settings import settings

Rows = TypeVar("Rows", pa.RecordBatch, pa.Table)

CUSTOMER = "customer_id"
DIGITS = 32  # hexadecimal, 4 bits each
SHORTEST_KEY = 32  # characters


def pseudonym(customer_id: str) -> str:
    """The pseudonym of a shop's customer id, as it is written in the source."""
    return _hash(_key(), customer_id)


def protected(table: Table, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """The rows under pseudonyms and without forgotten customers.

    A row that may lack its customer stays as an unknown buyer's, any other row of a
    forgotten customer goes.
    """
    gone = pa.array(sorted(forgotten()), pa.string())
    key = _key()
    for batch in batches:
        names = _hashed(key, batch[CUSTOMER])
        place = batch.schema.get_field_index(CUSTOMER)
        yield without(table, batch.set_column(place, CUSTOMER, names), gone)


def without(table: Table | None, rows: Rows, gone: pa.Array) -> Rows:
    """`rows`, pseudonyms already, with nothing left of the customers in `gone`.

    `table` is None where no contract lets a customer be unknown.
    """
    theirs = pc.is_in(rows[CUSTOMER], gone)
    if table is None or not _may_be_unknown(table):
        return rows.filter(pc.invert(theirs))
    place = rows.schema.get_field_index(CUSTOMER)
    field = rows.schema.field(place)
    return rows.set_column(place, field, pc.if_else(theirs, None, rows[CUSTOMER]))


def _may_be_unknown(table: Table) -> bool:
    return any(column.name == CUSTOMER and column.nullable for column in table.columns)


def forgotten() -> set[str]:
    """The pseudonyms of customers who are never landed again."""
    return {entry["pseudonym"] for entry in read_json_lines(record_path())}


def record_path() -> Path:
    """Who was forgotten, one line a request."""
    return settings().home.absolute() / "privacy" / "forgotten.jsonl"


def check_key() -> None:
    """Remember the key that this state's pseudonyms are made with; refuse any other.

    Raises:
        LakeError: the key changed, or customers were landed before there were pseudonyms.
        PolicyError: the key is too short.
    """
    path = record_path().with_name("key.json")
    check = {"check": _hash(_key(), "which key is this")}
    if not path.is_file():
        if lake.partitions(TRANSACTIONS):
            raise LakeError(
                f"{settings().lake} holds days that were landed without pseudonyms; expected "
                "none: move the lake and warehouse.duckdb away, and every day lands again"
            )
        replace_text(path, to_json(check))
    elif json.loads(path.read_text()) != check:
        raise LakeError(
            "the key of the pseudonyms is not the one this state was landed with, so every "
            "customer would become another; put back PROMOLOOP_PSEUDONYM_KEY or "
            f"{_key_file()}, or begin a new state folder"
        )


def _key() -> bytes:
    given = settings().pseudonym_key
    if given is None:
        return _generated_key(_key_file())
    text = given.get_secret_value()
    if len(text) < SHORTEST_KEY:
        raise PolicyError(
            f"PROMOLOOP_PSEUDONYM_KEY has {len(text)} characters; expected at least "
            f"{SHORTEST_KEY}: make one with `openssl rand -hex 32`"
        )
    return text.encode()


@lru_cache
def _generated_key(path: Path) -> bytes:
    return read_or_create(path, lambda: {"key": secrets.token_hex(32)})["key"].encode()


def _key_file() -> Path:
    return folder(settings()) / "pseudonyms.json"


def _hashed(key: bytes, ids: pa.Array) -> pa.Array:
    """Each id's pseudonym; no id, no pseudonym."""
    coded = ids.dictionary_encode()
    names = [_hash(key, each) for each in coded.dictionary.to_pylist()]
    return pa.array(names, pa.string()).take(coded.indices)


def _hash(key: bytes, customer_id: str) -> str:
    return hmac.digest(key, customer_id.encode(), "sha256").hex()[:DIGITS]
