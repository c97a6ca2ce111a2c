"""Names in the policy: which products they stand for, and that they exist."""

from collections.abc import Sequence

import pandas as pd

from ml.config.policy import Policy
from ml.errors import PolicyError

NAMED_BY = ("product_id", "category", "department")
REMEDY = "correct policy.yml or what the run was given"


def named(products: pd.DataFrame, names: Sequence[str], key: str) -> pd.Index:
    """The ids of DIM_PRODUCTS' rows that are products, categories or departments of `names`.

    Raises:
        PolicyError: a name is none of these; `key` says where it stands.
    """
    columns = {column: products[column].str.upper() for column in NAMED_BY}
    hit = pd.Series(False, index=products.index)
    for name in names:
        matches = pd.concat([values == name.upper() for values in columns.values()], axis=1)
        if not matches.to_numpy().any():
            raise PolicyError(
                f"{key}: {name!r} is no product_id, category or department of the catalog; {REMEDY}"
            )
        hit |= matches.any(axis=1)
    return pd.Index(products.loc[hit, "product_id"])


def require_in_catalog(policy: Policy, products: pd.DataFrame) -> None:
    """Refuse a policy that names categories or products which DIM_PRODUCTS does not hold.

    Raises:
        PolicyError: with the key, the name and what is expected.
    """
    categories = set(products["category"].str.upper())
    budgets = {name for name in policy.category_budgets if name != "default"}
    for key, given in (
        ("category_budgets", budgets),
        ("slots_by_category", policy.slots_by_category),
    ):
        unknown = sorted(name for name in given if name.upper() not in categories)
        if unknown:
            raise PolicyError(f"{key}: {unknown} are no categories of the catalog; {REMEDY}")
    category = products.set_index("product_id")["category"]
    asked = {
        "must_promote": [policy.must_promote],
        "move_together": policy.move_together,
        "never_together": policy.never_together,
    }
    for key, groups in asked.items():
        unknown = [each for group in groups for each in group if each not in category.index]
        if unknown:
            raise PolicyError(f"{key}: {unknown} are no product_ids of the catalog; {REMEDY}")
    for group in policy.move_together:
        if len(set(category[group])) > 1:
            raise PolicyError(
                f"move_together: {category[group].to_dict()} are of several categories; "
                f"expected products of one; {REMEDY}"
            )
