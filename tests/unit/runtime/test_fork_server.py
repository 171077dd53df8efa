"""A server that has libraries loaded forks processes that are like newly started ones."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import psutil
import pytest

from relay.runtime import fork_client, processes
from relay.runtime.fork_client import ForkedProcess, ForkServer
from relay.runtime.fork_connection import LocalConnection
from relay.runtime.fork_messages import Libraries, Step
from relay.runtime.processes import SpawnedProcess
from tests.loading import ROOT

PATH = f"export PATH={Path(sys.executable).parent}:$PATH"
SHOWS = """
import json, os, random, sys
import numpy
descriptors = os.listdir("/proc/self/fd")  # with one for the folder itself
print(json.dumps({
    "argv": sys.argv,
    "cwd": os.getcwd(),
    "main": [__name__, __file__],
    "descriptors": len(descriptors) - 1,
    "near": sys.path[0],
    "loaded": sorted(name for name in ("tabnanny", "relay.util.errors") if name in sys.modules),
    "word": os.environ.get("WORD"),
    "group": os.getpgid(0) == os.getpid(),
    "numbers": [random.random(), numpy.random.random()],
}))
"""


def connect(activate: list[str], environ: Mapping[str, str], log: Path) -> ForkServer:
    return ForkServer(LocalConnection(activate, environ, log))


def start_server(folder: Path, *libraries: Path) -> ForkServer:
    path = os.pathsep.join(map(str, (ROOT / "src", *libraries)))
    environ = {**os.environ, "PYTHONPATH": path, "PYTHONUNBUFFERED": "1"}
    return connect([PATH], environ, folder / "logs" / "libraries.log")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ForkServer]:
    server = start_server(tmp_path)
    yield server
    server.close()


LOADED = Libraries([("tabnanny", []), ("numpy", [])])


def fork(
    server: ForkServer, folder: Path, code: str, name: str = "one", libraries: Libraries = LOADED
) -> ForkedProcess:
    (folder / name).mkdir()
    (folder / name / "run.py").write_text(code)
    step = Step(
        name,
        str(folder / name),
        str(folder / name / "run.py"),
        ["--a=it's {b}", "--c="],
        {"WORD": "x y"},
        str(folder / f"{name}.log"),
        libraries,
        claim=str(folder / f"{name}.begun"),
        loaded=str(folder / f"{name}.loaded"),
    )
    return server.fork(step, lambda: spawn(step))


def spawn(step: Step) -> SpawnedProcess:
    """Run the step as if there were no server, with a word that shows it."""
    environ = {**os.environ, "PYTHONPATH": str(Path(step.folder).parent), "WORD": "spawned"}
    command = [sys.executable, step.script, *step.arguments]
    return SpawnedProcess(command, cwd=Path(step.folder), env=environ, log=Path(step.log))


def exit_status(child: ForkedProcess) -> int:
    deadline = time.monotonic() + 30
    while (status := child.poll()) is None:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return status


def is_waiting(child: ForkedProcess, log: Path) -> bool:
    child.poll()  # it may print before its server has reported its start
    return child.pid is not None and log.exists() and "waiting" in log.read_text()


def wait_until_waiting(child: ForkedProcess, log: Path) -> psutil.Process:
    deadline = time.monotonic() + 30
    while not is_waiting(child, log):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert child.pid is not None
    return psutil.Process(child.pid)


READS = "import os; print('waiting', flush=True); os.read(0, 1); print('over', flush=True)"


def test_a_step_finds_what_python_would_give_it_and_its_libraries(
    server: ForkServer, tmp_path: Path
) -> None:
    shown = []
    for name in ("one", "two"):
        assert exit_status(fork(server, tmp_path, SHOWS, name)) == 0
        shown.append(json.loads((tmp_path / f"{name}.log").read_text()))
        folder = str(tmp_path / name)
        script = f"{folder}/run.py"
        assert shown[-1] == {
            "argv": [script, "--a=it's {b}", "--c="],
            "cwd": folder,
            "main": ["__main__", script],
            "descriptors": 3,
            "near": folder,
            "loaded": ["tabnanny"],
            "word": "x y",
            "group": True,
            "numbers": shown[-1]["numbers"],
        }
    assert not set(shown[0]["numbers"]) & set(shown[1]["numbers"])


def test_modules_of_the_project_are_read_when_the_step_begins(
    server: ForkServer, tmp_path: Path
) -> None:
    for name, text in (("one", "before"), ("two", "after")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "words.py").write_text(f"WORD = {text!r}")
        (tmp_path / name / "run.py").write_text("import words; print(words.WORD)")
        log = tmp_path / f"{name}.log"
        script = tmp_path / name / "run.py"
        files = [str(tmp_path / f"{name}.{suffix}") for suffix in ("begun", "loaded")]
        step = Step(name, str(script.parent), str(script), [], {}, str(log), Libraries([]), *files)
        assert exit_status(server.fork(step, lambda step=step: spawn(step))) == 0  # type: ignore[misc]
        assert log.read_text() == f"{text}\n"


@pytest.mark.parametrize(
    ("code", "status", "message"),
    [
        ("import sys; sys.exit(3)", 3, ""),
        ("import sys; sys.exit('no')", 1, "no"),
        ("1 / 0", 1, "ZeroDivisionError"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", 137, ""),
        ("import atexit; atexit.register(print, 'at the end')", 0, "at the end"),
        ("open_file = open(1, 'w', closefd=False); open_file.write('not closed')", 0, "not closed"),
        (
            "import threading; threading.Timer(0.2, lambda: print('from a thread')).start()",
            0,
            "from a thread",
        ),
    ],
)
def test_the_way_it_ends_is_reported(
    server: ForkServer, tmp_path: Path, code: str, status: int, message: str
) -> None:
    assert exit_status(fork(server, tmp_path, code)) == status
    assert message in (tmp_path / "one.log").read_text()


def test_what_it_prints_is_written_also_if_it_is_buffered(tmp_path: Path) -> None:
    environ = {key: value for key, value in os.environ.items() if key != "PYTHONUNBUFFERED"}
    server = connect([PATH], {**environ, "PYTHONPATH": str(ROOT / "src")}, tmp_path / "log")
    assert exit_status(fork(server, tmp_path, "print('well', end='')")) == 0
    assert (tmp_path / "one.log").read_text() == "well"
    server.close()


def test_its_time_is_its_own(tmp_path: Path) -> None:
    server = start_server(tmp_path)
    server.load(Libraries([("pandas", [])]))
    code = "import time\nend = time.process_time() + 0.5\nwhile time.process_time() < end: pass"
    child = fork(server, tmp_path, code)
    assert exit_status(child) == 0
    assert 0.5 <= child.usage.cpu_seconds < 0.8
    assert server.close() > 0.05


def test_a_library_that_does_not_load_is_the_steps_affair(
    server: ForkServer, tmp_path: Path
) -> None:
    missing = Libraries([("no_such_library", []), ("tabnanny", [])])
    assert exit_status(fork(server, tmp_path, "print('well')", "one", missing)) == 0
    assert exit_status(fork(server, tmp_path, "import no_such_library", "two", missing)) == 1
    assert "no_such_library" in (tmp_path / "two.log").read_text()


def test_a_library_is_not_looked_for_in_the_folder_where_the_run_was_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tabnanny.py").write_text("print('not a library')")
    monkeypatch.chdir(tmp_path)
    server = start_server(tmp_path)
    assert exit_status(fork(server, tmp_path, "import tabnanny; tabnanny.check")) == 0
    server.close()


def test_a_library_may_have_a_child_of_its_own(tmp_path: Path) -> None:
    text = "import subprocess; child = subprocess.Popen(['sleep', '0.1'])"
    (tmp_path / "library").mkdir()
    (tmp_path / "library" / "has_a_child.py").write_text(text)
    server = start_server(tmp_path, tmp_path / "library")
    libraries = Libraries([("has_a_child", [])])
    code = "import time; time.sleep(0.5)"
    assert exit_status(fork(server, tmp_path, code, libraries=libraries)) == 0
    server.close()


def test_a_step_may_spawn_processes(server: ForkServer, tmp_path: Path) -> None:
    code = """
