"""A container's agent and its client: processes in it are forked, spawned, measured and ended."""

from __future__ import annotations

import contextlib
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

import psutil
import pytest

from relay.runtime.containers.container import Container, SpawnedInContainer
from relay.runtime.containers.container_cli import ContainerCli, Limits, NewContainer
from relay.runtime.containers.messages import Spawn
from relay.runtime.fork_client import ForkedProcess, ForkServer
from relay.runtime.fork_messages import Libraries, Step
from relay.runtime.processes import Process
from tests.unit.runtime.containers.stand_in import StandIn

BUSY = "end = time.process_time() + 0.4\nwhile time.process_time() < end: pass"


def start(
    folder: Path, variables: dict[str, str] | None = None, memory_gb: float | None = None
) -> Container:
    new = NewContainer("relay-1", "image", "none", [], Limits(memory_gb))
    cli = ContainerCli("docker")
    return Container(cli, new, variables or {}, folder / "logs" / "containers.log")


@pytest.fixture
def container(docker: StandIn, tmp_path: Path) -> Iterator[Container]:
    container = start(tmp_path, {"WORD": "from the client", "API_KEY": "topsecret"})
    yield container
    container.close()


def spawn(container: Container, folder: Path, code: str) -> SpawnedInContainer:
    words = ["python3", "-c", f"import os, sys, time\n{code}"]
    return SpawnedInContainer(
        container, Spawn("one", words, str(folder), {"MORE": "more"}, str(folder / "one.log"))
    )


def fork(server: ForkServer, folder: Path, code: str) -> ForkedProcess:
    script = folder / "run.py"
    script.write_text(f"import os, sys, time\n{code}")
    step = Step(
        "two", str(folder), str(script), [], {"MORE": "more"}, str(folder / "two.log"),
        Libraries([("csv", [])]), str(folder / "begun"), str(folder / "loaded"),
    )  # fmt: skip
    return server.fork(step, refuse)


def refuse() -> NoReturn:
    raise AssertionError("it was not forked")


def wait(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.01)


def exit_status(process: Process) -> int:
    wait(lambda: process.poll() is not None)
    return process.poll() or 0


def test_a_process_is_spawned_with_the_variables_of_the_container(
    container: Container, tmp_path: Path
) -> None:
    process = spawn(container, tmp_path, "print(os.environ['WORD'], os.environ['MORE']); exit(3)")
    assert exit_status(process) == 3
    assert process.tail(1) == ["from the client more"]


def test_the_engine_never_sees_the_variables(
    container: Container, docker: StandIn, tmp_path: Path
) -> None:
    assert exit_status(spawn(container, tmp_path, "")) == 0
    assert not any("topsecret" in call or "API_KEY" in call for call in docker.calls)


def test_a_process_is_forked_from_the_server_inside(container: Container, tmp_path: Path) -> None:
    server = ForkServer(container)
    code = f"{BUSY}\nprint('csv' in sys.modules, os.environ['WORD'], os.environ['MORE'])"
    process = fork(server, tmp_path, code)
    assert exit_status(process) == 0
    assert process.tail(1) == ["True from the client more"]
    assert process.usage.cpu_seconds >= 0.4
    assert process.usage.max_rss_mb > 5


def test_a_command_that_does_not_exist_has_the_status_of_shells(
    container: Container, tmp_path: Path
) -> None:
    request = Spawn("one", ["no-such-command"], str(tmp_path), {}, str(tmp_path / "one.log"))
    process = SpawnedInContainer(container, request)
    assert exit_status(process) == 127
    assert "no-such-command" in process.tail(1)[0]


def test_time_and_memory_are_those_of_the_process(container: Container, tmp_path: Path) -> None:
    process = spawn(container, tmp_path, f"block = bytearray(100_000_000)\n{BUSY}\ntime.sleep(0.3)")
    assert exit_status(process) == 0
    assert process.usage.cpu_seconds >= 0.4
    assert 100 <= process.usage.max_rss_mb < 300


def test_stop_ends_the_whole_group_by_signals_of_the_agent(
    container: Container, tmp_path: Path
) -> None:
    code = (
        "import subprocess; subprocess.Popen(['sleep', '60'])\n"
        "print('up', flush=True); time.sleep(60)"
    )
    process = spawn(container, tmp_path, code)
    wait(lambda: process.poll() is None and process.tail(1) == ["up"])
    group = process.pid
    process.stop()
    assert process.poll() == 128 + signal.SIGTERM
    assert group is not None
    assert not container.table.has_living(group)


def test_closing_ends_what_still_runs(docker: StandIn, tmp_path: Path) -> None:
    container = start(tmp_path)
    server = ForkServer(container)
    process = fork(server, tmp_path, "print('up', flush=True)\nsys.stdin.read()\ntime.sleep(0)")
    wait(lambda: process.poll() is None and process.tail(1) == ["up"])
    wait(lambda: process.poll() is None and len(container.table.rows) == 2)
    members = [psutil.Process(row.pid) for row in container.table.rows.values()]
    container.close()
    assert psutil.wait_procs(members, timeout=10)[1] == []


def test_a_container_that_ends_ends_its_steps(container: Container, tmp_path: Path) -> None:
    process = spawn(container, tmp_path, "print('up', flush=True); time.sleep(60)")
    wait(lambda: process.poll() is None and process.tail(1) == ["up"])
    inside = psutil.Process(process.pid)
    container._popen.kill()
    assert exit_status(process) == 1
    assert str(process.explanation).startswith("its container has ended (exit status -9)")
    inside.kill()  # in a container, the kernel does it


def test_a_container_that_ends_is_the_error_of_what_was_forked_in_it(
    container: Container, tmp_path: Path
) -> None:
    process = fork(ForkServer(container), tmp_path, "print('up', flush=True); sys.stdin.read()")
    wait(lambda: process.poll() is None and process.tail(1) == ["up"])
    wait(lambda: process.poll() is None and len(container.table.rows) == 2)
    members = [psutil.Process(row.pid) for row in container.table.rows.values()]
    container._popen.kill()
    assert exit_status(process) == 1
    assert str(process.explanation).startswith("its container has ended (exit status -9)")
    assert f"See {container.log}" in str(process.explanation)
    for member in members:  # in a container, the kernel does it
        with contextlib.suppress(psutil.NoSuchProcess):
            member.kill()


def test_why_a_container_does_not_start_is_the_error(docker: StandIn, tmp_path: Path) -> None:
    docker.fails("run", "docker: Error response from daemon: no such network")
    container = start(tmp_path)
    process = spawn(container, tmp_path, "")
    assert exit_status(process) == 1
    assert process.explanation == (
        "its container could not be started: Error response from daemon: no such network"
    )
    container.close()
    assert docker.calls[-1] == "rm --force relay-1"


@pytest.mark.parametrize(("memory", "words"), [(0.5, "resources.memory_gb=0.5"), (None, "jobs=1")])
def test_a_process_killed_for_lack_of_memory_has_that_as_its_error(
    docker: StandIn, tmp_path: Path, memory: float | None, words: str
) -> None:
    container = start(tmp_path, memory_gb=memory)
    assert container.table.explain_kill() is None
    container.table.out_of_memory = 1
    assert words in str(container.table.explain_kill())
    container.close()
