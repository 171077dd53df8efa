"""Limits of the shell under which steps cannot run."""

from __future__ import annotations

import sys

from relay.util.errors import RelayError

LEAST_ADDRESS_SPACE = 1_200_000_000
"""Bytes; with less, the libraries of the steps crash or hang while they are loaded (measured)."""


def require_address_space() -> None:
    """Raise RelayError if `ulimit -v` leaves a process less address space than a step needs."""
    if sys.platform == "win32":
        return
    import resource  # Windows does not have it

    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    if limit != resource.RLIM_INFINITY and limit < LEAST_ADDRESS_SPACE:
        raise RelayError(
            f"ulimit -v: the limit on virtual memory is too low (got {limit // 1000**2} MB). Steps "
            f"need at least {LEAST_ADDRESS_SPACE // 1000**2} MB. Run `ulimit -v unlimited` first."
        )
