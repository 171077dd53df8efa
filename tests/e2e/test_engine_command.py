"""Steps that another command starts elsewhere: a pod of Kubernetes, with a stand-in for kubectl."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import pytest
import yaml

from tests.e2e.toy import STEPS, Toy
from tests.loading import ROOT

PAGE = ROOT / "docs" / "guides" / "machines.md"
KUBECTL = """\
#!/bin/bash
# In a pod, a command gets none of this machine's variables.
[[ "$1 $2 $3 $4" == "exec -i relay-worker --" ]] || exit 9
shift 4
exec env -i PATH=/usr/bin:/bin "$@"
"""


@pytest.mark.slow
def test_steps_run_in_a_pod_by_the_words_of_the_page(tmp_path: Path) -> None:
    [words] = re.findall(r"`engine=command '(engine\.command=\[kubectl,[^']*)'`", PAGE.read_text())
    kubectl = tmp_path / "bin" / "kubectl"
    kubectl.parent.mkdir()
    kubectl.write_text(KUBECTL)
    kubectl.chmod(0o755)
    folders = (kubectl.parent, Path(sys.executable).parent, os.environ["PATH"])
    toy = Toy(tmp_path / "toy", PATH=os.pathsep.join(map(str, folders)))
    assert toy.ran("engine=command", words) == STEPS
    step = toy.checkout.step("both")
    assert step["cpu_seconds"] > 0
    assert toy.ran() == []


def test_the_pod_of_the_page_waits_with_the_volume(tmp_path: Path) -> None:
    [block] = re.findall(
        r"```yaml\n(apiVersion: v1\nkind: Pod\n.*?)```", PAGE.read_text(), re.DOTALL
    )
    pod = yaml.safe_load(block)
    [container] = pod["spec"]["containers"]
    assert pod["metadata"]["name"] == "relay-worker"
    assert container["command"] == ["sleep", "infinity"]
    assert {mount["name"] for mount in container["volumeMounts"]} == {
        volume["name"] for volume in pod["spec"]["volumes"]
    }
