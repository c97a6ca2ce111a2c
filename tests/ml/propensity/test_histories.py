"""Baskets become shards and labels: what was bought when, and nothing later."""

from datetime import date, timedelta

import numpy as np
import pyarrow.parquet as pq
import pytest

from ml.errors import ContractError
from ml.propensity.examples import UNKNOWN, Span, batches, customers, labels
from ml.propensity.histories import write_histories

AS_OF, DAYS, CUSTOMERS = date(2017, 7, 3), 175, 30  # of the shop in conftest


def test_baskets_carry_their_categories_and_discounts(histories, small):
    known, ids = next(customers(histories, small))
    assert list(ids) == [f"c{c:02d}" for c in range(CUSTOMERS)]
    assert histories.categories == ["milk", "tea", "wine"]
    assert (known["days"] == np.arange(-84, 0, 7)).all()
    assert known["bought"][..., 0].all()  # milk every time
    assert known["bought"][::2, :, 2].sum() == 0  # wine is for the odd ones
    assert set(known["discount"][known["bought"] > 0]) == {0.0, 0.5}
    assert known["discount"][..., 0].sum() == 0  # milk is never reduced


def test_depth_ahead_is_the_share_off_in_that_week(histories):
    tea = histories.depth[:-1, 1, 0]
    assert set(np.round(tea, 6)) == {0.0, 0.5}
    assert (histories.depth[-1] == 0).all()  # nothing is known of what follows the as-of date
    assert (histories.depth[:, 0] == 0).all()


def test_labels_say_what_was_bought_in_the_days_after_an_origin(histories, small):
    known, _ = next(customers(histories, small))
    places = histories.between(-28, 0)
    found = labels(histories, known, places, 0)
    assert (found[:, :, 0, 0] == 1).all()  # milk, the coming week
    assert (found[:, 1:, :, 1] == UNKNOWN).all()  # four weeks end after the as-of date
    wine = known["bought"][:, :, 2] * ((known["days"] >= -28) & (known["days"] < 0))
    assert (found[:, 0, 2, 1] == (wine.sum(1) > 0)).all()


def test_only_the_latest_baskets_are_kept_and_earlier_origins_not_learnt(shop, home, small):
    shop()
    short = write_histories(AS_OF, 3, 4, home / "short")
    known, _ = next(customers(short, small))
    assert known["days"][known["days"] < 0].min() == -28
    found = labels(short, known, short.between(-42, 0), 0)
    assert (found[:, :3] == UNKNOWN).all()
    assert (found[:, 3:, :, 0] != UNKNOWN).all()


def test_the_future_changes_no_byte(shop, home):
    def bytes_of(name):
        made = write_histories(AS_OF, 3, 12, home / name)
        arrays = (made.usual, made.depth, made.origins)
        return [p.read_bytes() for p in made.files], [a.tobytes() for a in arrays]

    shop()
    alone = bytes_of("alone")
    shop(after=60, seed=4)
    assert bytes_of("with_a_future") == alone
    shop(after=60, seed=5)
    assert bytes_of("with_another") == alone


def test_every_customer_is_seen_once_a_pass_in_another_order(histories, small):
    data = batches(histories, Span(-100, -28), small, 7, 0)
    first, second = (
        inputs["bought"].numpy() for (inputs, _), _ in zip(data, range(2), strict=False)
    )
    order = [sorted(row.tobytes() for row in part) for part in (first, second)]
    assert order[0] == order[1]
    assert first.tobytes() != second.tobytes()


def test_a_history_too_short_is_refused(shop, home):
    shop()
    with pytest.raises(ContractError, match="propensities need 168 days"):
        write_histories(AS_OF - timedelta(days=30), 3, 40, home)


def test_shards_hold_one_row_per_basket(histories):
    assert pq.read_metadata(histories.files[0]).num_rows == CUSTOMERS * 12
