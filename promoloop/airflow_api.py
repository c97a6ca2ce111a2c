"""Airflow's REST API, as much of it as the command line needs."""

import time
from typing import Any
from urllib.parse import quote

import requests

from ml.errors import ServiceError
from ml.settings import Settings
from promoloop import credentials


class AirflowApi:
    """A client for the local API server, logged in as its admin or another user of its own.

    Raises ServiceError when the server is not there or refuses a request.
    """

    def __init__(self, settings: Settings, user: str = credentials.ADMIN) -> None:
        self._url = f"http://{settings.host}:{settings.airflow_port}"
        self._login = {"username": user, "password": credentials.password(settings, user)}
        self._token = ""
        self._session = requests.Session()
        self._session.trust_env = False  # no proxy or .netrc of the user stands before this host

    def ensure_pool(self, name: str, slots: int) -> None:
        pools = self._call("GET", "/api/v2/pools?limit=100")["pools"]
        if name not in {pool["name"] for pool in pools}:
            self._call("POST", "/api/v2/pools", {"name": name, "slots": slots})

    def import_errors(self) -> list[str]:
        errors = self._call("GET", "/api/v2/importErrors")["import_errors"]
        return [f"{error['filename']}: {error['stack_trace'].strip()}" for error in errors]

    def wait_for_dag(self, dag_id: str, seconds: float = 120) -> None:
        """Return when the DAG has been parsed; a fresh platform takes some seconds."""
        deadline = time.monotonic() + seconds
        while dag_id not in self.dag_ids():
            errors = self.import_errors()
            if errors or time.monotonic() > deadline:
                why = "\n".join(errors) or "not parsed in time; see airflow-dag-processor.log"
                raise ServiceError(f"the DAG {dag_id} is not there: {why}")
            time.sleep(0.5)

    def dag_ids(self) -> set[str]:
        return {dag["dag_id"] for dag in self._call("GET", "/api/v2/dags?limit=100")["dags"]}

    def unpause(self, dag_id: str) -> None:
        self._call("PATCH", f"/api/v2/dags/{dag_id}", {"is_paused": False})

    def trigger(self, dag_id: str, run_id: str, conf: dict[str, Any]) -> None:
        body = {"dag_run_id": run_id, "logical_date": None, "conf": conf}
        self._call("POST", f"/api/v2/dags/{dag_id}/dagRuns", body)

    def run(self, dag_id: str, run_id: str) -> dict[str, Any]:
        return dict(self._call("GET", f"/api/v2/dags/{dag_id}/dagRuns/{run_id}"))

    def tasks(self, dag_id: str, run_id: str) -> list[dict[str, Any]]:
        path = f"/api/v2/dags/{dag_id}/dagRuns/{run_id}/taskInstances?limit=1000"
        return list(self._call("GET", path)["task_instances"])

    def waiting(self, about: str) -> list[dict[str, Any]]:
        """The requests whose subject names `about` and that nobody answered yet."""
        path = "/api/v2/dags/~/dagRuns/~/hitlDetails?response_received=false&limit=100"
        waiting = self._call("GET", path)["hitl_details"]
        return [request for request in waiting if about in request["subject"]]

    def answer(self, about: str, option: str, comment: str) -> None:
        """Answer the waiting requests whose subject names `about`, as who is logged in."""
        tasks = [request["task_instance"] for request in self.waiting(about)]
        if not tasks:
            subjects = [request["subject"] for request in self.waiting("")]
            raise ServiceError(
                f"no run waits for an answer about {about}; waiting are {subjects or 'none'}"
            )
        for task in tasks:
            run = f"/api/v2/dags/{task['dag_id']}/dagRuns/{quote(task['dag_run_id'])}"
            place = f"{run}/taskInstances/{task['task_id']}/{task['map_index']}/hitlDetails"
            chosen = {"chosen_options": [option], "params_input": {"comment": comment}}
            self._call("PATCH", place, chosen)

    def run_page(self, dag_id: str, run_id: str) -> str:
        return f"{self._url}/dags/{dag_id}/runs/{run_id}"

    def _call(self, method: str, path: str, body: Any = None) -> Any:
        if not self._token:
            self._log_in()
        answer = self._send(method, path, body)
        if answer.status_code == requests.codes.unauthorized:  # the token ran out
            self._log_in()
            answer = self._send(method, path, body)
        return _content(answer)

    def _log_in(self) -> None:
        self._token = ""
        self._token = _content(self._send("POST", "/auth/token", self._login))["access_token"]

    def _send(self, method: str, path: str, body: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {self._token}"} if self._token else {}
        url = self._url + path
        try:
            return self._session.request(method, url, json=body, headers=headers, timeout=30)
        except requests.RequestException as error:
            raise ServiceError(
                f"Airflow does not answer at {self._url} ({error}); start it with `make up`"
            ) from error


def _content(answer: requests.Response) -> Any:
    if not answer.ok:
        asked = f"{answer.request.method} {answer.request.path_url}"
        raise ServiceError(f"Airflow refused {asked}: {answer.status_code} {answer.text}")
    return answer.json()
