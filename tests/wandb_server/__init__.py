"""A test double of a W&B server: the unmodified SDK works against it, over loopback."""

from tests.wandb_server.faults import Fault, Faults, Request, anything, kind, operation
from tests.wandb_server.server import WandbServer

__all__ = ["Fault", "Faults", "Request", "WandbServer", "anything", "kind", "operation"]
