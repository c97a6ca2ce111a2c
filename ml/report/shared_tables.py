"""The tables of a day that the report shares with the other files of a release."""

from dataclasses import dataclass
from datetime import date

import pandas as pd

from ml import lake
from ml.contracts.marts import DIM_CUSTOMERS, DIM_PRODUCTS, FCT_CUSTOMER_PRODUCTS
from ml.contracts.outputs import RESPONSES
from ml.contracts.profiles import CUSTOMER_SEGMENTS
from ml.contracts.table import Table


@dataclass(frozen=True)
class SharedTables:
    """Rows of PLAN, DIM_PRODUCTS, RESPONSES and of three tables of customers.

    Those are DIM_CUSTOMERS, FCT_CUSTOMER_PRODUCTS and CUSTOMER_SEGMENTS; the last is empty where
    the day has no segments.
    """

    plan: pd.DataFrame
    products: pd.DataFrame
    responses: pd.DataFrame
    customers: pd.DataFrame
    purchases: pd.DataFrame
    segments: pd.DataFrame


def read_shared_tables(as_of: date, plan: pd.DataFrame) -> SharedTables:
    """Read each once, beside `plan`, the rows of PLAN.

    Raises:
        LakeError: a table of as_of is missing.
    """
    return SharedTables(
        plan=plan,
        products=lake.read(DIM_PRODUCTS, as_of),
        responses=lake.read(RESPONSES, as_of),
        customers=lake.read(DIM_CUSTOMERS, as_of),
        purchases=lake.read(FCT_CUSTOMER_PRODUCTS, as_of),
        segments=read_if_written(CUSTOMER_SEGMENTS, as_of),
    )


def read_if_written(table: Table, as_of: date) -> pd.DataFrame:
    """The partition, or no row where its stage did not run for this day."""
    if as_of in lake.partitions(table):
        return lake.read(table, as_of)
    return pd.DataFrame(columns=table.column_names)
