"""Products of which little is known yet: what stands in for their buyers."""

import numpy as np
from scipy import linalg, sparse

LEAST = 5  # known products that a term must have to be learned from
PENALTY = 10.0  # on squared weights of terms; chosen on weeks 46 to 49


def factors_from_content(
    described: sparse.csr_array, factors: np.ndarray, is_known: np.ndarray
) -> np.ndarray:
    """Factors of every product: those known, and for the others what their content foretells.

    Args:
        described: what `ml.affinity.content.content` returns, (products, terms).
        factors: float (products, rank); rows of unknown products are not read.
        is_known: bool (products,).

    Ridge regression of factors on terms, less the mean factor. Source: Gantner et al. (2010),
    "Learning Attribute-to-Feature Mappings for Cold-Start Recommendations".
    """
    common = np.bincount(described[is_known].indices, minlength=described.shape[1]) >= LEAST
    described = sparse.csr_array(described[:, common])
    fitted, terms = described[is_known], described.shape[1]
    usual = factors[is_known].mean(axis=0)
    gram = (fitted.T @ fitted).toarray() + PENALTY * np.eye(terms)
    weights = linalg.solve(gram, fitted.T @ (factors[is_known] - usual), assume_a="pos")
    foretold = usual + described @ weights
    return np.where(is_known[:, None], factors, foretold).astype(np.float32)
