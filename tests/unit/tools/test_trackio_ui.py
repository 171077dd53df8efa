"""Trackio's pages are for the browsers of this machine."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:7860", 200),
        ("localhost:7860", 200),
        ("rebound.example.com", 400),
        ("127.0.0.1.example.com:7860", 400),
    ],
)
def test_only_local_names_are_answered(
    host: str, status: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRACKIO_DIR", str(tmp_path))
    from starlette.testclient import TestClient

    from tools.trackio_ui import make_app

    client = TestClient(make_app())
    assert client.get("/version", headers={"Host": host}).status_code == status
    assert client.post("/api/get_all_projects", headers={"Host": host}, json={}).status_code == (
        status
    )
