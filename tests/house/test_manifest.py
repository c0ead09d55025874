"""The example for Kubernetes: it can be read, its parts fit together, and it holds no secret."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

PATH = Path(__file__).parent.parent.parent / "docs" / "kubernetes.yml"
pytestmark = pytest.mark.skipif(not PATH.exists(), reason="runs in a checkout only")


@pytest.fixture(scope="module")
def parts() -> dict[tuple[str, str], dict[str, Any]]:
    return {(each["kind"], each["metadata"]["name"]): each for each in yaml.safe_load_all(PATH.read_text())}


def test_each_service_leads_to_pods_that_listen_there(parts: dict[tuple[str, str], dict[str, Any]]) -> None:
    pods = [each["spec"]["template"] for each in parts.values() if "template" in each.get("spec", {})]
    for (kind, name), service in parts.items():
        if kind != "Service":
            continue
        [pod] = [each for each in pods if service["spec"]["selector"].items() <= each["metadata"]["labels"].items()]
        listening = {port["containerPort"] for each in pod["spec"]["containers"] for port in each["ports"]}
        assert {port["port"] for port in service["spec"]["ports"]} <= listening, name


def test_workers_reach_database_and_scheduler_by_the_names_of_their_services(
    parts: dict[tuple[str, str], dict[str, Any]],
) -> None:
    state = parts["ConfigMap", "nexmo"]["data"]["NEXMO_NB_STATE"]
    database = parts["StatefulSet", "postgres"]["spec"]["template"]["spec"]["containers"][0]
    settings = {each["name"]: each.get("value") for each in database["env"]}
    assert state == f"postgresql://{settings['POSTGRES_USER']}@postgres/{settings['POSTGRES_DB']}"
    worker = parts["Deployment", "dask-worker"]["spec"]["template"]
    assert "tcp://dask-scheduler:8786" in worker["spec"]["containers"][0]["args"]
    allowed = parts["NetworkPolicy", "postgres"]["spec"]["ingress"][0]["from"][0]["podSelector"]["matchLabels"]
    assert allowed.items() <= worker["metadata"]["labels"].items()


def test_secrets_come_from_a_secret_alone(parts: dict[tuple[str, str], dict[str, Any]]) -> None:
    assert not [kind for kind, _ in parts if kind == "Secret"]
    [password] = [each for each in walk(list(parts.values())) if each.get("name") == "POSTGRES_PASSWORD"]
    assert password["valueFrom"]["secretKeyRef"] == {"name": "nexmo", "key": "PGPASSWORD"}
    assert "value" not in password


def walk(value: Any) -> list[dict[str, Any]]:
    """List all mappings in a value."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    own = [value] if isinstance(value, dict) else []
    return own + [each for part in inner for each in walk(part)]
