from datetime import date

import numpy as np
import pandas as pd

from benchmarks.recommend.split import lists, split

LINES = pd.DataFrame(
    {
        "customer_id": list("aabbcdda"),
        "product_id": list("xyxyxxyz"),
        "sold_on": pd.to_datetime(["2017-01-01"] * 4 + ["2017-01-02"] + ["2017-01-06"] * 3),
    }
)
GIVEN = split(LINES, date(2017, 1, 5), minimum_buyers=2)


def test_what_is_wanted_is_bought_later_by_known_customers_among_known_products():
    later = pd.DataFrame(
        {"customer_id": ["c", "c"], "product_id": ["x", "y"], "sold_on": pd.Timestamp("2017-01-07")}
    )

    given = split(pd.concat([LINES, later]), date(2017, 1, 5), minimum_buyers=2)

    assert (given.customers, given.products) == (["a", "b", "c"], ["x", "y"])
    assert given.wanted.toarray().tolist() == [[False, False], [False, False], [True, True]]
    assert given.wanted_new.toarray().tolist() == [[False, False], [False, False], [False, True]]


def test_customers_drawn_have_bought_and_want_what_their_originals_do():
    later = LINES.assign(product_id="x", sold_on=pd.Timestamp("2017-01-06")).iloc[:1]  # a's
    given = split(pd.concat([LINES[:5], later]), date(2017, 1, 5), minimum_buyers=1)

    drawn = given.drawn(np.array([1, 0, 1]))

    def bought(split):
        return split.matrix(np.ones(len(split.pairs))).toarray()

    np.testing.assert_array_equal(bought(drawn), bought(given)[[1, 0, 1]])
    np.testing.assert_array_equal(drawn.wanted.toarray(), given.wanted.toarray()[[1, 0, 1]])
    assert drawn.customers == ["b", "a", "b"]
    assert drawn.wanted_new.nnz == 0


def test_ranked_rows_become_lists_of_positions():
    ranked = pd.DataFrame({"customer_id": ["a", "b"], "product_id": ["x", "y"], "rank": [1, 2]})

    found = lists(ranked, "rank", GIVEN.customers, GIVEN.products)

    assert found[:, :2].tolist() == [[0, -1], [-1, 1], [-1, -1]]
