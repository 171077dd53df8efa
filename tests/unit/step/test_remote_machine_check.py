"""What a machine reports before steps run on it."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from relay.step.remote_machine_check import Request, check_machine, digest_code, main


@pytest.fixture
def asked(tmp_path: Path) -> Request:
    """Make a project, an environment and a store, and the request for them."""
    for name in ("src/relay/a.py", "components/train/run.py", "env/bin/python"):
        path = tmp_path / name
        path.parent.mkdir(parents=True)
        path.write_text("text")
    (tmp_path / "mark").write_text("7")
    return Request(
        root=str(tmp_path),
        digest=digest_code(tmp_path),
        environments=[str(tmp_path / "env")],
        marks={str(tmp_path / "mark"): "7"},
        mlflow=None,
        uses_server=False,
    )


def test_a_machine_that_has_all_reports_no_problem(asked: Request, tmp_path: Path) -> None:
    request, answer = tmp_path / "request.json", tmp_path / "answer.json"
    request.write_text(json.dumps(asdict(asked)))
    assert main([str(request), str(answer)]) == 0
    report = json.loads(answer.read_text())
    assert report["problems"] == []
    assert report["host"]


def test_each_thing_that_is_not_there_is_one_problem(asked: Request, tmp_path: Path) -> None:
    (tmp_path / "src" / "relay" / "a.py").write_text("another text")
    wrong = replace(
        asked,
        environments=[str(tmp_path / "none")],
        marks={str(tmp_path / "store" / "mark"): "7"},
        mlflow="http://127.0.0.1:9/",
    )
    problems = check_machine(wrong).problems
    assert [problem.partition(": ")[0] for problem in problems] == [
        str(tmp_path),
        str(tmp_path / "none"),
        str(tmp_path / "store"),
        "MLFLOW_TRACKING_URI",
    ]
    assert "not the same as here" in problems[0]


def test_a_new_file_is_another_code(asked: Request, tmp_path: Path) -> None:
    (tmp_path / "components" / "train" / "more.py").touch()
    assert digest_code(tmp_path) != asked.digest
