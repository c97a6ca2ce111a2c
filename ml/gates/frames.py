"""Arrow tables as frames that Great Expectations compares whole columns of."""

from datetime import datetime

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

EARLIEST = pa.scalar(datetime(1700, 1, 1), pa.timestamp("us"))  # noqa: DTZ001
LATEST = pa.scalar(datetime(2200, 1, 1), pa.timestamp("us"))  # noqa: DTZ001


def as_frame(rows: pa.Table) -> pd.DataFrame:
    """Dates and times become nanoseconds, decimals doubles, strings categories.

    Nanoseconds reach from 1677 to 2262; a date beyond is wrong, and stays wrong at 1700
    or 2200.
    """
    for index, field in enumerate(rows.schema):
        if pa.types.is_decimal(field.type):
            rows = rows.set_column(index, field.name, rows[index].cast(pa.float64()))
        elif pa.types.is_date(field.type) or pa.types.is_timestamp(field.type):
            rows = rows.set_column(index, field.name, _nanoseconds(rows[index]))
    return rows.to_pandas(strings_to_categorical=True)


def _nanoseconds(times: pa.ChunkedArray) -> pa.ChunkedArray:
    stamps = times.cast(pa.timestamp("us"))
    stamps = pc.min_element_wise(stamps, LATEST, skip_nulls=False)
    return pc.max_element_wise(stamps, EARLIEST, skip_nulls=False).cast(pa.timestamp("ns"))
