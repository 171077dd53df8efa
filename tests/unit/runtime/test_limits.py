"""A limit of the shell that is too low for the steps is an error, not a crash of a library."""

from __future__ import annotations

import resource

import pytest

from relay.runtime.limits import LEAST_ADDRESS_SPACE, require_address_space
from relay.util.errors import RelayError


@pytest.mark.parametrize("limit", [resource.RLIM_INFINITY, LEAST_ADDRESS_SPACE])
def test_enough_address_space(limit: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda what: (limit, limit))
    require_address_space()


def test_too_little_address_space(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda what: (300_000_000, -1))
    with pytest.raises(RelayError, match=r"ulimit -v: .*\(got 300 MB\).*ulimit -v unlimited"):
        require_address_space()
