from datetime import date

import pandas as pd
import pytest

from benchmarks.recommend.folded import measured, purchases
from benchmarks.recommend.split import split
from ml.affinity.hyperparameters import AlsHyperparameters
from spark_jobs.als.factors import learn
from spark_jobs.als.fold_in import Fitted, fold_in

BEFORE = date(2017, 12, 4)
SMALL = AlsHyperparameters.read().model_copy(update={"rank": 2, "iterations": 3})


@pytest.fixture
def given():
    """Six customers buy a to l; the last lacks l and buys it later."""
    past, later = pd.Timestamp("2017-12-01"), pd.Timestamp("2017-12-05")
    rows = [(f"c{n}", p, past) for n in range(6) for p in "abcdefghijkl" if (n, p) != (5, "l")]
    rows += [("c5", "l", later)]
    return split(pd.DataFrame(rows, columns=["customer_id", "product_id", "sold_on"]), BEFORE)


def test_purchases_are_decayed_and_dated_as_the_mart_has_them():
    days = [pd.Timestamp(BEFORE) - pd.Timedelta(days=days) for days in (1, 113)]
    rows = [(f"c{n}", "tea", days[0]) for n in range(6)] + [("c0", "tea", days[1])]
    sold = pd.DataFrame(rows, columns=["customer_id", "product_id", "sold_on"])

    found = purchases(split(sold, BEFORE), BEFORE).to_pandas()

    assert found["decayed_purchases"].to_list() == pytest.approx([1.5, 1, 1, 1, 1, 1])
    assert set(found["last_bought_on"]) == {date(2017, 12, 3)}


def test_a_fit_and_a_folding_into_it_find_the_same(spark, given):
    bought = spark.createDataFrame(purchases(given, BEFORE))
    products = learn(bought, BEFORE, SMALL).products
    fitted = Fitted(BEFORE, "", products.ids, products.factors)

    fit = measured(given, lambda: learn(bought, BEFORE, SMALL))
    fold = measured(given, lambda: fold_in(bought, BEFORE, fitted, SMALL))

    assert fit["ndcg10_new"] == fold["ndcg10_new"] == 1.0
    assert fit.keys() == fold.keys() == {"ndcg10_repeat", "ndcg10_new", "fit_s", "fit_cpu_s"}
