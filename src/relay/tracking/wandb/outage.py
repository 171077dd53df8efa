"""How long a server that fails is waited for: by the SDK for a request, by Relay for the server."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, wait
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from relay.tracking.interface import OutageError
from relay.tracking.wandb.sdk_errors import errors
from relay.tracking.wandb.server_check import find_outage
from relay.util.errors import RelayError

P = ParamSpec("P")
T = TypeVar("T")

# The SDK would try for hours: a step must not wait so long for a server. Metrics are sent while the
# step works, and may come later; the step waits for the rest.
_LIMITS = {"graphql": (4, 3.0), "file_transfer": (4, 3.0), "file_stream": (20, 10.0)}
_RETRIES = {
    f"x_{part}_retry_{key}": value
    for part, (retries, longest) in _LIMITS.items()
    for key, value in (("max", retries), ("wait_min_seconds", 1.0), ("wait_max_seconds", longest))
}
_PATIENCE = 7.0  # seconds without an answer, until the server counts as gone
_FIRST = 2.0  # seconds until it is asked; most calls have ended by then
_SERVED, _GONE = 4.0, 1.0  # seconds between two questions, after either answer


def retry_settings(environ: Mapping[str, str]) -> dict[str, Any]:
    """Return the settings of the SDK's retries; its variables in `environ` come before them."""
    return {key: value for key, value in _RETRIES.items() if _variable(key) not in environ}


def while_served(action: Callable[P, T]) -> Callable[P, T]:
    """Return `action`, which calls the SDK, as a function that gives up once the server has gone.

    It may take any time, as an upload does, as long as the server answers. With variables for the
    SDK's retries, such as WANDB_X_GRAPHQL_RETRY_MAX, it takes what they allow.

    The function raises OutageError if the server does not answer, RelayError for all other errors.
    """

    @wraps(action)
    def act(*args: P.args, **kwargs: P.kwargs) -> T:
        outcome: Future[T] = Future()

        def work() -> None:
            try:
                outcome.set_result(action(*args, **kwargs))
            except BaseException as error:
                outcome.set_exception(error)

        # A thread cannot be stopped: what is given up on ends with the process.
        threading.Thread(target=work, name=action.__name__, daemon=True).start()
        _wait(outcome)
        return _result(outcome)

    return act


def _result(outcome: Future[T]) -> T:
    """Return what the action returned; ask the server what is wrong if the SDK failed."""
    try:
        with errors():
            return outcome.result()
    except OutageError:
        raise
    except RelayError as error:
        outage = None if error.__cause__ is None else find_outage(os.environ)
        if outage is None:
            raise
        raise OutageError(outage) from error


def _wait(outcome: Future[T]) -> None:
    """Wait for `outcome`. Raises OutageError once the server has not answered for _PATIENCE."""
    if any(_variable(key) in os.environ for key in _RETRIES):
        wait([outcome])
    seconds, gone_since = _FIRST, None
    while not wait([outcome], seconds).done:
        asked = time.monotonic()
        outage = find_outage(os.environ)
        if outage is None:
            seconds, gone_since = _SERVED, None
            continue
        seconds = _GONE
        gone_since = asked if gone_since is None else gone_since
        if time.monotonic() - gone_since > _PATIENCE:
            raise OutageError(outage)


def _variable(setting: str) -> str:
    return f"WANDB_{setting.upper()}"