from multiprocessing import get_context
if __name__ == "__main__":
    process = get_context("spawn").Process(target=print, args=("spawned",))
    process.start()
    process.join()
"""
    libraries = Libraries([("multiprocessing", [])])
    assert exit_status(fork(server, tmp_path, code, libraries=libraries)) == 0
    assert (tmp_path / "one.log").read_text() == "spawned\n"


def test_a_server_that_cannot_be_started_leaves_no_descriptor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = psutil.Process().num_fds()
    monkeypatch.setenv("PATH", "")
    with pytest.raises(OSError, match="bash"):
        connect([], os.environ, tmp_path / "libraries.log")
    assert psutil.Process().num_fds() == before


def test_when_the_server_ends_so_does_the_standard_input_of_each_step(tmp_path: Path) -> None:
    server = start_server(tmp_path)
    children = {name: fork(server, tmp_path, READS, name) for name in ("one", "two")}
    processes = [
        wait_until_waiting(child, tmp_path / f"{name}.log") for name, child in children.items()
    ]
    server.close()
    psutil.wait_procs(processes, timeout=10)
    for name in children:
        assert "over" in (tmp_path / f"{name}.log").read_text()


def test_a_killed_server_is_reported_in_the_log_of_the_step(
    server: ForkServer, tmp_path: Path
) -> None:
    child = fork(server, tmp_path, READS)
    os.kill(wait_until_waiting(child, tmp_path / "one.log").ppid(), signal.SIGKILL)
    assert exit_status(child) == 1
    assert "forked from has ended, and the step with it. See " in (tmp_path / "one.log").read_text()


def test_a_server_that_does_not_start_leaves_its_steps_to_be_spawned(tmp_path: Path) -> None:
    log = tmp_path / "libraries.log"
    server = connect(["echo no such environment; false"], os.environ, log)
    child = fork(server, tmp_path, SHOWS_WORD)
    assert exit_status(child) == 0
    assert (tmp_path / "one.log").read_text() == "spawned\n"
    assert "no such environment" in log.read_text()
    assert exit_status(fork(server, tmp_path, SHOWS_WORD, "two")) == 0
    server.close()


def test_it_can_be_stopped_before_it_is_there(server: ForkServer, tmp_path: Path) -> None:
    child = fork(server, tmp_path, READS, libraries=Libraries([("pandas", []), ("sklearn", [])]))
    assert child.pid is None
    child.stop()
    assert child.poll() == 128 + signal.SIGTERM


def test_a_library_that_hangs_does_not_keep_us(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "hangs.py").write_text("import time; time.sleep(600)")
    server = start_server(tmp_path, tmp_path)
    child = fork(server, tmp_path, READS, libraries=Libraries([("hangs", [])]))
    monkeypatch.setattr(processes, "GRACE_SECONDS", 0.3)
    child.stop()
    assert child.poll() == 1
    server.close()


SHOWS_WORD = "import os; print(os.environ['WORD'])"


@pytest.mark.parametrize(
    "code",
    [
        "from threading import Timer; timer = Timer(60, print); timer.daemon = True; timer.start()",
        "import socket; connection = socket.socket()",
        "import os; os._exit(3)",
        "import time; time.sleep(600)",
    ],
    ids=["begins a thread", "opens a connection", "ends the process", "hangs"],
)
def test_a_library_that_nothing_can_be_forked_after_leaves_the_steps_to_be_spawned(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    monkeypatch.setattr(fork_client, "STUCK_SECONDS", 0.5)
    (tmp_path / "library").mkdir()
    (tmp_path / "library" / "unfit.py").write_text(code)
    server = start_server(tmp_path, tmp_path / "library")
    libraries = Libraries([("tabnanny", []), ("unfit", [])])
    for name in ("one", "two"):
        child = fork(server, tmp_path, SHOWS_WORD, name, libraries)
        assert exit_status(child) == 0
        assert (tmp_path / f"{name}.log").read_text() == "spawned\n"
        assert child.usage.cpu_seconds > 0
    assert server.unfit == "unfit"
    server.close()


def test_a_library_that_raises_as_it_is_loaded_is_left_to_the_step(tmp_path: Path) -> None:
    (tmp_path / "library").mkdir()
    (tmp_path / "library" / "leaves.py").write_text("raise SystemExit(5)")
    server = start_server(tmp_path, tmp_path / "library")
    child = fork(server, tmp_path, SHOWS_WORD, libraries=Libraries([("leaves", [])]))
    assert exit_status(child) == 0
    assert (tmp_path / "one.log").read_text() == "x y\n"
    assert exit_status(fork(server, tmp_path, "import leaves", "two")) == 5
    assert server.unfit is None
    server.close()


def test_a_step_that_was_spawned_is_not_forked_as_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fork_client, "STUCK_SECONDS", 0.3)
    (tmp_path / "library").mkdir()
    (tmp_path / "library" / "slow.py").write_text("import time; time.sleep(3)")
    server = start_server(tmp_path, tmp_path / "library")
    child = fork(server, tmp_path, SHOWS_WORD, libraries=Libraries([("slow", [])]))
    assert exit_status(child) == 0
    deadline = time.monotonic() + 10
    while server.is_loading and time.monotonic() < deadline:  # it goes on after all
        server.read_answers()
        time.sleep(0.05)
    time.sleep(0.3)
    assert (tmp_path / "one.log").read_text() == "spawned\n"
    server.close()


def test_what_a_step_loads_besides_is_reported(server: ForkServer, tmp_path: Path) -> None:
    code = "import tabnanny, numpy, yaml; from yaml import loader; import sched"
    assert exit_status(fork(server, tmp_path, code)) == 0
    loaded = json.loads((tmp_path / "one.loaded").read_text())
    assert {"yaml", "yaml.loader"} < set(loaded)
    assert {name.partition(".")[0] for name in loaded} == {"yaml"}  # and none that was there


def test_memory_bounds_what_is_loaded_ahead(tmp_path: Path) -> None:
    (tmp_path / "library").mkdir()
    text = "import sys; sys.modules['__main__']._MEMORY_SHARE = 0"
    (tmp_path / "library" / "bounded.py").write_text(text)
    server = start_server(tmp_path, tmp_path / "library")
    code = "import sys; print('tabnanny' in sys.modules)"
    libraries = Libraries([("bounded", []), ("tabnanny", [])])
    assert exit_status(fork(server, tmp_path, code, libraries=libraries)) == 0
    assert (tmp_path / "one.log").read_text() == "False\n"
    server.close()


def write_library(folder: Path, name: str, code: str) -> Libraries:
    (folder / "library").mkdir(exist_ok=True)
    (folder / "library" / f"{name}.py").write_text(code)
    return Libraries([(name, [])])


def test_a_step_does_not_wait_for_the_libraries_of_another(tmp_path: Path) -> None:
    own = write_library(tmp_path, "own", "")
    slow = write_library(tmp_path, "slow", "import time; time.sleep(2)")
    server = start_server(tmp_path, tmp_path / "library")
    for libraries in (own, slow):
        server.load(libraries)
    wait_for_import(server, "slow")
    code = "import sys; print(sorted({'own', 'slow'} & set(sys.modules)))"
    assert exit_status(fork(server, tmp_path, code, "one", own)) == 0
    assert server.is_loading
    assert exit_status(fork(server, tmp_path, code, "two", slow)) == 0
    assert (tmp_path / "one.log").read_text() == "['own']\n"
    assert (tmp_path / "two.log").read_text() == "['own', 'slow']\n"
    server.close()


def wait_for_import(server: ForkServer, module: str) -> None:
    deadline = time.monotonic() + 20
    while module not in {loading.module for loading in server._loading.values()}:
        assert time.monotonic() < deadline
        server.read_answers()
        time.sleep(0.02)


@pytest.mark.parametrize(
    "code",
    [
        "from threading import Timer; timer = Timer(60, print); timer.daemon = True; timer.start()",
        "import os; os._exit(3)",
    ],
    ids=["begins a thread", "ends the process"],
)
def test_an_unfit_library_leaves_the_steps_that_do_not_use_it(tmp_path: Path, code: str) -> None:
    own = write_library(tmp_path, "own", "")
    unfit = write_library(tmp_path, "unfit", code)
    server = start_server(tmp_path, tmp_path / "library")
    for libraries in (own, unfit):
        server.load(libraries)
    before = fork(server, tmp_path, READS, "before", own)
    wait_until_waiting(before, tmp_path / "before.log")
    for name, libraries, word in (("two", unfit, "spawned"), ("three", own, "x y")):
        assert exit_status(fork(server, tmp_path, SHOWS_WORD, name, libraries)) == 0
        assert (tmp_path / f"{name}.log").read_text() == f"{word}\n"
    assert server.unfit == "unfit"
    assert before.poll() is None
    server.close()


def test_the_servers_of_all_levels_end_with_the_first(tmp_path: Path) -> None:
    own = write_library(tmp_path, "own", "")
    hangs = write_library(tmp_path, "hangs", "import time; time.sleep(600)")
    server = start_server(tmp_path, tmp_path / "library")
    for libraries in (own, hangs):
        server.load(libraries)
    wait_for_import(server, "hangs")
    first = psutil.Process(server._connection.group)
    levels = [first, *first.children()]
    assert len(levels) == 2
    server.close()
    assert psutil.wait_procs(levels, timeout=10)[1] == []
