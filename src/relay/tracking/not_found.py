"""Hints for a reference to an artifact that does not exist."""

from __future__ import annotations

from relay.tracking.interface import CACHE_PREFIX, Backend
from relay.tracking.references import Reference
from relay.util.errors import RelayError
from relay.util.names import nearest


def hint_on_missing(backend: Backend, reference: str) -> str:
    """Return ` Did you mean ...?` for a `reference` to nothing, or "" if no name is near.

    If the artifact exists, the hint is its newest version with its aliases.
    """
    parsed = Reference.parse(reference)
    try:
        newest = backend.find(parsed.path)
        if newest is not None:
            aliases = (alias for alias in newest.aliases if not alias.startswith(CACHE_PREFIX))
            return f" There is {newest} ({', '.join(aliases)}): check the alias."
        names = [] if "/" in parsed.path else [one.name for one in backend.collections()]
        name = nearest(parsed.name, names)
    except RelayError:  # the artifact's absence matters more
        return ""
    return f" Did you mean '{name}'?" if name else ""
