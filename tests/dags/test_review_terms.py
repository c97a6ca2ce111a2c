"""A policy that cannot be read fails a task; the DAGs stay."""

import yaml

ASK = """
import json, sys
from airflow.dag_processing.dagbag import DagBag
from ml.errors import PolicyError

sys.path.insert(0, sys.argv[1])
bag = DagBag(sys.argv[1])
refused = {}
for dag, task in (("revise_plan", "review.ask"), ("train_demand", "training.ask")):
    ask = bag.dags[dag].get_task(task)
    try:
        ask.execute({})
    except PolicyError as error:
        refused[dag] = str(error)
print(json.dumps({"errors": bag.import_errors, "dags": sorted(bag.dags), "refused": refused}))
"""


def test_an_unusable_policy_fails_the_question_and_takes_no_dag_away(
    read_dags, dag_settings, tmp_path
):
    policy = tmp_path / "policy.yml"
    content = yaml.safe_load(dag_settings.policy_path.read_text()) | {"budget": -1}
    policy.write_text(yaml.safe_dump(content))

    parsed = read_dags(dag_settings.model_copy(update={"policy_path": policy}), ASK)

    assert parsed["errors"] == {}
    assert {"revise_plan", "train_demand", "refresh_promotions"} <= set(parsed["dags"])
    assert parsed["refused"].keys() == {"revise_plan", "train_demand"}
    assert all(f"{policy}: budget" in message for message in parsed["refused"].values())
