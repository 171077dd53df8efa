"""Standard streams that are closed, full or left by their reader: a process goes on."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from relay import cli
from relay.util.streams import Output, is_held, lasting_output
from tests.loading import ROOT

SRC = ROOT / "src"
FULL = Path("/dev/full")

needs_full = pytest.mark.skipif(not FULL.exists(), reason="only Linux has /dev/full")


def python(code: str, redirections: str) -> subprocess.CompletedProcess[str]:
    """Run `code` with `redirections` as a shell has them."""
    return subprocess.run(
        ["sh", "-c", f'exec "$0" -c "$1" {redirections}', sys.executable, code],
        env={**os.environ, "PYTHONPATH": str(SRC)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("closed", ["0<&-", "1>&-", "2>&-", "0<&- 1>&- 2>&-"])
def test_streams_that_a_process_was_started_without_are_opened(closed: str, tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    code = (
        "import os, sys; from relay.util.streams import open_missing; open_missing();"
        "numbers = [stream.fileno() for stream in (sys.stdin, sys.stdout, sys.stderr)];"
        "print('to nobody', flush=True); print('to nobody', file=sys.stderr, flush=True);"
        f"open({str(seen)!r}, 'w').write(f'{{numbers}} {{os.get_inheritable(0)}}')"
    )
    assert python(code, closed).returncode == 0
    assert seen.read_text() == "[0, 1, 2] True"


def test_only_pipes_and_sockets_are_held_by_somebody(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    ours, theirs = socket.socketpair()
    with ours, theirs, Path(os.devnull).open() as null, (tmp_path / "file").open("w") as file:
        assert is_held(reading)
        assert is_held(ours.fileno())
        assert not is_held(null.fileno())
        assert not is_held(file.fileno())
    os.close(reading)
    os.close(writing)
    assert not is_held(reading)


def test_a_reader_that_leaves_does_not_stop_who_writes() -> None:
    reading, writing = os.pipe()
    output = Output(os.fdopen(writing, "w", encoding="utf-8"))
    os.close(reading)
    for _ in range(3):
        print("a line", file=output, flush=True)
    assert isinstance(output.error, BrokenPipeError)
    assert output.lost is None


@needs_full
def test_a_full_device_does_not_stop_who_writes_and_is_remembered() -> None:
    output = Output(FULL.open("w", encoding="utf-8"))
    for _ in range(3):
        print("a line", file=output, flush=True)
    assert output.lost == "No space left on device"


def test_what_can_be_written_is_written(tmp_path: Path) -> None:
    path = tmp_path / "file"
    output = Output(path.open("w", encoding="utf-8"))
    print("größe", file=output, flush=True)
    assert path.read_text(encoding="utf-8") == "größe\n"
    assert output.error is None
    assert output.encoding == "utf-8"


def test_the_streams_are_as_before_afterwards() -> None:
    before = sys.stdout, sys.stderr
    with lasting_output():
        assert sys.stdout is not before[0]
    assert (sys.stdout, sys.stderr) == before


@needs_full
def test_output_that_cannot_be_written_is_an_error_if_it_is_the_only_result(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with FULL.open("w", encoding="utf-8") as full:
        monkeypatch.setattr(sys, "stdout", full)
        status = cli.main(ROOT, ["--help"])
    assert status == 1
    assert "standard output: could not be written to its end" in capsys.readouterr().err
