import json
import stat

from ml.settings import Settings
from promoloop import credentials
from promoloop.environment import environment
from promoloop.programs import programs
from promoloop.supervision import config_text


def test_children_get_the_settings_they_were_started_with(tmp_path):
    found = environment(Settings(home=tmp_path, spark_port=17077, source="files"))

    assert found["PROMOLOOP_HOME"] == str(tmp_path)
    assert found["PROMOLOOP_SOURCE"] == "files"
    assert json.loads(found["AIRFLOW_CONN_SPARK_DEFAULT"])["port"] == 17077
    assert found["MLFLOW_TRACKING_URI"] == "http://127.0.0.1:5000"


def test_a_connection_or_database_chosen_by_the_user_wins(tmp_path, monkeypatch):
    monkeypatch.setenv("AIRFLOW_CONN_SPARK_DEFAULT", "spark://cluster:7077")
    monkeypatch.setenv("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", "postgresql://db/airflow")

    found = environment(Settings(home=tmp_path))

    assert found["AIRFLOW_CONN_SPARK_DEFAULT"] == "spark://cluster:7077"
    assert found["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"] == "postgresql://db/airflow"


def test_secrets_are_made_once_and_only_their_owner_reads_them(tmp_path):
    settings = Settings(home=tmp_path)

    first, again = credentials.admin_password(settings), credentials.admin_password(settings)

    assert first == again
    assert len(first) >= 20
    assert first != credentials.admin_password(Settings(home=tmp_path / "other"))
    assert stat.S_IMODE(credentials.password_file(settings).stat().st_mode) == 0o600


def test_the_supervisor_config_holds_no_secret_and_opens_no_port(tmp_path):
    settings = Settings(home=tmp_path)
    keys = credentials.airflow_keys(settings).values()

    text = config_text(settings)

    assert not any(key in text for key in keys)
    assert "[inet_http_server]" not in text
    assert all(f"[program:{program.name}]" in text for program in programs(settings))


def test_every_service_binds_to_the_host_of_the_settings(tmp_path):
    settings = Settings(home=tmp_path, host="127.0.0.2")
    found = environment(settings)

    for program in programs(settings):
        if not program.name.startswith("airflow-"):
            assert "127.0.0.2" in " ".join(program.command)
    assert found["AIRFLOW__API__HOST"] == "127.0.0.2"
    assert found["SPARK_LOCAL_IP"] == "127.0.0.2"


def test_publish_targets_reach_the_services_but_their_secrets_stay_as_they_were_set(tmp_path):
    found = environment(Settings(home=tmp_path, targets="files,postgres", postgres_url="s3cret"))

    assert Settings(home=tmp_path, targets=found["PROMOLOOP_TARGETS"]).targets == (
        "files",
        "postgres",
    )
    assert "s3cret" not in found.values()
