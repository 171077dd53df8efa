"""Limits of the shell under which steps cannot run."""

from __future__ import annotations

import sys

from relay.util.errors import RelayError

LEAST_ADDRESS_SPACE = 1_200_000_000
"""Bytes; with less, the libraries of the steps crash or hang while they are loaded (measured)."""


def require_address_space() -> None:
    """RelayError where `ulimit -v` leaves a process less address space than a step takes."""
    if sys.platform == "win32":
        return
    import resource  # there is none on Windows

    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    if limit != resource.RLIM_INFINITY and limit < LEAST_ADDRESS_SPACE:
        raise RelayError(
            f"ulimit -v: the limit on virtual memory is too low (got {limit // 1000**2} MB). Steps "
            f"need {LEAST_ADDRESS_SPACE // 1000**2} MB and more: ulimit -v unlimited"
        )
