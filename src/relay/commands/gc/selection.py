"""The choice of what may be removed: pure functions over the versions of a store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from relay.tracking.interface import CACHE_PREFIX, SOURCE_TYPE, Holding
from relay.tracking.lineage import recorded_inputs

_LATEST = "latest"
_MADE_BY = "component"
"""The metadata key of the component that made a version; what has none is not Relay's."""


def choose_removable(holdings: Sequence[Holding], before: str) -> list[Holding]:
    """Return the versions that nothing needs and that were made before `before` (ISO 8601, UTC).

    Kept are versions with an alias other than those of the step cache, the newest version of each
    artifact, what a registry or another project names, the code of components, and what Relay did
    not make. Of each version that is kept, also

    - everything that it was made from, at any distance;
    - the other outputs of the same step, such as the test set beside the training set;
    - if it has an alias of its own, such as `champion`: cached outputs that were made from it and
      from nothing that may go, such as its evaluation.
    """
    by_name = {str(holding.version): holding for holding in holdings}
    kept = {name for name, holding in by_name.items() if _is_root(holding, before)}
    kept |= _newest(holdings)
    inputs = {name: _inputs(holding) for name, holding in by_name.items()}
    by_alias = _by_cache_alias(by_name)
    records = _records(by_name, inputs)
    waiting = list(kept)
    while waiting:
        while waiting:
            name = waiting.pop()
            holding = by_name.get(name)
            needed = set(inputs.get(name, ()))
            for alias in _cache_aliases(holding) if holding else ():
                needed |= by_alias[alias]
            waiting += needed - kept
            kept |= needed
        waiting = [name for name, needed in records.items() if name not in kept and needed <= kept]
        kept |= set(waiting)
    return [holding for name, holding in by_name.items() if name not in kept]


def _is_root(holding: Holding, before: str) -> bool:
    """Return whether a version is kept for its own sake."""
    version = holding.version
    return (
        not version.created
        or version.created >= before
        or holding.is_named_elsewhere
        or version.type == SOURCE_TYPE
        or not version.metadata.get(_MADE_BY)
        or any(not alias.startswith(CACHE_PREFIX) for alias in version.aliases)
    )


def _newest(holdings: Sequence[Holding]) -> set[str]:
    """Return the newest version of each artifact: the next number follows from it."""
    newest: dict[str, tuple[int, str]] = {}
    for holding in holdings:
        version = holding.version
        number = int(version.version.removeprefix("v"))
        newest[version.name] = max(newest.get(version.name, (-1, "")), (number, str(version)))
    return {name for _, name in newest.values()}


def _inputs(holding: Holding) -> set[str]:
    return {record.artifact for record in recorded_inputs(holding.version).values()}


def _by_cache_alias(by_name: Mapping[str, Holding]) -> dict[str, set[str]]:
    """Return what each alias of the cache points at: the outputs of the same step."""
    by_alias: dict[str, set[str]] = {}
    for name, holding in by_name.items():
        for alias in _cache_aliases(holding):
            by_alias.setdefault(alias, set()).add(name)
    return by_alias


def _records(by_name: Mapping[str, Holding], inputs: Mapping[str, set[str]]) -> dict[str, set[str]]:
    """Return the cached outputs made from a version with an alias of its own, with their inputs.

    An input that is not in the store any more is left out.
    """
    own = {name for name, holding in by_name.items() if _has_own_alias(holding)}
    return {
        name: needed & by_name.keys()
        for name, needed in inputs.items()
        if not needed.isdisjoint(own) and _cache_aliases(by_name[name])
    }


def _has_own_alias(holding: Holding) -> bool:
    aliases = set(holding.version.aliases) - {_LATEST}
    return any(not alias.startswith(CACHE_PREFIX) for alias in aliases)


def _cache_aliases(holding: Holding) -> list[str]:
    return [alias for alias in holding.version.aliases if alias.startswith(CACHE_PREFIX)]
