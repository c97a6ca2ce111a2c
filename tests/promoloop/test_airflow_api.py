"""The command line's client of Airflow: logs in, renews its token, explains a refusal."""

import pytest
from pytest_httpserver import HTTPServer

from ml.errors import ServiceError
from ml.settings import Settings
from promoloop.airflow_api import AirflowApi

POOLS = "/api/v2/pools"


@pytest.fixture
def server():
    with HTTPServer() as web:
        yield web


@pytest.fixture
def api(server, tmp_path):
    return AirflowApi(Settings(home=tmp_path, host="127.0.0.1", airflow_port=server.port))


def log_in(server, token):
    server.expect_ordered_request("/auth/token", "POST").respond_with_json({"access_token": token})


def expect(server, path, token, method="GET"):
    bearer = {"Authorization": f"Bearer {token}"}
    return server.expect_ordered_request(path, method, headers=bearer)


def test_a_token_that_ran_out_is_renewed_once(server, api):
    log_in(server, "one")
    expect(server, POOLS, "one").respond_with_json({"pools": []})
    expect(server, POOLS, "one", "POST").respond_with_data("expired", status=401)
    log_in(server, "two")
    expect(server, POOLS, "two", "POST").respond_with_json({})

    api.ensure_pool("training", 1)

    server.check_assertions()
    assert server.log[-1][0].get_json() == {"name": "training", "slots": 1}


def test_a_refusal_names_what_was_asked_and_the_answer(server, api):
    log_in(server, "one")
    expect(server, "/api/v2/dags/no/dagRuns/1", "one").respond_with_data("no such run", status=404)

    with pytest.raises(ServiceError, match=r"GET /api/v2/dags/no/dagRuns/1: 404 no such run"):
        api.run("no", "1")


def test_a_wrong_password_is_a_refusal_and_no_endless_retry(server, api):
    server.expect_request("/auth/token").respond_with_data("wrong", status=401)

    with pytest.raises(ServiceError, match="POST /auth/token: 401 wrong"):
        api.dag_ids()


def test_a_server_that_is_down_is_reported_with_the_command_that_starts_it(server, api):
    server.stop()

    with pytest.raises(ServiceError, match="make up"):
        api.dag_ids()
