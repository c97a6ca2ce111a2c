"""Notify people by e-mail and webhook: what happened, what to do, where to click.

Off unless the settings name somebody: PROMOLOOP_NOTIFY_EMAIL (addresses, over Airflow's connection
`smtp_default`) and PROMOLOOP_NOTIFY_HTTP (the id of an Airflow HTTP connection, which is sent
{"text": …}). A message that cannot be sent is logged and stops nothing.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from airflow.providers.common.compat.sdk import conf
from airflow.providers.http.notifications.http import HttpNotifier
from airflow.providers.smtp.notifications.smtp import SmtpNotifier
from airflow.sdk import BaseNotifier

from ml.errors import PromoloopError
from ml.settings import settings

log = logging.getLogger(__name__)

Context = dict[str, Any]
Callback = Callable[[Context], None]
# Rendered once: what an error says is never read as a template.
SUBJECT = "{{ message.subject }}"
HTML = """\
<p style="white-space: pre-line">{{ message.what | e }}</p>
<p>{{ message.do | e }}</p>
<p><a href="{{ message.link | e }}">{{ message.link | e }}</a></p>
"""
TEXT = "{{ message.subject }}\n{{ message.what }}\n{{ message.do }}\n{{ message.link }}"


@dataclass(frozen=True)
class Message:
    subject: str
    what: str
    do: str
    link: str


def notify(describe: Callable[[Context], Message]) -> list[Callback]:
    """Callbacks for a task or a DAG; none where nobody is to be notified."""
    if not (settings().notify_email or settings().notify_http):
        return []

    def send(context: Context) -> None:
        for notifier in _notifiers():
            try:
                notifier({**context, "message": describe(context)})
            except Exception:
                log.exception("promoloop_notification_failed by=%s", type(notifier).__name__)

    return [send]


def approval_needed(context: Context) -> Message:
    """For a HITLOperator, whose subject and body are rendered by then."""
    task, ti = context["task"], context["ti"]
    return Message(
        f"Approval needed: {task.subject}",
        task.body,
        "Approve or reject it at this address, or a plan with `promoloop approve <version>`. "
        "Without an answer in time it counts as a no and what is live stays.",
        task.generate_link_to_ui(task_instance=ti),
    )


def gate_failed(context: Context) -> Message:
    return Message(
        f"Gate failed: {_named(context)}",
        _error_text(context.get("exception")),
        "Mend what it names, then clear the task. What is live stays.",
        context["ti"].log_url,
    )


def run_failed(context: Context) -> Message:
    """For a DAG: the scheduler says of the run why it failed, not of the task what it raised."""
    run, dag = context["run_id"], context["dag"].dag_id
    return Message(
        f"Run failed: {dag} {run}",
        f"The scheduler says: {context.get('reason') or 'task failure'}.",
        "Open the run, read the log of its first failed task and do what the error says; the "
        "DAG's triage notes list what is normal. What is live stays.",
        f"{conf.get('api', 'base_url')}/dags/{dag}/runs/{run}",
    )


def published(context: Context) -> Message:
    from ml.publishing.approval import describe
    from ml.releases import store

    version = store.current()
    return Message(
        f"Live: promotion plan {version}",
        describe(version),
        "Nothing is to be done. To take it back: `promoloop roll-back <version>`, or trigger "
        "`roll_back_schedule`.",
        context["ti"].log_url,
    )


def _notifiers() -> list[BaseNotifier]:
    to, connection = settings().notify_email, settings().notify_http
    mail = [SmtpNotifier(to=to, subject=SUBJECT, html_content=HTML)] if to else []
    http = [HttpNotifier(http_conn_id=connection, json={"text": TEXT})] if connection else []
    return [*mail, *http]


def _named(context: Context) -> str:
    ti = context["ti"]
    return f"{ti.task_id} in {ti.dag_id} {ti.run_id}"


def _error_text(error: BaseException | None) -> str:
    """Our own errors are written for people; of others only the kind leaves this machine."""
    name = type(error).__name__
    return f"{name}: {error}" if isinstance(error, PromoloopError) else f"{name}; see the log"
