"""Whatever the OpenAPI document allows is answered as it says; what it forbids is refused."""

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode

EXAMPLES = settings(
    max_examples=20,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
OPERATIONS = [
    ("GET", "/v1/products/{product_id}/promotions"),
    ("GET", "/v1/customers/{customer_id}/offers"),
    ("GET", "/v1/customers/{customer_id}/audiences"),
    ("POST", "/v1/quote"),
    ("GET", "/health"),
    ("GET", "/metrics"),
]


@pytest.fixture
def schema(client):
    return schemathesis.openapi.from_asgi("/openapi.json", client.app)


def statuses(operation, mode, client):
    """Of every case tried; each answer is validated against the document.

    What is forbidden may be the token itself: then the case's own is sent.
    """
    token = {"Authorization": client.headers["Authorization"]}
    found = []

    @EXAMPLES
    @given(case=operation.as_strategy(generation_mode=mode))
    def every_case(case):
        own = case.headers or {} if mode is GenerationMode.NEGATIVE else {}
        found.append(case.call_and_validate(headers=token | dict(own)).status_code)

    every_case()
    return found


def test_every_operation_is_tried(schema):
    found = [result.ok() for result in schema.get_all_operations()]

    assert {(o.method.upper(), o.path) for o in found} == set(OPERATIONS)


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_what_the_document_allows_is_answered_as_it_says(schema, client, method, path):
    found = statuses(schema[path][method], GenerationMode.POSITIVE, client)

    assert found
    assert max(found) < 500


@pytest.mark.parametrize(("method", "path"), OPERATIONS[:3])
def test_what_the_document_forbids_is_refused(schema, client, method, path):
    found = statuses(schema[path][method], GenerationMode.NEGATIVE, client)

    assert found
    assert 400 <= min(found) <= max(found) < 500
