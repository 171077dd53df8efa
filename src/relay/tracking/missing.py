"""What to say of an artifact that is not there: the nearest one that is."""

from __future__ import annotations

from relay.tracking.interface import CACHE_PREFIX, Backend
from relay.tracking.references import Reference
from relay.util.errors import RelayError
from relay.util.names import nearest


def hint_on_missing(backend: Backend, reference: str) -> str:
    """` Did you mean ...?` for a `reference` to nothing; "" where nothing is near.

    Of an artifact that is there with other aliases, the newest version and its aliases.
    """
    parsed = Reference.parse(reference)
    try:
        newest = backend.find(parsed.path)
        if newest is not None:
            shown = ", ".join(one for one in newest.aliases if not one.startswith(CACHE_PREFIX))
            return f" There is {newest} ({shown}): check the alias."
        found = None if "/" in parsed.path else nearest(parsed.name, backend.names())
    except RelayError:  # that it is missing matters more
        return ""
    return f" Did you mean '{found}'?" if found else ""
