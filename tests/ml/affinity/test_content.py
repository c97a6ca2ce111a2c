import numpy as np
import pandas as pd
import pytest

from ml.affinity.content import ATTRIBUTES, content

TEA = ("GROCERY", "TEA", "GREEN TEA BAGS", "National", "7", "20 CT")
PRODUCTS = pd.DataFrame(
    [
        TEA,
        (*TEA[:2], "BLACK TEA BAGS", *TEA[3:]),
        ("GROCERY", "COFFEE", "GROUND COFFEE", "National", "8", None),
        ("DRUG GM", "HAIR CARE", "SHAMPOO", "Private", "9", None),
    ],
    columns=list(ATTRIBUTES),
)


def test_products_of_one_kind_are_most_alike():
    described = content(PRODUCTS)
    alike = (described @ described.T).toarray()

    assert np.diag(alike) == pytest.approx([1] * 4)
    assert alike[0, 1] > alike[0, 2] > alike[0, 3] == 0


def test_rare_terms_weigh_more_than_common_ones():
    unlike = {name: [f"{name} {row}" for row in range(5)] for name in ATTRIBUTES}
    shared = pd.DataFrame(unlike).assign(
        brand=["Private", "Private", "National", "Private", "Private"],
        manufacturer_id=["7", "1", "7", "2", "3"],
        category="",
        subcategory="",
    )

    described = content(shared)

    alike = (described @ described.T).toarray()
    assert alike[0, 2] > alike[0, 1] > 0  # one maker of five against a brand of four


def test_a_missing_attribute_is_no_term():
    nothing = content(PRODUCTS.assign(package_size=None))

    assert nothing.shape[1] < content(PRODUCTS).shape[1]
    alike = (nothing @ nothing.T).toarray()
    assert alike[2, 3] == 0
