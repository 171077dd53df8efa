"""`relay doctor`: each thing that would make a run fail is found, with what to do."""

from __future__ import annotations

import http.server
import io
import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from relay.commands.doctor import command, machine_checks
from relay.commands.doctor.machine_checks import check_disks, check_git, check_proxies
from relay.commands.doctor.project_checks import check_kept, check_login, check_mlflow
from relay.runtime.component import load_component
from relay.runtime.containers.images import component_tag
from relay.util.errors import ConfigError
from relay.util.project import Project
from tests.loading import ROOT


@pytest.fixture(autouse=True)
def own_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Set what the command sets, as a run does, so that it is undone; no proxy of this machine."""
    monkeypatch.setenv("PATH", machine_checks.tools_path())
    monkeypatch.setenv("TRACKIO_DIR", str(tmp_path / "store"))
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    for name in [name for name in os.environ if name.startswith("WANDB_")]:
        monkeypatch.delenv(name)  # a login of other tests
    project = Project(ROOT, tmp_path)
    for name in project.variables({}):
        if name != "TRACKIO_DIR":
            monkeypatch.setenv(name, project.variables({})[name])


def run(home: Path, *argv: str) -> tuple[int, str]:
    output = io.StringIO()
    status = command.doctor(Project(ROOT, home), argv, Console(file=output, width=300))
    return status, output.getvalue()


def test_a_sound_project_has_no_problem_and_nothing_is_written(tmp_path: Path) -> None:
    status, text = run(tmp_path, "env_manager=local")
    assert status == 0, text
    for words in ("7 steps: get_data", "every component has one", "no login", "A run can start"):
        assert words in text
    assert list(tmp_path.iterdir()) == []


def test_what_would_make_a_run_fail_is_status_1_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "outputs").write_text("a file in the way")
    status, text = run(tmp_path, "env_manager=local", "model=lineer", "--json")
    found = {row["check"]: row for row in json.loads(text)}
    assert status == 1
    assert found["settings"]["state"] == found["folders"]["state"] == "problem"
    assert "linear" in found["settings"]["finding"]
    assert "Move the file away" in found["folders"]["finding"]


def test_the_table_ends_with_the_names_of_the_problems(tmp_path: Path) -> None:
    status, text = run(tmp_path, "model=lineer")
    assert status == 1
    assert text.splitlines()[-1].startswith("A run would fail: see settings")


def test_a_word_that_is_not_a_setting_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"doctor: not a setting \(got 'train'\)"):
        run(tmp_path, "train")


def test_the_login_is_asked_for_only_if_it_is_used() -> None:
    assert check_login("auto", {"HOME": "/nowhere"}).state == "ok"
    chosen = check_login("wandb", {"HOME": "/nowhere", "NETRC": "/nowhere/netrc"})
    assert (chosen.state, "there is no login" in chosen.finding) == ("problem", True)
    lost = {"WANDB_API_KEY": "k" * 40, "WANDB_BASE_URL": "http://127.0.0.1:9"}
    assert "cannot be reached" in check_login("auto", lost).finding


def test_a_proxy_that_cannot_be_used_is_a_problem_and_no_password_is_shown() -> None:
    good, bad = check_proxies(
        {"HTTP_PROXY": "http://me:secret@proxy:3128", "https_proxy": "socks5://proxy"}
    )
    assert (good.state, bad.state) == ("ok", "problem")
    assert "secret" not in good.finding
    assert "only proxies of http" in bad.finding


def test_a_disk_without_room_is_a_problem(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    project = Project(ROOT, tmp_path)
    assert all(finding.state == "ok" for finding in check_disks(project, build_bytes=0))
    monkeypatch.setattr(machine_checks, "_RUN_BYTES", 10**18)
    runs, environments, temporary = check_disks(project, build_bytes=0)
    assert [runs.state, environments.state, temporary.state] == ["problem", "ok", "problem"]
    assert "./relay gc" in runs.finding


def test_a_project_without_git_is_a_warning(tmp_path: Path) -> None:
    assert check_git(tmp_path).state == "warning"


def test_runs_that_wait_for_their_upload_are_a_warning(tmp_path: Path) -> None:
    assert list(check_kept(tmp_path)) == []
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "run.json").write_text("{}")
    (finding,) = check_kept(tmp_path)
    assert (finding.state, "cannot read the kept run" in finding.finding) == ("warning", True)


@pytest.fixture
def server() -> Iterator[str]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/health" else 404)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            """Print nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_a_server_of_mlflow_is_asked(server: str) -> None:
    assert check_mlflow(server, {}).state == "ok"
    assert check_mlflow(f"{server}/elsewhere", {}).state == "warning"
    lost = check_mlflow("http://127.0.0.1:9", {})
    assert (lost.state, "MLFLOW_TRACKING_URI" in lost.finding) == ("problem", True)
    assert check_mlflow("sqlite:///mlflow.db", {}).state == "ok"


