"""The benchmark's checker finds every way in which an answer is not of one version."""

import copy
from dataclasses import replace

import pandas as pd
import pytest

from benchmarks.serve.checker import read_expected, wrong_with
from benchmarks.serve.readers import Seen
from benchmarks.serve.report import result
from ml.releases import store
from promoloop.serving.schedule import load

FIRST, SECOND = "2017-12-04-aaaaaaaa", "2017-12-05-bbbbbbbb"
PRODUCTS = ["100", "101", "102"]
TUESDAY = pd.Timestamp("2017-12-05")


@pytest.fixture
def known(live):
    return {
        version: read_expected(store.folder(version), PRODUCTS, ["c1"], TUESDAY)
        for version in (FIRST, SECOND)
    }


def asked(client) -> dict[tuple[str, str], tuple[dict, str]]:
    """One answer of each kind, with its tag."""
    items = {product: {"quantity": 1} for product in PRODUCTS}
    answers = {
        ("product", "100"): client.get("/v1/products/100/promotions"),
        ("customer", "c1"): client.get("/v1/customers/c1/offers"),
        ("quote", "100+101+102"): client.post(
            "/v1/quote", json={"at": "2017-12-05", "items": items}
        ),
    }
    return {kind: (answer.json(), answer.headers["ETag"]) for kind, answer in answers.items()}


def found(known, answers) -> list[bool]:
    return [bool(wrong_with(known, *kind, *answer)) for kind, answer in answers.items()]


def test_whole_answers_of_either_version_are_right(known, client, live):
    assert found(known, asked(client)) == [False, False, False]

    store.point_at(SECOND)
    live.refresh()

    assert found(known, asked(client)) == [False, False, False]


def test_a_server_that_mixes_two_versions_is_found_out(known, client, live):
    """A half-switched schedule: the name of the one, the lines of the other."""
    live.state = replace(live.state, schedule=replace(load(SECOND), version=FIRST, digest="0" * 64))

    assert found(known, asked(client)) == [True, True, True]


def test_one_line_of_another_version_is_found(known, client):
    answers = asked(client)
    whole, tag = answers["product", "100"]
    torn = copy.deepcopy(whole)
    torn["promotions"][1]["promo_price"] = 8.99
    short = {**whole, "promotions": whole["promotions"][:1]}

    for answer in (torn, short):
        assert "where 2017-12-04-aaaaaaaa says" in wrong_with(known, "product", "100", answer, tag)


def test_a_tag_or_a_name_of_another_version_is_found(known, client):
    answer, tag = asked(client)["product", "100"]

    assert "is tagged" in wrong_with(known, "product", "100", answer, f'"{SECOND}:00000000"')
    strange = {**answer, "plan_version": "2017-01-01-00000000"}
    assert "never published" in wrong_with(known, "product", "100", strange, tag)


def test_torn_answers_of_both_loops_are_counted():
    closed, paced = Seen(torn=["product 1 ..."]), Seen(torn=["quote 2 ...", "product 3 ..."])
    paced.due["product"] = [0.001] * 99 + [0.5]
    paced.due["quote"] = [1.0] * 100

    assert result([closed], [paced], 10.0) == {
        "rps": 20.0,
        "p50_ms": 1.0,
        "p99_ms": pytest.approx(5.99),
        "torn_reads": 3,
    }
