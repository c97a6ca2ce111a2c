import hashlib
import hmac
import json
import stat
from datetime import date

import pyarrow as pa
import pytest

from ml import lake, privacy
from ml.contracts.sources import COUPON_REDEMPTIONS, TRANSACTIONS
from ml.errors import LakeError, PolicyError
from ml.privacy import protected, pseudonym
from ml.settings import settings

KEY = "k" * 64


@pytest.fixture
def keyed(home, monkeypatch):
    monkeypatch.setenv("PROMOLOOP_PSEUDONYM_KEY", KEY)
    settings.cache_clear()
    return home


def forget(*ids):
    lines = [json.dumps({"pseudonym": pseudonym(each)}) + "\n" for each in ids]
    privacy.record_path().parent.mkdir(parents=True)
    privacy.record_path().write_text("".join(lines))


def land(table, *ids):
    rows = pa.record_batch({"customer_id": pa.array(ids, pa.string()), "row": range(len(ids))})
    return pa.Table.from_batches(list(protected(table, iter([rows])))).to_pylist()


@pytest.mark.usefixtures("keyed")
def test_a_pseudonym_is_half_of_the_keyed_hash_that_a_shop_computes_itself():
    theirs = hmac.new(KEY.encode(), b"4711", hashlib.sha256).hexdigest()

    assert pseudonym("4711") == theirs[:32]


def test_a_key_is_made_once_a_state_folder_and_only_its_owner_reads_it(home):
    first = pseudonym("4711")
    (path,) = (home / "run" / "secrets").iterdir()

    assert pseudonym("4711") == first
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(json.loads(path.read_text())["key"]) == 64


@pytest.mark.usefixtures("keyed")
def test_a_key_never_reaches_a_settings_dump_or_an_error(monkeypatch):
    assert KEY not in repr(settings())
    assert "pseudonym_key" not in settings().model_dump(mode="json")

    monkeypatch.setenv("PROMOLOOP_PSEUDONYM_KEY", "short")
    settings.cache_clear()
    with pytest.raises(PolicyError, match="has 5 characters") as error:
        pseudonym("4711")
    assert "short" not in str(error.value)


@pytest.mark.usefixtures("keyed")
def test_a_forgotten_buyer_is_unknown_and_their_other_rows_are_gone():
    forget("ann")

    sales, coupons = land(TRANSACTIONS, "ann", "bob", None), land(COUPON_REDEMPTIONS, "ann", "bob")

    assert sales == [
        {"customer_id": None, "row": 0},
        {"customer_id": pseudonym("bob"), "row": 1},
        {"customer_id": None, "row": 2},
    ]
    assert coupons == [{"customer_id": pseudonym("bob"), "row": 1}]


@pytest.mark.usefixtures("keyed")
def test_another_key_is_refused_before_every_customer_becomes_another(monkeypatch):
    privacy.check_key()
    privacy.check_key()
    monkeypatch.setenv("PROMOLOOP_PSEUDONYM_KEY", "x" * 64)
    settings.cache_clear()

    with pytest.raises(LakeError, match="put back PROMOLOOP_PSEUDONYM_KEY"):
        privacy.check_key()


@pytest.mark.usefixtures("keyed")
def test_days_that_were_landed_under_the_shops_own_ids_are_refused():
    lake.write(TRANSACTIONS, date(2026, 3, 1), TRANSACTIONS.schema.empty_table())

    with pytest.raises(LakeError, match="landed without pseudonyms"):
        privacy.check_key()
