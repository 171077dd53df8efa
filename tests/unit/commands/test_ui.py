"""`relay ui`: its start page, the ports, and who may ask."""

from __future__ import annotations

import io
import json
import os
import socket
import threading
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path

import pytest
from rich.console import Console

from relay.commands.ui import command
from relay.commands.ui.server import HOST, free_port, make_server
from relay.util.errors import ConfigError, RelayError
from relay.util.project import Project
from tests.loading import ROOT

PORTS = {"Start page": 1, "MLflow": 5001, "Trackio": 7861}


@pytest.fixture
def project(tmp_path: Path) -> Project:
    folder = tmp_path / "outputs" / "2026-01-31T12-30-00"
    folder.mkdir(parents=True)
    step = {"name": "a", "status": "ran", "metrics": {"r2": 0.5}, "outputs": {}}
    summary = {"status": "succeeded", "command": "./relay run model=<b>", "steps": [step]}
    (folder / "summary.json").write_text(json.dumps(summary))
    (folder / "index.html").write_text("the page of the run")
    (folder / ".secret").write_text("hidden")
    (tmp_path / "outputs" / "sub").mkdir()
    return Project(ROOT, tmp_path)


@pytest.fixture
def url(project: Project) -> Iterator[str]:
    server = make_server(project.outputs, 0, lambda: command.start_page(project, PORTS))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://{HOST}:{server.server_port}"
    server.shutdown()
    server.server_close()


def get(url: str, host: str | None = None) -> tuple[int, str]:
    """Return the status and the text of an answer; the path is sent as it is."""
    place, _, path = url.removeprefix("http://").partition("/")
    connection = HTTPConnection(place, timeout=10)
    connection.request("GET", f"/{path}", headers={"Host": host} if host else {})
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, text


def test_the_start_page_leads_to_runs_mlflow_and_trackio(url: str) -> None:
    page = get(url)[1]
    for link in (
        "2026-01-31T12-30-00/index.html", "http://127.0.0.1:5001", "http://127.0.0.1:7861",
    ):  # fmt: skip
        assert f'href="{link}"' in page
    assert "model=&lt;b&gt;" in page
    assert get(f"{url}/2026-01-31T12-30-00/index.html") == (200, "the page of the run")


@pytest.mark.parametrize(
    ("path", "host", "status"),
    [
        ("/", "elsewhere.example:80", 403),
        ("/sub/", None, 404),
        ("/2026-01-31T12-30-00/nosuch", None, 404),
        ("/2026-01-31T12-30-00/.secret", None, 404),
        ("/../../etc/passwd", None, 404),
    ],
)
def test_what_is_not_for_browsers_of_this_machine_is_refused(
    url: str, path: str, host: str | None, status: int
) -> None:
    assert get(url + path, host)[0] == status


def test_a_port_that_is_taken_is_replaced_and_named() -> None:
    with socket.create_server((HOST, 0)) as taken:
        port = taken.getsockname()[1]
        assert free_port(port, {port + 1}) >= port + 2
        output = io.StringIO()
        ports = command._choose_ports({"MLflow": port}, Console(file=output, width=200))
    assert ports["MLflow"] > port
    line = f"Port {port} is taken: MLflow is on port {ports['MLflow']}\n"
    assert output.getvalue() == line


def test_a_port_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(RelayError, match="ui: MLflow: the ports from 70000 on are taken"):
        command._choose_ports({"MLflow": 70_000}, Console(file=io.StringIO()))


def test_a_wrong_option_is_an_error(project: Project) -> None:
    before = dict(os.environ)
    with pytest.raises(ConfigError, match=r"See ./relay ui --help"):
        command.ui(project, ["--ports", "1"], Console(file=io.StringIO()))
    assert dict(os.environ) == before
