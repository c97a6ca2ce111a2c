"""Who is notified of what: the DAG's callbacks, Airflow's notifiers, a mail and a web server."""

import email.policy
import json
import socket
import subprocess
import sys
from email import message_from_bytes
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from pytest_httpserver import HTTPServer

from ml.settings import PROJECT
from promoloop.environment import environment

NOTIFY = Path(__file__).parent / "notify_everything.py"
GATE, OTHER, ASK, RUN, LIVE, MAIL_DOWN = range(6)  # in the order of notify_everything.py


class Keep:
    """A mail server that keeps what it gets."""

    def __init__(self):
        self.mails = []

    async def handle_DATA(self, server, session, envelope):
        self.mails.append(message_from_bytes(envelope.content, policy=email.policy.default))
        return "250 kept"


@pytest.fixture(scope="module")
def notifications(dag_settings):
    """The mails and the texts that were sent, and the log, after everything happened once."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    mail_server = Controller(Keep(), hostname="127.0.0.1", port=port)
    mail_server.start()
    with HTTPServer() as web:
        web.expect_request("/hook", method="POST").respond_with_data("ok")
        run = subprocess.run(
            [sys.executable, "-c", NOTIFY.read_text(), str(PROJECT / "dags")],
            env=environment(chosen(dag_settings)) | connections(port, web.url_for("/hook")),
            cwd=PROJECT,
            capture_output=True,
            text=True,
            check=False,
        )
        texts = [request.get_json()["text"] for request, _ in web.log]
    mail_server.stop()
    assert run.returncode == 0, run.stderr
    return mail_server.handler.mails, texts, run.stdout + run.stderr


def chosen(settings):
    people = {"notify_email": "ada@shop.example,bob@shop.example", "notify_http": "chat"}
    return settings.model_copy(update=people)


def connections(smtp_port, hook):
    extra = {"disable_ssl": True, "disable_tls": True, "from_email": "promoloop@shop.example"}
    smtp = {"conn_type": "smtp", "host": "127.0.0.1", "port": smtp_port, "extra": extra}
    http = {"conn_type": "http", "host": hook}
    return {
        "AIRFLOW_CONN_SMTP_DEFAULT": json.dumps(smtp),
        "AIRFLOW_CONN_CHAT": json.dumps(http),
    }


def test_a_failed_gate_is_notified_by_mail_and_webhook_with_what_to_do_and_where(notifications):
    mail, text = notifications[0][GATE], notifications[1][GATE]

    assert mail["Subject"] == "Gate failed: gate_plan in refresh_promotions by-hand"
    assert mail["To"] == "ada@shop.example, bob@shop.example"
    html = mail.get_body(("html",)).get_content()
    assert 'href="http://shop.example/log"' in html
    assert "then clear the task" in html
    assert "then clear the task" in text
    assert text.endswith("http://shop.example/log")


def test_what_an_error_says_is_neither_a_template_nor_html(notifications):
    mail, text = notifications[0][GATE], notifications[1][GATE]

    assert "GateError: plan <b>x</b> {{ 7 * 7 }}: 3 rows" in text
    html = mail.get_body(("html",)).get_content()
    assert "GateError: plan &lt;b&gt;x&lt;/b&gt; {{ 7 * 7 }}: 3 rows" in html


def test_what_an_error_of_another_kind_says_stays_on_the_machine(notifications):
    assert "OSError; see the log" in notifications[1][OTHER]
    assert "s3cret" not in notifications[1][OTHER] + notifications[0][OTHER].as_string()


def test_an_approval_is_asked_for_with_the_address_to_answer_at(notifications):
    mail, text = notifications[0][ASK], notifications[1][ASK]

    assert mail["Subject"] == "Approval needed: Publish the promotion plan 2017-12-04-a?"
    assert "* 2 promotions" in text
    assert "/dags/refresh_promotions/runs/by-hand/tasks/review.ask" in text.splitlines()[-1]


def test_a_failed_run_is_notified_by_the_dag_itself(notifications):
    assert notifications[0][RUN]["Subject"] == "Run failed: refresh_promotions by-hand"
    assert "The scheduler says: timed_out." in notifications[1][RUN]
    assert notifications[1][RUN].endswith("/dags/refresh_promotions/runs/by-hand")


def test_a_plan_that_went_live_is_notified_with_its_figures_and_the_way_back(notifications):
    mail, text = notifications[0][LIVE], notifications[1][LIVE]

    assert mail["Subject"] == "Live: promotion plan 2017-12-04-a"
    html = mail.get_body(("html",)).get_content()
    for message in (html, text):
        assert "* 2 promotions of 1 products: 2 percent_off" in message
        assert "* cost 5.00 of a budget of 9.00" in message
        assert "trigger `roll_back_schedule`" in message
    assert text.endswith("http://shop.example/log")


def test_a_mail_server_that_is_down_stops_nothing_and_the_webhook_is_still_notified(notifications):
    mails, texts, log = notifications

    assert "sent by webhook alone" in texts[MAIL_DOWN]
    assert len(mails) == MAIL_DOWN
    assert "promoloop_notification_failed by=SmtpNotifier" in log
