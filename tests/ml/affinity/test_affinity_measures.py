from math import log2

import numpy as np
import pytest
from scipy import sparse

from ml.affinity.measures import ranking_measures


def test_measures_are_what_a_hand_computes():
    lists = np.full((3, 10), -1)
    lists[0, :4] = [3, 1, 2, 0]  # finds product 1 in second place and 0 in fourth, misses 4
    lists[1, :2] = [2, 3]  # finds nothing
    lists[2, 0] = 4  # wants nothing: not judged, and not part of coverage
    wanted = sparse.csr_array(
        np.array([[1, 1, 0, 0, 1], [1, 0, 0, 0, 0], [0, 0, 0, 0, 0]], dtype=bool)
    )

    found = ranking_measures(lists, wanted)

    ideal = 1 + 1 / log2(3) + 1 / log2(4)
    assert found["ndcg10"] == pytest.approx((1 / log2(3) + 1 / log2(5)) / ideal / 2)
    assert found["recall10"] == pytest.approx((2 / 3 + 0) / 2)
    assert found["map10"] == pytest.approx((1 / 2 + 2 / 4) / 3 / 2)
    assert found["coverage"] == pytest.approx(4 / 5)
