import os
import subprocess
import sys
from datetime import date

import pandas as pd
import pytest

from ml import lake
from ml.contracts.table import Column, Table
from ml.errors import ContractError, LakeError
from ml.settings import PROJECT

D = date(2017, 12, 4)
PRICES = Table(
    name="prices",
    layer="marts",
    grain="One row per product.",
    key=("product_id",),
    columns=(
        Column("product_id", "string"),
        Column("price", "double", nullable=True),
    ),
)


def prices(*rows):
    return pd.DataFrame(rows, columns=["product_id", "price"])


def test_what_is_written_is_read_back_in_key_order(home):
    lake.write(PRICES, D, prices(("b", 2.0), ("a", 1.0)))

    assert lake.read(PRICES, D).to_dict("list") == {"product_id": ["a", "b"], "price": [1.0, 2.0]}


def test_the_same_rows_in_another_order_give_the_same_bytes(home):
    first = lake.write(PRICES, D, prices(("b", 2.0), ("a", 1.0)))
    text = (lake.folder(PRICES, D) / lake.MANIFEST).read_bytes()

    again = lake.write(PRICES, D, prices(("a", 1.0), ("b", 2.0)))

    assert again == first
    assert (lake.folder(PRICES, D) / lake.MANIFEST).read_bytes() == text


def test_a_rewrite_leaves_no_file_of_the_old_content(home):
    lake.write(PRICES, D, prices(("a", 1.0)))
    lake.write(PRICES, D, prices(("a", 3.0)))

    assert sorted(p.name for p in lake.folder(PRICES, D).iterdir()) == sorted(
        [lake.MANIFEST, lake.manifest(PRICES, D).files[0].name]
    )
    assert lake.read(PRICES, D)["price"].tolist() == [3.0]


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (pd.DataFrame({"product_id": ["a"]}), r"columns \['price'\] are missing"),
        (prices(("a", "cheap")), "wrong type"),
        (prices((None, 1.0)), "1 nulls"),
        (prices(("a", 1.0), ("a", 2.0)), "not unique, for example .*'a'"),
    ],
)
def test_a_frame_that_breaks_its_contract_changes_nothing(home, frame, message):
    before = lake.write(PRICES, D, prices(("a", 1.0)))

    with pytest.raises(ContractError, match=message):
        lake.write(PRICES, D, frame)

    assert lake.manifest(PRICES, D) == before
    assert lake.read(PRICES, D)["price"].tolist() == [1.0]


def test_a_missing_partition_is_named_with_what_to_do(home):
    with pytest.raises(LakeError, match=r"as_of=2017-12-04 is missing .*run the stage"):
        lake.read(PRICES, D)


def test_latest_never_looks_past_the_as_of_date(home):
    lake.write(PRICES, date(2017, 12, 3), prices(("a", 1.0)))
    lake.write(PRICES, date(2017, 12, 5), prices(("a", 2.0)))

    assert lake.latest(PRICES, D) == date(2017, 12, 3)


KILLED_WRITER = """
import os, sys
from datetime import date
import pandas as pd
from ml import lake
from tests_lake_contract import PRICES

def die(*_):
    os._exit(9)

setattr(*{target}, die)
lake.write(PRICES, date(2017, 12, 4), pd.DataFrame({{"product_id": ["a"], "price": [9.0]}}))
"""


@pytest.mark.parametrize(
    "target",
    [
        '(lake, "sync")',
        '(lake, "replace_text")',
        '(__import__("pathlib").Path, "replace")',
        '(lake, "to_json")',
    ],
)
def test_a_writer_killed_before_the_manifest_moves_leaves_the_old_partition(home, tmp_path, target):
    lake.write(PRICES, D, prices(("a", 1.0)))
    contract = "from ml.contracts.table import Column, Table\nPRICES = " + repr(PRICES)
    (tmp_path / "tests_lake_contract.py").write_text(contract)

    killed = subprocess.run(
        [sys.executable, "-c", KILLED_WRITER.format(target=target)],
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        check=False,
    )

    assert killed.returncode == 9
    assert lake.read(PRICES, D)["price"].tolist() == [1.0]
    assert lake.write(PRICES, D, prices(("a", 9.0))).rows == 1
    assert lake.read(PRICES, D)["price"].tolist() == [9.0]


def test_the_code_version_covers_what_makes_partitions_and_releases_and_nothing_else():
    hashed = {path.relative_to(PROJECT).as_posix() for path in lake.code_files()}

    assert hashed >= {
        "ml/report/page.css",
        "spark_jobs/affinity.py",
        "dbt_project/dbt_project.yml",
        "dbt_project/seeds/holidays.csv",
    }
    tops = {name.split("/")[0] for name in hashed}
    assert tops == {"ml", "spark_jobs", "dbt_project"}
    assert not [name for name in hashed if name.startswith("ml/publishing/targets/")]