def tool(folder: Path, name: str, script: str) -> None:
    """Make a stand-in for the command `name`."""
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def findings(home: Path, *argv: str) -> tuple[int, dict[str, dict[str, str]]]:
    status, text = run(home, *argv, "--json")
    return status, {row["check"]: row for row in json.loads(text)}


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put a folder of stand-ins before the commands of this machine."""
    folder = tmp_path / "tools"
    monkeypatch.setattr(command, "tools_path", lambda: f"{folder}:{machine_checks.tools_path()}")
    return folder


def test_the_engine_of_containers_is_required_if_steps_run_in_them(
    tools: Path, tmp_path: Path
) -> None:
    tool(tools, "docker", "echo 'Cannot connect to the daemon' >&2; exit 1")
    status, found = findings(tmp_path, "env_manager=docker")
    assert (status, found["containers"]["state"]) == (1, "problem")
    assert "docker does not answer: Cannot connect" in found["containers"]["finding"]
    assert "docker" not in found  # it is not optional
    _, found = findings(tmp_path, "env_manager=local")
    assert "optional" in found["docker"]["finding"]
    assert "containers" not in found


def test_images_that_are_not_built_are_named(tools: Path, tmp_path: Path) -> None:
    tool(tools, "docker", "exit 0")
    status, found = findings(tmp_path, "env_manager=docker", "container.base=base:1")
    assert (status, found["containers"]["state"]) == (0, "warning")
    assert "train" in found["containers"]["finding"]
    project = Project(ROOT, tmp_path)
    tags = {
        component_tag(project, "base:1", load_component(folder.parent, folder.name))
        for folder in (ROOT / "components").iterdir()
        if (folder / "MLproject").is_file()
    }
    tool(tools, "docker", "\n".join(f"echo {tag}" for tag in tags))
    _, found = findings(tmp_path, "env_manager=docker", "container.base=base:1")
    assert found["containers"]["state"] == "ok"


def test_slurm_is_required_if_steps_run_on_it(tools: Path, tmp_path: Path) -> None:
    tool(tools, "srun", "exit 0")
    tool(tools, "sinfo", "echo 'Unable to contact slurm controller' >&2; exit 1")
    settings = ("env_manager=local", "engine=slurm")
    status, found = findings(tmp_path, *settings)
    assert (status, found["engine"]["state"]) == (1, "problem")
    assert "Unable to contact" in found["engine"]["finding"]
    tool(tools, "sinfo", "echo main up 2")
    status, found = findings(tmp_path, *settings)
    assert (status, found["engine"]["state"]) == (0, "ok")


def test_the_command_of_an_engine_must_be_installed(tmp_path: Path) -> None:
    settings = ("env_manager=local", "engine=command", "engine.command=[no-such-tool]")
    status, found = findings(tmp_path, *settings)
    assert (status, found["engine"]["state"]) == (1, "problem")
    assert "no-such-tool is not installed" in found["engine"]["finding"]
