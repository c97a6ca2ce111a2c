"""What products are: attributes and the words of their names, as weighted terms."""

import re
from collections.abc import Hashable
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse

from ml.affinity.weighting import rarity

ATTRIBUTES = (
    "department",
    "category",
    "subcategory",
    "brand",
    "manufacturer_id",
    "package_size",
)
NAMED = ("category", "subcategory")  # their words are terms of their own
WORD = re.compile(r"[a-z]+")


def content(products: pd.DataFrame) -> sparse.csr_array:
    """Terms of each product, rare ones counting more: float64 (products, terms), rows of length 1.

    `products` holds ATTRIBUTES; a missing one is no term, and a row without any is zero. Source:
    Salton and Buckley (1988), "Term-weighting approaches in automatic text retrieval".
    """
    rows = products[list(ATTRIBUTES)].fillna("").astype(str).to_dict("records")
    terms = [_terms(row) for row in rows]
    row = np.repeat(np.arange(len(rows)), [len(words_of_row) for words_of_row in terms])
    column, words = pd.factorize(
        np.array([t for words_of_row in terms for t in words_of_row], str), sort=True
    )
    shape = (len(rows), max(len(words), 1))
    counts = sparse.coo_array((np.ones(len(row)), (row, column)), shape=shape).tocsr()
    weighed = sparse.csr_array(counts.multiply(rarity(counts)))
    lengths = np.maximum(np.sqrt(weighed.power(2).sum(axis=1)), 1e-12)
    return sparse.csr_array(weighed.multiply(1 / lengths[:, None]))


def content_scores(purchases: sparse.csr_array, described: sparse.csr_array) -> np.ndarray:
    """How like what a customer bought each product is: mean cosine, float32 (customers, products).

    `purchases` (customers, products) weigh what was bought; `described` is what `content`
    returns. Source: Lops, de Gemmis and Semeraro (2011), "Content-based Recommender Systems".
    """
    total = np.maximum(purchases.sum(axis=1), 1e-12)
    profile = (purchases @ described).toarray() / total[:, None]
    return (described @ profile.T).T.astype(np.float32)


def _terms(product: dict[Hashable, Any]) -> list[str]:
    attributes = [f"{name}={value}" for name, value in product.items() if value]
    return attributes + [word for name in NAMED for word in WORD.findall(product[name].lower())]
