"""The connection to MLflow's store, and messages for a store that does not open."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import mlflow
from mlflow.environment_variables import MLFLOW_HTTP_REQUEST_MAX_RETRIES as MAX_RETRIES
from mlflow.environment_variables import MLFLOW_HTTP_REQUEST_TIMEOUT as TIMEOUT
from sqlalchemy.exc import SQLAlchemyError

from relay.tracking.mlflow.new_store import is_missing, make_store
from relay.tracking.mlflow.runs import MlflowRuns
from relay.util.errors import RelayError
from relay.util.proxies import find_proxy, host_of
from relay.util.redact import redact, redact_url

_SECONDS = 10
"""How long a server may be silent before it counts as unreachable."""
_ELSE = "or unset it: MLflow's store is then mlflow.db in the project's folder"


def connect(tracking_uri: str) -> MlflowRuns:
    """Open the store; make it if it is an SQLite file that does not exist yet.

    Raises RelayError, after some seconds at most, if it cannot be reached.
    """
    try:
        with _few_tries():
            path = Path(tracking_uri.removeprefix("sqlite:///"))
            if tracking_uri.startswith("sqlite:///") and is_missing(path):
                make_store(path)
            runs = MlflowRuns(tracking_uri)
            runs.open()
    except ModuleNotFoundError as error:
        raise RelayError(
            f"MLFLOW_TRACKING_URI: {redact(tracking_uri)} needs the Python package of its database "
            f"driver, which is not installed ({error}). Install it into .venv and into the "
            f"environments of the components that use MLflow, {_ELSE}."
        ) from error
    except (mlflow.MlflowException, SQLAlchemyError) as error:
        raise RelayError(_problem(tracking_uri, error)) from error
    return runs


def _problem(uri: str, error: Exception) -> str:
    if urlsplit(uri).scheme not in ("http", "https"):
        text = redact(str(error)).strip().splitlines()[0]
        place = f"MLFLOW_TRACKING_URI: the store {redact(uri)} did not open: {text.rstrip('.')}."
        if uri.startswith("sqlite:"):
            return f"{place} Move the file away to begin a new one, or name another store."
        return f"{place} Correct the address, {_ELSE}."
    reason = _reason(error)
    if reason is None:
        text = " ".join(redact(str(error)).split())[:300]
        return (
            f"MLFLOW_TRACKING_URI: the MLflow server {redact_url(uri)} refused the request: {text} "
            f"Correct the address, {_ELSE}."
        )
    if (proxy := find_proxy(uri, os.environ)) is not None:
        return (
            f"MLFLOW_TRACKING_URI: the MLflow server {redact_url(uri)} cannot be reached through "
            f"{proxy}: {reason}. {proxy.advise(host_of(uri))}"
        )
    return (
        f"MLFLOW_TRACKING_URI: the MLflow server {redact_url(uri)} cannot be reached: {reason}. "
        f"Start it, correct the address, {_ELSE}."
    )


def _reason(error: BaseException) -> str | None:
    """Return why the connection failed, from the innermost cause; None if it did not fail."""
    causes: list[BaseException] = []
    cause: BaseException | None = error
    while cause is not None and cause not in causes:
        causes.append(cause)
        cause = cause.__cause__ or cause.__context__
    if not any(isinstance(cause, OSError) for cause in causes):
        return None
    if isinstance(causes[-1], TimeoutError):
        return f"no answer within {_SECONDS} seconds"
    return str(getattr(causes[-1], "strerror", None) or causes[-1]).lower()


@contextlib.contextmanager
def _few_tries() -> Iterator[None]:
    """Make MLflow give up soon while this is open; restore its retries afterwards."""
    before = {variable.name: os.environ.get(variable.name) for variable in (MAX_RETRIES, TIMEOUT)}
    try:
        MAX_RETRIES.set(1)
        TIMEOUT.set(_SECONDS // 2)
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})
