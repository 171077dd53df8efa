"""The choice of a backend by its name."""

from __future__ import annotations

from pathlib import Path

from relay.tracking.interface import Backend
from relay.tracking.settings import TrackingSettings
from relay.util.errors import ConfigError
from relay.util.names import did_you_mean

UNSHARED_LIBRARIES = ("wandb",)
"""Libraries that each process must load itself.

wandb makes a temporary folder as it loads and removes it at exit, so the first forked process to
end would remove the folder of all others.
"""


def open_backend(settings: TrackingSettings, code_root: Path) -> Backend:
    """Return the backend that `settings` name. Raises ConfigError if the name is unknown.

    `code_root` is the checkout whose commit a server shows. A backend is imported only if it is
    used.
    """
    if settings.backend == "local":
        from relay.tracking.local.backend import LocalBackend

        return LocalBackend(settings.project)
    if settings.backend == "wandb":
        from relay.tracking.wandb.backend import WandbBackend

        return WandbBackend(settings.project, settings.entity, code_root)
    hint = did_you_mean(settings.backend, ["local", "wandb"])
    raise ConfigError(f"tracking: there is no backend '{settings.backend}'.{hint}")


def step_module(settings: TrackingSettings) -> str:
    """Return the module that tracks a step, whose imports take longest to load."""
    return (
        "relay.tracking.wandb.backend"
        if settings.backend == "wandb"
        else "relay.tracking.local.run"
    )
