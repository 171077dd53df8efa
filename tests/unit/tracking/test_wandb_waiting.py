"""How long calls of the W&B SDK are waited for: as long as the server answers."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import pytest

from relay.tracking import OutageError
from relay.tracking.wandb import outage
from relay.tracking.wandb.outage import retry_settings, while_served
from relay.util.errors import ConfigError, RelayError

Answers = Callable[..., None]


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> Answers:
    """Return a function that sets the server's answers, one after the other; the last stays."""
    for name, seconds in {"_FIRST": 0.01, "_SERVED": 0.01, "_GONE": 0.01, "_PATIENCE": 0.2}.items():
        monkeypatch.setattr(outage, name, seconds)
    for key in retry_settings({}):
        monkeypatch.delenv(f"WANDB_{key.upper()}", raising=False)

    def set_answers(*problems: str | None) -> None:
        left = list(problems)
        monkeypatch.setattr(
            outage, "find_outage", lambda environ: left.pop(0) if left[1:] else left[0]
        )

    return set_answers


@pytest.fixture
def stopped() -> Iterator[threading.Event]:
    """Return an event for a call that would not end by itself."""
    event = threading.Event()
    yield event
    event.set()


def slow(seconds: float) -> str:
    time.sleep(seconds)
    return "done"


def test_a_call_may_take_long_while_the_server_answers(answers: Answers) -> None:
    answers(None)
    assert while_served(lambda: slow(0.4))() == "done"


def test_a_call_is_given_up_once_the_server_has_gone(
    answers: Answers, stopped: threading.Event
) -> None:
    answers("the server cannot be reached")
    began = time.monotonic()
    with pytest.raises(OutageError, match=r"^the server cannot be reached$"):
        while_served(stopped.wait)()
    assert 0.2 < time.monotonic() - began < 5


def test_an_outage_that_passes_is_waited_out(answers: Answers) -> None:
    answers("gone", "gone", None, "gone", None)
    assert while_served(lambda: slow(0.5))() == "done"


def test_with_variables_for_the_retries_a_call_takes_what_they_allow(
    answers: Answers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WANDB_X_GRAPHQL_RETRY_MAX", "9")
    answers("gone")
    assert while_served(lambda: slow(0.5))() == "done"


def test_a_call_that_fails_is_an_outage_if_the_server_has_gone(answers: Answers) -> None:
    def fail() -> None:
        raise KeyError("giving up after 5 attempts")

    answers("the server cannot be reached")
    with pytest.raises(OutageError, match=r"^the server cannot be reached$"):
        while_served(fail)()
    answers(None)
    with pytest.raises(RelayError, match="giving up after 5 attempts") as caught:
        while_served(fail)()
    assert not isinstance(caught.value, OutageError)


def test_an_error_that_has_nothing_to_do_with_the_server_stays_what_it_is(answers: Answers) -> None:
    def fail() -> None:
        raise ConfigError("tracking.entity: not given")

    answers("gone")
    with pytest.raises(ConfigError, match=r"^tracking.entity: not given$"):
        while_served(fail)()


def test_variables_come_before_the_limits_of_retries() -> None:
    assert retry_settings({})["x_graphql_retry_max"] == 4
    assert "x_graphql_retry_max" not in retry_settings({"WANDB_X_GRAPHQL_RETRY_MAX": "9"})
