"""Whether the process that a run belongs to is still there."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from relay.tracking.mlflow.owner import HOST, PROCESS, is_gone, owner_tags

PRINT = (
    "import json; from relay.tracking.mlflow.owner import owner_tags; "
    "print(json.dumps(owner_tags()), flush=True)"
)


def tags_of_another(*, alive: bool) -> tuple[dict[str, str], subprocess.Popen[str]]:
    code = f"{PRINT}; input()"
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={"PYTHONPATH": "src"},
    )
    assert process.stdout is not None
    tags: dict[str, str] = json.loads(process.stdout.readline())
    if not alive:
        process.kill()
    return tags, process


def test_one_that_is_there_is_not_gone() -> None:
    assert not is_gone(owner_tags())
    tags, process = tags_of_another(alive=True)
    assert not is_gone(tags)
    process.kill()
    process.communicate()


def test_one_that_was_killed_is_gone() -> None:
    tags, process = tags_of_another(alive=False)
    process.communicate()
    assert is_gone(tags)


@pytest.mark.skipif(sys.platform != "linux", reason="start times are read from /proc")
def test_a_later_process_with_its_number_is_another() -> None:
    tags = owner_tags()
    process = json.loads(tags[PROCESS])
    assert is_gone({**tags, PROCESS: json.dumps({**process, "started": "1"})})
    assert is_gone({**tags, PROCESS: json.dumps({**process, "boot": "another"})})


def test_of_other_hosts_and_without_a_record_nothing_is_claimed() -> None:
    gone = {"pid": 2**22 + 1, "started": "1", "boot": ""}
    assert not is_gone({HOST: "elsewhere", PROCESS: json.dumps(gone)})
    assert not is_gone({})
    assert not is_gone({**owner_tags(), PROCESS: "?"})
