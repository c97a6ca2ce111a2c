"""Customers' baskets before a date, as Parquet shards, and what the whole shop did meanwhile."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa

from ml import lake
from ml.contracts.marts import DIM_PRODUCTS
from ml.contracts.sources import TRANSACTIONS
from ml.errors import ContractError
from ml.landed_days import landed, landed_days

HORIZONS = (7, 28)  # days ahead: the coming week, the coming four weeks
WEEK = 7
LEAST_HISTORY = 56  # days of the shop before the first origin
SHARD = 512  # customers
MEMORY = "1GB"  # DuckDB spills what is more to disk
USUAL_WINDOW = 28  # days over which the shop's purchases of a category are counted
NUMBERS = ("log_spend", "log_price", "discount_share", "log_gap", "log_categories")


@dataclass(frozen=True)
class Histories:
    """Everything known before `as_of`. Days count from `as_of`: -1 is the day before.

    `files` hold one row per basket, ordered by customer, day and basket: customer_id, customer
    (its position in the file), day, `NUMBERS`, categories (codes) and discounts (share off each).
    `origins` (O,) are days that one may forecast from, a week apart, the last one 0. `usual`
    (O, K) is the log of the shop's purchases a customer and day, in the weeks before each.
    `depth` (O, K, horizons) is the share off the regular price in the days after it.
    """

    as_of: date
    files: list[Path]
    customers: int
    categories: list[str]
    origins: np.ndarray
    usual: np.ndarray
    depth: np.ndarray
    inputs: dict[str, str]

    def between(self, since: int, until: int) -> np.ndarray:
        """Positions of the origins on or after `since` whose shortest window ends by `until`."""
        return np.flatnonzero((self.origins >= since) & (self.origins + min(HORIZONS) <= until))


def write_histories(
    as_of: date, categories: int | list[str], baskets: int, folder: Path
) -> Histories:
    """Read what was landed before `as_of` into shards under `folder`.

    Args:
        as_of: nothing sold on this day or later is read.
        categories: how many, those that most customers bought; or their names, in code order.
        baskets: of each customer, the latest.
        folder: made anew; needs about a tenth of the landed lines' size.

    Raises:
        ContractError: the landed history is too short to forecast from and learn.
    """
    days = landed_days(as_of)
    if not days or (as_of - days[0]).days < LEAST_HISTORY + 4 * max(HORIZONS):
        raise ContractError(
            f"{TRANSACTIONS.uri}: {len(days)} days landed before {as_of}, from "
            f"{days[0] if days else 'none'}; propensities need "
            f"{LEAST_HISTORY + 4 * max(HORIZONS)} days: refresh a later date"
        )
    inputs = fingerprint(as_of)
    folder.mkdir(parents=True, exist_ok=True)
    with duckdb.connect() as db:
        db.execute(f"set threads = 2; set memory_limit = '{MEMORY}'")
        db.execute(f"set temp_directory = '{folder / 'spill'}'")
        files = [str(path) for day in days for path in lake.files(TRANSACTIONS, day)]
        _read_lines(db, as_of, files)
        names = categories if isinstance(categories, list) else _top_categories(db, categories)
        codes = pa.table({"category": names, "code": range(len(names))})
        db.register("codes", codes)
        _gather_baskets(db, baskets)
        paths = _write_shards(db, folder)
        last = (as_of - days[0]).days - LEAST_HISTORY
        origins = -WEEK * np.arange(last // WEEK, -1, -1)
        usual, depth = _shop(db, len(names), origins)
        customers = _number(db, "select count(distinct customer_id) from baskets")
    return Histories(as_of, paths, customers, names, origins, usual, depth, inputs)


def fingerprint(as_of: date) -> dict[str, str]:
    """Content hashes of what histories are made of."""
    return lake.inputs([DIM_PRODUCTS], as_of) | landed(as_of)


def _read_lines(db: duckdb.DuckDBPyConnection, as_of: date, files: list[str]) -> None:
    db.execute(
        """
        create temp table lines as
        select
            customer_id, basket_id, (sold_on - $as_of::date)::integer as day, category, quantity,
            net_sales as paid, shelf_discount + coupon_discount + coupon_match_discount as saved
        from read_parquet($files)
        inner join read_parquet($products) using (product_id)
        where is_merchandise and customer_id is not null and sold_on < $as_of
        """,
        {
            "as_of": as_of,
            "files": files,
            "products": [str(path) for path in lake.files(DIM_PRODUCTS, as_of)],
        },
    )


def _top_categories(db: duckdb.DuckDBPyConnection, count: int) -> list[str]:
    """The categories that most customers bought, by name."""
    rows = db.execute(
        """
        select category from lines group by category
        order by count(distinct customer_id) desc, category limit ?
        """,
        [count],
    ).fetchall()
    return sorted(name for (name,) in rows)


def _gather_baskets(db: duckdb.DuckDBPyConnection, count: int) -> None:
    db.execute(
        """
        create temp table baskets as
        with each_basket as (
            select
                customer_id, basket_id, day, count(distinct category) as categories,
                sum(paid::decimal(18, 2)) as paid, sum(saved::decimal(18, 2)) as saved,
                sum(quantity) as quantity
            from lines group by all
        ),
        bags as (
            select
                basket_id, list(code order by code) as codes, list(share order by code) as shares
            from (
                select
                    basket_id, code,
                    sum(saved::decimal(18, 2)) / sum((paid + saved)::decimal(18, 2)) as share
                from lines inner join codes using (category) group by all
            )
            group by basket_id
        )
        select
            dense_rank() over (order by customer_id) - 1 as number,
            customer_id, basket_id, day,
            ln(1 + paid::double) as log_spend,
            ln(0.01 + paid / quantity) as log_price,
            (saved / (paid + saved))::double as discount_share,
            ln(1 + coalesce(
                day - lag(day) over (partition by customer_id order by day, basket_id), 0
            )) as log_gap,
            ln(categories) as log_categories,
            coalesce(codes, []) as categories, coalesce(shares, []) as discounts
        from each_basket left join bags using (basket_id)
        qualify row_number() over (partition by customer_id order by day desc, basket_id desc) <= ?
        """,
        [count],
    )


def _write_shards(db: duckdb.DuckDBPyConnection, folder: Path) -> list[Path]:
    count = 1 + _number(db, "select max(number) from baskets") // SHARD
    paths = [folder / f"{number:06d}.parquet" for number in range(count)]
    columns = ", ".join(f"{name}::float as {name}" for name in NUMBERS)
    for number, path in enumerate(paths):
        db.execute(
            f"""
            copy (
                select
                    customer_id, (number % {SHARD})::integer as customer, day::float as day,
                    {columns}, categories::integer[] as categories, discounts::float[] as discounts
                from baskets where number // {SHARD} = {number}
                order by customer, day, basket_id
            ) to '{path}' (format parquet)
            """
        )
    return paths


def _shop(
    db: duckdb.DuckDBPyConnection, categories: int, origins: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """`usual` (O, K) and `depth` (O, K, horizons) of `Histories`, from sums by day."""
    first = _number(db, "select min(day) from lines")
    by_day = db.execute(
        """
        select
            code, day, count(distinct customer_id) as buyers,
            sum(saved::decimal(18, 2))::double as saved,
            sum((paid + saved)::decimal(18, 2))::double as regular
        from lines inner join codes using (category) group by code, day
        """
    ).fetchnumpy()
    sums = np.zeros((3, categories, -first + 1))  # sums[..., d]: of the days before first + d
    place = np.asarray(by_day["day"]) - first + 1
    for row, name in enumerate(("buyers", "saved", "regular")):
        sums[row, by_day["code"], place] = by_day[name]
    sums = sums.cumsum(axis=-1)
    seen = db.execute("select min(day) as day from lines group by customer_id").fetchnumpy()["day"]

    def total(row: int, start: np.ndarray, end: np.ndarray) -> np.ndarray:
        inside = [np.clip(day - first, 0, -first) for day in (start, end)]
        return (sums[row][:, inside[1]] - sums[row][:, inside[0]]).T

    known = np.searchsorted(np.sort(seen), origins)[:, None]
    usual = np.log((total(0, origins - USUAL_WINDOW, origins) + 1) / (USUAL_WINDOW * known + 1))
    depth = np.stack(
        [
            total(1, origins, origins + days) / np.maximum(total(2, origins, origins + days), 1e-9)
            for days in HORIZONS
        ],
        axis=-1,
    )
    return usual.astype(np.float32), depth.astype(np.float32)


def _number(db: duckdb.DuckDBPyConnection, query: str) -> int:
    return int(db.execute(query).fetchall()[0][0])
