"""Files a retailer might hand over."""

from collections.abc import Callable
from pathlib import Path

import pytest

from ml.sources.files import Files

PRODUCTS = """
  products:
    files: products.csv
    columns: {product_id: id}
"""


@pytest.fixture
def files(tmp_path: Path, home: Path) -> Callable[..., Files]:
    """A `files` source of one sales file and the mapping of its table."""

    def make(sales: str, mapping: str, timezone: str = "UTC", encoding: str = "utf-8") -> Files:
        (tmp_path / "sales.csv").write_bytes(sales.encode(encoding))
        (tmp_path / "products.csv").write_text("id\ntea\n")
        (tmp_path / "mapping.yml").write_text(
            f"timezone: {timezone}\ntables:\n  transactions:\n    files: sales.csv\n"
            f"    {mapping}\n{PRODUCTS}"
        )
        return Files(tmp_path)

    return make
