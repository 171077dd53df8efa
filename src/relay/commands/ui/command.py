"""`relay ui`: a start page that leads to runs, models, MLflow and Trackio, until Ctrl-C."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from relay.commands.inspect.artifacts import model_rows
from relay.commands.inspect.runs import run_row
from relay.commands.store_arguments import Parser
from relay.commands.ui.server import HOST, free_port, make_server
from relay.pages.render import render
from relay.pipeline.artifact_pages import INDEX
from relay.pipeline.run_folders import list_runs
from relay.tracking import TrackingSettings, open_backend
from relay.util.errors import Interrupted, RelayError
from relay.util.project import Project
from relay.util.redact import redact
from relay.util.signals import StopSignals

HELP = """\
Usage: ./relay ui [options]

Shows results in the browser, until Ctrl-C: a start page that leads to the pages of runs, models and
sweeps, to MLflow and to Trackio. A port that is taken is replaced by the next free one.

Options:
  --port N          of the start page; default: 8080
  --mlflow-port N   default: 5000
  --trackio-port N  default: 7860
"""
_SHOWN = 50
_WARNING = "ignore:starlette.middleware.wsgi is deprecated"
"""MLflow's own use of Starlette, which is for MLflow to mend."""


def ui(project: Project, argv: Sequence[str], console: Console) -> int:
    """Serve the start page, MLflow and Trackio until a signal; return the exit status.

    Raises ConfigError if an argument is wrong, RelayError if no port is free or a server has ended.
    """
    if "--help" in argv:
        console.print(HELP, markup=False, highlight=False)
        return 0
    parser = Parser(prog="ui", allow_abbrev=False, add_help=False)
    wanted = {"Start page": 8080, "MLflow": 5000, "Trackio": 7860}
    for name, option in zip(wanted, ("--port", "--mlflow-port", "--trackio-port"), strict=True):
        parser.add_argument(option, dest=name, type=int, default=wanted[name])
    given = vars(parser.parse_args(list(argv)))
    ports = _choose_ports(given, console)
    project.prepare(os.environ)
    project.outputs.mkdir(exist_ok=True)
    server = make_server(project.outputs, ports["Start page"], lambda: start_page(project, ports))
    signals = StopSignals(at_once=True)
    signals.install()
    started: list[subprocess.Popen[bytes]] = []
    try:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        started += [_start(command) for command in _commands(project, ports)]
        for name, port in ports.items():
            console.print(f"{name}: http://{HOST}:{port}", highlight=False)
        console.print("Ctrl-C ends all", style="dim")
        _wait_for_the_first(started)
    except Interrupted:
        return 0
    finally:
        signals.ignore()
        server.shutdown()
        for process in started:
            _end(process)
    raise RelayError("ui: MLflow or Trackio has ended; its last lines are above. Start it again.")


def start_page(project: Project, ports: dict[str, int]) -> str:
    """Return the start page with what there is now."""
    runs = [
        {**run_row(run), "has_page": (run.folder / INDEX).is_file()}
        for run in reversed(list_runs(project.outputs)[-_SHOWN:])
    ]
    values = {
        "title": "Relay",
        "place": str(project.home),
        "services": [
            ("MLflow", f"http://{HOST}:{ports['MLflow']}", "runs, metrics, registered models"),
            ("Trackio", f"http://{HOST}:{ports['Trackio']}", "runs and artifacts, lineage"),
        ],
        "models": model_rows(open_backend(TrackingSettings("local"), project.root), _SHOWN),
        "runs": runs,
        "sweeps": sorted(path.stem for path in project.outputs.glob("sweeps/*.html")),
    }
    return redact(render(Path(__file__).with_name("page.html"), values))


def _choose_ports(wanted: dict[str, int], console: Console) -> dict[str, int]:
    """Return a free port for each name, and print which are others than those wanted.

    Raises RelayError if there is none.
    """
    ports: dict[str, int] = {}
    for name, port in wanted.items():
        try:
            ports[name] = free_port(port, set(ports.values()))
        except (OSError, OverflowError) as error:
            raise RelayError(
                f"ui: {name}: {error}. Choose another port: ./relay ui --help"
            ) from error
        if ports[name] != port:
            line = f"Port {port} is taken: {name} is on port {ports[name]}"
            console.print(line, style="yellow", highlight=False)
    return ports


def _commands(project: Project, ports: dict[str, int]) -> list[list[str]]:
    tools = Path(sys.executable).parent
    trackio = str(project.root / "tools" / "trackio_ui.py")
    mlflow = ["--host", HOST, "--port", str(ports["MLflow"]), "--workers", "1"]
    return [
        [sys.executable, trackio, "--port", str(ports["Trackio"])],
        [str(tools / "mlflow"), "ui", *mlflow],
    ]


def _start(command: list[str]) -> subprocess.Popen[bytes]:
    """Start a server in a process group of its own, so that Ctrl-C reaches this process alone."""
    more = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "PYTHONWARNINGS": _WARNING}
    return subprocess.Popen(
        command,
        env={**os.environ, **more},
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    )


def _wait_for_the_first(started: Sequence[subprocess.Popen[bytes]]) -> None:
    """Wait until one of the processes has ended."""
    while all(process.poll() is None for process in started):
        threading.Event().wait(0.3)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a server with all that it has started."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
            process.wait(5)
        except ProcessLookupError:
            return
        except subprocess.TimeoutExpired:
            continue
