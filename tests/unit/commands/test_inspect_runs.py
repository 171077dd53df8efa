"""`relay runs` and `relay diff`: what ran in this project, and what differs."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from relay.commands.inspect.artifacts import show
from relay.commands.inspect.diff import diff
from relay.commands.inspect.headline import headline
from relay.commands.inspect.runs import runs
from relay.pipeline.run_folders import marked_active
from relay.util.errors import ConfigError
from relay.util.project import Project
from tests.loading import ROOT

EARLY, LATE = "2026-01-31T12-30-00", "2026-02-01T08-00-00"


def add_run(
    root: Path,
    name: str,
    *,
    depth: int = 8,
    r2: float = 0.5,
    status: str = "succeeded",
    data: str = "sales",
    note: str = "",
) -> None:
    folder = root / "outputs" / name
    folder.mkdir(parents=True)
    summary = {
        "status": status,
        "seconds": 4.25,
        "command": f"./relay run model.depth={depth} {note}".strip(),
        "git_commit": "abc",
        "steps": [
            {
                "name": "get",
                "status": "cached",
                "inputs": {},
                "outputs": {"raw": "raw:v0"},
                "metrics": {},
            },
            {
                "name": "evaluate",
                "status": "ran" if status == "succeeded" else "failed",
                "inputs": {"raw": "raw:v0"},
                "outputs": {"scores": f"scores:v{depth}"},
                "metrics": {"r2": r2, "fit_seconds": depth / 7},
            },
            {"name": "predict", "status": "not_selected", "outputs": {}, "metrics": {}},
        ],
    }
    (folder / "summary.json").write_text(json.dumps(summary))
    settings = (
        f"jobs: {depth}\ndata:\n  url: {data}.csv\n  name: {data}\nmodel: {{depth: {depth}}}\n"
    )
    (folder / "config.yaml").write_text(f"# a command\n{settings}copy: ${{model.depth}}\n")


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


def rows(command: Any, project: Project, *argv: str) -> Any:
    content: Any = json.loads(printed(command, project, *argv, "--json"))
    return content


def test_runs_are_listed_newest_first_with_status_command_and_metrics(project: Project) -> None:
    lines = printed(runs, project).splitlines()
    assert [line.split()[0] for line in lines] == ["Run", LATE, EARLY]
    for words in ("failed", "1 cached, 1 failed", "model.depth=9", "r2=0.625"):
        assert words in lines[1]


def test_a_run_that_failed_is_listed_with_the_metrics_of_the_step_that_failed() -> None:
    steps = [
        {"status": "cached", "metrics": {"cv_r2": 0.4}},
        {"status": "failed", "metrics": {"r2": 0.5}},
    ]
    register, predict = {"status": "not_started", "metrics": {}}, {"status": "not_selected"}
    assert headline([*steps, register, predict]) == {"r2": 0.5}
    assert headline([*steps, {**register, "metrics": {"promoted": 1}}, predict]) == {"r2": 0.5}


def test_a_status_is_listed_in_words(project: Project) -> None:
    path = project.outputs / LATE / "summary.json"
    summary = json.loads(path.read_text())
    summary["steps"][1]["status"] = "not_started"
    path.write_text(json.dumps(summary))
    assert "1 cached, 1 not started" in printed(runs, project)
    assert "not started" in printed(show, project, LATE)
    [_, step, _] = rows(show, project, LATE)["steps"]
    assert step["status"] == "not_started"


def test_runs_as_json_have_all_metrics(project: Project) -> None:
    newest, oldest = rows(runs, project)
    assert (newest["run"], newest["status"]) == (LATE, "failed")
    assert oldest["metrics"] == {"r2": 0.5, "fit_seconds": 8 / 7}
    assert [row["run"] for row in rows(runs, project, "--limit", "1")] == [LATE]


def test_a_run_is_shown_with_its_command_and_steps(project: Project) -> None:
    lines = printed(show, project, EARLY).splitlines()
    assert lines[:3] == [
        f"{EARLY}: succeeded, 4.25 s", "Command: ./relay run model.depth=8", "Commit: abc",
    ]  # fmt: skip
    assert [line.rstrip() for line in lines[3:]] == [
        "Step      Status  Inputs  Outputs    Metrics",
        "get       cached  -       raw:v0     -",
        "evaluate  ran     raw:v0  scores:v8  r2=0.500  fit_seconds=1.143",
    ]
    assert rows(show, project, "latest")["status"] == "failed"
    with pytest.raises(ConfigError, match="For one on W&B, add tracking=wandb"):
        show(project, ["2026-03-01T00-00-00"], Console(quiet=True))


def test_a_project_without_runs_has_a_hint(tmp_path: Path) -> None:
    hint = "No run yet. Start one: ./relay run. Runs on W&B: ./relay runs tracking=wandb\n"
    assert printed(runs, Project(tmp_path)) == hint


def test_a_run_without_a_summary_is_running_or_was_killed(project: Project) -> None:
    folder = project.outputs / "2026-02-02T08-00-00"
    folder.mkdir()
    (folder / "config.yaml").write_text("# ./relay run model=linear\nseed: 1\n")
    with marked_active(folder):
        assert rows(runs, project)[0]["status"] == "running"
    newest = rows(runs, project)[0]
    assert (newest["run"], newest["status"], newest["command"]) == (
        folder.name, "killed", "model=linear",
    )  # fmt: skip
    (project.outputs / LATE / "summary.json").write_text("{")  # as a full disk may leave it
    assert rows(runs, project)[1]["status"] == "killed"


def test_a_row_is_one_line_in_a_pipe(project: Project) -> None:
    add_run(project.home, "2026-02-03T08-00-00", note="x" * 300)
    done = subprocess.run(
        [sys.executable, str(ROOT / "main.py"), "runs"],
        env={**os.environ, "RELAY_HOME": str(project.home), "COLUMNS": "40"},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert len(done.stdout.splitlines()) == 4
    assert "x" * 300 in done.stdout


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


def test_a_run_is_compared_with_the_one_before_on_the_same_data(project: Project) -> None:
    add_run(project.home, "2026-02-02T08-00-00", data="other")
    add_run(project.home, "2026-02-03T08-00-00", depth=3)
    found = rows(diff, project, "latest")
    assert set(found[0]) == {"what", LATE, "2026-02-03T08-00-00"}
    with pytest.raises(ConfigError, match="has no run before it on the same data"):
        diff(project, ["2026-02-02"], Console(quiet=True))


def test_a_setting_that_follows_another_is_compared_as_it_was_used(project: Project) -> None:
    add_run(project.home, "2026-02-02T08-00-00", depth=9)
    text = (project.outputs / "2026-02-02T08-00-00" / "config.yaml").read_text()
    changed = text.replace("${model.depth}", "7")
    (project.outputs / "2026-02-02T08-00-00" / "config.yaml").write_text(changed)
    found = {row["what"]: row for row in rows(diff, project, LATE, "2026-02-02T08-00-00")}
    assert found["copy"] == {"what": "copy", LATE: "9", "2026-02-02T08-00-00": "7"}
    assert "$" not in str(found)


def test_a_package_that_differs_is_named_with_its_environment(project: Project) -> None:
    text = printed(diff, project, EARLY, LATE)
    assert "Packages are not compared, as one of the runs has no locks.json." in text
    for name, numpy in ((EARLY, "1.0"), (LATE, "2.0")):
        locks = {"model": {"numpy": numpy, "pandas": "3.0"}, name: {"numpy": "0.1"}}
        (project.outputs / name / "locks.json").write_text(json.dumps(locks))
    found = [row for row in rows(diff, project, EARLY, LATE) if row["what"].startswith("lock")]
    assert found == [{"what": "lock model: numpy", EARLY: "1.0", LATE: "2.0"}]


def test_of_a_damaged_summary_nothing_is_compared(project: Project) -> None:
    (project.outputs / EARLY / "summary.json").write_text("{")
    with pytest.raises(ConfigError, match=rf"diff: {EARLY}: its summary.json is damaged"):
        diff(project, [LATE], Console(quiet=True))


def test_runs_that_do_not_differ(project: Project) -> None:
    (project.outputs / LATE / "locks.json").write_text("{}")
    assert printed(diff, project, LATE, LATE) == f"{LATE} and {LATE} do not differ.\n"


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["2027"], "there is no such run in outputs/. See ./relay runs."),
        (["2026", "latest"], "several runs begin so"),
        ([EARLY], "has no run before it"),
        ([], "wrong number of words (got 0). Write ./relay diff A [B]."),
        ([LATE, "--limit", "3"], "unrecognized arguments: --limit"),
        ([LATE, "seed=1"], "takes no such setting (got 'seed=1'). Allowed are tracking, "),
        ([LATE, "--nosuch"], "See ./relay diff --help."),
    ],
)
def test_a_wrong_word_is_an_error(project: Project, argv: list[str], message: str) -> None:
    with pytest.raises(ConfigError) as error:
        diff(project, argv, Console(quiet=True))
    assert message in str(error.value)
