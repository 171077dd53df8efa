"""`relay runs` and `relay diff`: what ran in this project, and what differs."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from relay.commands.look.runs import diff, runs
from relay.util.errors import ConfigError
from relay.util.project import Project

EARLY, LATE = "2026-01-31T12-30-00", "2026-02-01T08-00-00"


def add_run(
    root: Path, name: str, *, depth: int = 8, r2: float = 0.5, status: str = "succeeded"
) -> None:
    folder = root / "outputs" / name
    folder.mkdir(parents=True)
    summary = {
        "status": status,
        "seconds": 4.25,
        "command": f"python main.py model.depth={depth}",
        "git_commit": "abc",
        "steps": [
            {"name": "get", "status": "cached", "outputs": {"raw": "raw:v0"}, "metrics": {}},
            {
                "name": "evaluate",
                "status": "ran" if status == "succeeded" else "failed",
                "outputs": {"scores": f"scores:v{depth}"},
                "metrics": {"r2": r2, "fit_seconds": depth / 7},
            },
            {"name": "predict", "status": "not_selected", "outputs": {}, "metrics": {}},
        ],
    }
    (folder / "summary.json").write_text(json.dumps(summary))
    (folder / "config.yaml").write_text(f"# a command\njobs: {depth}\nmodel: {{depth: {depth}}}\n")


@pytest.fixture
def project(tmp_path: Path) -> Project:
    add_run(tmp_path, EARLY)
    add_run(tmp_path, LATE, depth=9, r2=0.625, status="failed")
    (tmp_path / "outputs" / "latest").symlink_to(LATE)
    return Project(tmp_path)


def printed(command: Any, project: Project, *argv: str) -> str:
    output = io.StringIO()
    assert command(project, argv, Console(file=output, width=200)) == 0
    return output.getvalue()


def rows(command: Any, project: Project, *argv: str) -> Sequence[dict[str, Any]]:
    content: Sequence[dict[str, Any]] = json.loads(printed(command, project, *argv, "--json"))
    return content


def test_runs_are_listed_newest_first_with_status_command_and_metrics(project: Project) -> None:
    lines = printed(runs, project).splitlines()
    assert [line.split()[0] for line in lines] == ["Run", LATE, EARLY]
    for words in ("failed", "1 cached, 1 failed", "model.depth=9", "r2=0.625"):
        assert words in lines[1]


def test_runs_as_json_have_all_metrics(project: Project) -> None:
    newest, oldest = rows(runs, project)
    assert (newest["run"], newest["status"]) == (LATE, "failed")
    assert oldest["metrics"] == {"r2": 0.5, "fit_seconds": 8 / 7}
    assert [row["run"] for row in rows(runs, project, "--limit", "1")] == [LATE]


def test_a_project_without_runs_or_with_damaged_ones_has_a_hint(tmp_path: Path) -> None:
    assert printed(runs, Project(tmp_path)) == "No run yet. Start one: ./relay\n"
    add_run(tmp_path, EARLY)
    (tmp_path / "outputs" / EARLY / "summary.json").write_text("{")
    assert printed(runs, Project(tmp_path)) == "No run yet. Start one: ./relay\n"


def test_a_difference_is_in_settings_outputs_or_metrics(project: Project) -> None:
    found = {row["what"]: (row[EARLY], row[LATE]) for row in rows(diff, project, EARLY, LATE)}
    assert found == {
        "model.depth": ("8", "9"),
        "status": ("succeeded", "failed"),
        "evaluate.scores": ("scores:v8", "scores:v9"),
        "evaluate.r2": (0.5, 0.625),
    }


@pytest.mark.parametrize("words", [["latest"], [LATE], ["2026-02"], ["2026-01", "latest"]])
def test_a_run_is_named_by_its_beginning_and_compared_with_the_one_before(
    project: Project, words: list[str]
) -> None:
    assert "scores:v8" in printed(diff, project, *words)


def test_runs_that_do_not_differ(project: Project) -> None:
    assert printed(diff, project, LATE, LATE) == f"{LATE} and {LATE} do not differ.\n"


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["2027"], "there is no such run in outputs/. See ./relay runs."),
        (["2026", "latest"], "several runs begin so"),
        ([EARLY], "has no run before it"),
        ([], "wrong number of words (got 0). Write ./relay diff RUN [RUN]."),
        ([LATE, "--limit", "3"], "unrecognized arguments: --limit"),
        ([LATE, "tracking=local"], "takes no such setting (got 'tracking=local')."),
        ([LATE, "--nosuch"], "See ./relay diff --help."),
    ],
)
def test_a_wrong_word_is_an_error(project: Project, argv: list[str], message: str) -> None:
    with pytest.raises(ConfigError) as error:
        diff(project, argv, Console(quiet=True))
    assert message in str(error.value)
