"""A server for the SDK, a project that nothing is in, and runs."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from typing import Any

import pytest
import wandb

from tests.unit.wandb_double.made import Start
from tests.wandb_server import WandbServer

FOLDERS = ("WANDB_DIR", "WANDB_DATA_DIR", "WANDB_CACHE_DIR", "WANDB_CONFIG_DIR", "HOME")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WandbServer]:
    """Yield a server, and an SDK that knows its address and key and nothing else."""
    home = tmp_path_factory.mktemp("wandb")
    wandb.teardown()  # what other tests of this process have set up
    with pytest.MonkeyPatch.context() as patch, WandbServer() as running:
        for name in FOLDERS:
            (home / name).mkdir()
            patch.setenv(name, str(home / name))
        patch.setenv("NETRC", str(home / "netrc"))
        patch.setenv("WANDB_ERROR_REPORTING", "false")
        patch.setenv("WANDB_BASE_URL", running.url)
        patch.setenv("WANDB_API_KEY", running.key)
        yield running
        wandb.teardown()


@pytest.fixture
def project() -> str:
    """Return a project that nothing is in."""
    return f"p-{secrets.token_hex(4)}"


@pytest.fixture
def start(server: WandbServer, project: str) -> Iterator[Start]:
    """Begin a run; faults and runs that are left over end with the test."""

    def begin(
        run_id: str | None = None, settings: dict[str, Any] | None = None, **more: Any
    ) -> Any:
        chosen = {"console": "off", "silent": True, "x_disable_stats": True, **(settings or {})}
        options = {"project": project, "id": run_id, "resume": "allow", **more}
        return wandb.init(settings=wandb.Settings(**chosen), **options)

    yield begin
    server.faults.clear()
    server.restore_key()
    server.start()
    if wandb.run is not None:
        wandb.finish()
