"""What a receiver of webhooks gets, and what happens when it does not take it."""

import base64
import hashlib
import hmac
import json
import time
import traceback

import pytest

from ml.errors import TargetError
from ml.publishing.targets.catalog import named
from ml.publishing.targets.target import Release
from ml.publishing.targets.webhook import Webhook

KEY = base64.b64decode("c2Vjci10LXRoYXQtbm9ib2R5LXNlZXM=")


@pytest.fixture
def webhook(receiver):
    return named({"webhook"})[0]


def test_a_message_is_signed_over_its_id_time_and_body(webhook, receiver):
    webhook.flip("2017-12-04-a", 3)

    (request,) = receiver.requests
    body, headers = request.get_data(), request.headers
    sealed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    signature = base64.b64encode(hmac.new(KEY, sealed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{signature}"
    assert abs(int(headers["webhook-timestamp"]) - time.time()) < 60
    assert json.loads(body) == {
        "type": "schedule.live",
        "data": {"plan_version": "2017-12-04-a", "move": 3},
    }


def test_what_is_prepared_is_notified_with_the_seal_of_its_files(webhook, receiver, tmp_path):
    (tmp_path / "manifest.json").write_text("{}")

    webhook.prepare(Release("2017-12-04-a", tmp_path, 3))

    event = json.loads(receiver.requests[0].get_data())
    assert event["type"] == "schedule.prepared"
    assert event["data"]["sha256"] == hashlib.sha256(b"{}").hexdigest()


def test_a_receiver_that_is_busy_gets_the_same_message_again(webhook, receiver):
    receiver.refuse["schedule.live"] = [503, 429]

    webhook.flip("2017-12-04-a", 3)

    assert receiver.live == "2017-12-04-a"
    assert receiver.ids() == ["2017-12-04-a.3.schedule.live"] * 3
    assert len({request.get_data() for request in receiver.requests}) == 1


def test_a_receiver_that_stays_busy_is_given_up(webhook, receiver):
    receiver.refuse["schedule.live"] = [503] * 9

    with pytest.raises(TargetError, match="localhost answered status 503 4 times"):
        webhook.flip("2017-12-04-a", 3)


@pytest.mark.parametrize("status", [400, 302])
def test_a_refusal_is_final_and_no_redirect_is_followed(webhook, receiver, status):
    receiver.refuse["schedule.live"] = [status]

    with pytest.raises(TargetError, match=f"localhost refused .* with status {status}"):
        webhook.flip("2017-12-04-a", 3)

    assert len(receiver.requests) == 1


def test_no_message_contains_the_secret_or_the_address(choose):
    gone = Webhook("http://127.0.0.1:1/hook?token=s3cret", "whsec_c2Vjcg==")
    with pytest.raises(TargetError, match=r"127\.0\.0\.1 answered ConnectionError") as error:
        gone.flip("2017-12-04-a", 3)
    assert "s3cret" not in "".join(traceback.format_exception(error.value))

    with pytest.raises(TargetError, match="PROMOLOOP_WEBHOOK_SECRET is no secret") as error:
        Webhook("http://127.0.0.1:1/", "whsec_s3cre")
    assert "s3cre" not in str(error.value)
    assert error.value.__suppress_context__
