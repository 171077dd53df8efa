"""A store that MLflow cannot open is one clear error, within some seconds."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator

import pytest

from relay.tracking.mlflow import connection as mlflow_connection
from relay.tracking.mlflow.connection import connect
from relay.util.errors import RelayError


@pytest.fixture
def silent() -> Iterator[int]:
    """Yield the port of a server that accepts connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.fixture
def closed() -> int:
    """Return a port without a listener."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port


def problem(uri: str) -> str:
    began = time.monotonic()
    with pytest.raises(RelayError) as caught:
        connect(uri)
    assert time.monotonic() - began < 15
    return str(caught.value)


def test_a_server_that_refuses(closed: int) -> None:
    text = problem(f"http://user:secret@127.0.0.1:{closed}")
    assert f"the MLflow server http://127.0.0.1:{closed} cannot be reached: connection ref" in text
    assert "MLFLOW_TRACKING_URI" in text
    assert "secret" not in text


def test_a_server_that_is_silent(silent: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mlflow_connection, "_SECONDS", 2)
    assert "no answer within 2 seconds" in problem(f"http://127.0.0.1:{silent}")


def test_a_proxy_that_refuses_is_named(closed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{closed}")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    text = problem("http://mlflow.example.com")
    assert f"through the proxy http://127.0.0.1:{closed} (http_proxy): connection refused" in text
    assert "Correct http_proxy, or name mlflow.example.com in NO_PROXY" in text


def test_a_database_without_its_driver() -> None:
    text = problem("mysql://user:secret@127.0.0.1/runs")
    assert text.startswith("MLFLOW_TRACKING_URI: mysql://127.0.0.1/runs needs the Python package")
    assert "secret" not in text


@pytest.mark.parametrize("value", ["9", None])
def test_later_requests_try_as_long_as_before(
    closed: int, value: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "MLFLOW_HTTP_REQUEST_MAX_RETRIES"
    monkeypatch.setenv(name, "9")
    if value is None:
        monkeypatch.delenv(name)
    problem(f"http://127.0.0.1:{closed}")
    assert os.environ.get(name) == value
