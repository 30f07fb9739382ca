"""The manifests that verify a release candidate in a cluster are those that Kubernetes and `promproof verify` take."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from promproof.cli.program import parse
from promproof.places import DEFAULT_MONITORING

pytestmark = pytest.mark.unit

FILE = DEFAULT_MONITORING / "kubernetes" / "verify-job.yaml"
MANIFESTS: dict[str, dict[str, Any]] = {
    document["kind"]: document for document in yaml.safe_load_all(FILE.read_text(encoding="utf-8"))
}


def pod(kind: str) -> dict[str, Any]:
    spec: dict[str, Any] = MANIFESTS[kind]["spec"]
    whole: dict[str, Any] = (spec if kind == "Job" else spec["jobTemplate"]["spec"])["template"]["spec"]
    return whole


@pytest.mark.parametrize("kind", ["PersistentVolumeClaim", "Job", "CronJob"])
def test_kubernetes_takes_each_manifest_and_no_misspelt_key(kind: str) -> None:
    kubernetes_validate.validate(MANIFESTS[kind], kubernetes_validate.latest_version(), strict=True)
    broken = copy.deepcopy(MANIFESTS[kind])
    broken["spec"]["backoffLimits"] = 1
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(broken, kubernetes_validate.latest_version(), strict=True)


@pytest.mark.parametrize("kind", ["Job", "CronJob"])
def test_a_pod_writes_where_a_volume_is_and_has_no_rights(kind: str) -> None:
    (container,) = pod(kind)["containers"]
    mounts = {mount["name"] for mount in container["volumeMounts"]}
    mounts |= {
        each["name"] for first in pod(kind).get("initContainers", ()) for each in first["volumeMounts"]
    }
    assert mounts == {volume["name"] for volume in pod(kind)["volumes"]}
    assert container["securityContext"]["readOnlyRootFilesystem"]
    assert pod(kind)["securityContext"]["runAsNonRoot"]
    assert pod(kind)["automountServiceAccountToken"] is False


def test_what_the_job_runs_is_a_command_of_the_program() -> None:
    (container,) = pod("Job")["containers"]
    program, *words = container["args"]
    assert program == "promproof"
    chosen = parse(words)
    assert not isinstance(chosen, int)
    assert chosen.given["contract"] == Path("/verify/contract.yaml")
    copied = [Path(file).name for first in pod("Job")["initContainers"] for file in first["command"][1:-1]]
    assert [word.split("=")[1] for word in words if word.startswith("--binary")] == copied
    assert MANIFESTS["Job"]["spec"]["backoffLimit"] == 0, "a red verdict is not tried again until it is green"


def test_the_reports_that_are_copied_are_those_that_the_job_writes() -> None:
    claims = {
        volume["persistentVolumeClaim"]["claimName"]
        for kind in ("Job", "CronJob")
        for volume in pod(kind)["volumes"]
        if "persistentVolumeClaim" in volume
    }
    assert claims == {MANIFESTS["PersistentVolumeClaim"]["metadata"]["name"]}
