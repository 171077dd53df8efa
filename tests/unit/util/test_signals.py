"""Signals that ask to stop: once, and not when the end has begun."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest

from relay.util.errors import Interrupted
from relay.util.signals import StopSignals
from tests.loading import ROOT


@pytest.fixture
def signals() -> Iterator[StopSignals]:
    numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    before = {number: signal.getsignal(number) for number in numbers}
    stop = StopSignals(at_once=True)
    stop.install()
    yield stop
    for number, handler in before.items():
        signal.signal(number, handler)


def send(number: int) -> None:
    os.kill(os.getpid(), number)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_interrupts(signals: StopSignals, number: int) -> None:
    with pytest.raises(Interrupted) as interrupted:
        send(number)
    assert interrupted.value.exit_code == 128 + number
    assert signal.Signals(number).name in str(interrupted.value)


def test_a_second_signal_does_not_disturb_the_end(signals: StopSignals) -> None:
    with pytest.raises(Interrupted):
        send(signal.SIGINT)
    send(signal.SIGTERM)


def test_at_the_end_nothing_is_interrupted_also_with_other_threads(signals: StopSignals) -> None:
    stop = threading.Event()
    other = threading.Thread(target=stop.wait)
    other.start()
    signals.ignore()
    try:
        for _ in range(20):
            send(signal.SIGTERM)
    finally:
        stop.set()
        other.join()


def test_where_it_must_not_come_out_of_nowhere_a_check_raises_it(signals: StopSignals) -> None:
    later = StopSignals(at_once=False)
    later.install()
    later.check()
    send(signal.SIGTERM)
    send(signal.SIGINT)
    with pytest.raises(Interrupted) as interrupted:
        later.check()
    assert interrupted.value.signal_number == signal.SIGTERM
    later.ignore()
    later.check()


def test_a_process_can_end_by_a_signal_that_it_has_handled() -> None:
    code = (
        "import signal; from relay.util.signals import StopSignals, end_by;"
        "StopSignals(at_once=False).install(); print('done', end=''); end_by(signal.SIGTERM)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        check=False,
    )
    assert (ended.returncode, ended.stdout) == (-signal.SIGTERM, b"done")
