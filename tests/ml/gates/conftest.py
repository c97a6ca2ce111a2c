"""A small shop's files, and the two steps that take them into the lake."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest

from ml.gates.landing import gate_landing
from ml.settings import settings
from ml.sources.landing import land

MAPPING = """
timezone: UTC
tables:
  transactions:
    files: sales*.csv
    columns: {basket_id: basket, customer_id: customer, product_id: product, store_id: store,
              sold_at: time, quantity: pieces, net_sales: paid, shelf_discount: discount}
  products:
    files: products.csv
    columns: {product_id: product, department: department}
"""
HEADER = "basket,customer,product,store,time,pieces,paid,discount"


@dataclass
class Shop:
    folder: Path
    home: Path

    def sell(self, *lines: str, good: int = 100) -> None:
        """Export lines of "basket,product,time,pieces,paid" beside `good` ones a day."""
        rows = [HEADER]
        for day in (1, 2, 3):
            rows += [f"g{day}-{n},c,tea,s,2026-03-0{day} 10:00:00,1,2.5,0" for n in range(good)]
        for line in lines:
            basket, product, day, pieces, paid = line.split(",")
            rows.append(f"{basket},c,{product},s,{day},{pieces},{paid},0")
        (self.folder / "sales.csv").write_text("\n".join(rows) + "\n")

    def run(self, day: str = "2026-03-04") -> None:
        land(date.fromisoformat(day), "files")
        gate_landing(date.fromisoformat(day))

    def landed(self) -> dict[str, bytes]:
        files = sorted((self.home / "lake" / "landing").rglob("*.*"))
        return {str(path): path.read_bytes() for path in files}


@pytest.fixture
def shop(tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "mapping.yml").write_text(MAPPING)
    (folder / "products.csv").write_text("product,department\ntea,DRINKS\ncup,HOME\n")
    monkeypatch.setenv("PROMOLOOP_SOURCE_PATH", str(folder))
    settings.cache_clear()
    made = Shop(folder, home)
    made.sell()
    return made


@pytest.fixture
def change(shop: Shop) -> Callable[[str, str], None]:
    """Replace text in the shop's sales file."""

    def replace(old: str, new: str) -> None:
        path = shop.folder / "sales.csv"
        path.write_text(path.read_text().replace(old, new))

    return replace
