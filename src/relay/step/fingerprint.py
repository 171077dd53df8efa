"""All that a step's outputs depend on, its digest, and its changes since they were last made."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from relay.tracking.interface import CACHE_PREFIX, Backend

SOURCE = "source"
"""The key in `state` for the state of a step's source."""

LOCK = "requirements.txt"
_MOST_KEYS = 3


@dataclass(frozen=True)
class Fingerprint:
    """All that decides the content of a step's outputs."""

    code: Mapping[str, str]
    """The digest of each file of the component and of the shared code that it imports."""
    params: Mapping[str, Any]
    """The component's parameters, without its inputs."""
    inputs: Mapping[str, str]
    """The content digest of each input artifact."""
    state: Mapping[str, str]
    """Whatever else it reads: the state of its source, digests of artifacts that it looks up."""
    aliases: Mapping[str, str | None]
    """The digests behind aliases, by reference; the step itself may move them."""

    @property
    def digest(self) -> str:
        """Return the SHA-256 over all fields."""
        text = json.dumps(asdict(self), sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def alias(self) -> str:
        """Return the alias of artifacts that were made with this fingerprint."""
        return f"{CACHE_PREFIX}{self.digest[:32]}"

    def to_json(self) -> str:
        """Return the fingerprint as JSON, as the metadata of the outputs have it."""
        return json.dumps(asdict(self), indent=2, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Fingerprint:
        """Read what `to_json` returned."""
        return cls(**json.loads(text))

    def renew(self, backend: Backend) -> Fingerprint:
        """Return the fingerprint with the digests that the aliases point at now."""
        return replace(self, aliases={name: digest_at(backend, name) for name in self.aliases})


def digest_at(backend: Backend, reference: str) -> str | None:
    """Return the content digest of the artifact at `reference`, or None if it does not exist."""
    version = backend.find(reference)
    return None if version is None else version.digest


def describe_changes(now: Fingerprint, then: Mapping[str, Any] | None) -> list[str]:
    """Return the differences between `now` and the newest output's fingerprint `then`.

    Each is a few words, such as `parameter test_size`. `then` comes from the output's metadata; it
    is None if there is no output yet.
    """
    if then is None:
        return ["never made"]
    if not isinstance(then.get("code"), Mapping):
        return ["not made by a pipeline run"]
    changes = [
        *(f"code: {_file(name)}" for name in _differing(now.code, then["code"])),
        *(f"parameter {name}" for name in _differing_params(now.params, then.get("params"))),
        *(f"input {name}" for name in _differing(now.inputs, then.get("inputs"))),
        *_differing(now.state, then.get("state")),
        *_differing(now.aliases, then.get("aliases")),
    ]
    return list(dict.fromkeys(changes))


def _differing(now: Mapping[str, Any], then: Any) -> Iterator[str]:
    before = then if isinstance(then, Mapping) else {}
    for name in sorted({*now, *before}):
        if name not in now or name not in before or _plain(now[name]) != _plain(before[name]):
            yield name


def _differing_params(now: Mapping[str, Any], then: Any) -> Iterator[str]:
    """Yield the parameters that differ; of a mapping, the keys in it, such as `model.params.depth`.

    Of a mapping that differs in many keys, such as another model, only the name.
    """
    before = then if isinstance(then, Mapping) else {}
    for name in _differing(now, before):
        keys = list(_differing_keys(_plain(now.get(name)), _plain(before.get(name)), name))
        yield from keys if len(keys) <= _MOST_KEYS else [name]


def _differing_keys(now: Any, then: Any, name: str) -> Iterator[str]:
    if not isinstance(now, Mapping) or not isinstance(then, Mapping):
        yield name
        return
    for key in _differing(now, then):
        yield from _differing_keys(now.get(key), then.get(key), f"{name}.{key}")


def _plain(value: Any) -> Any:
    """Return `value` as it is after a way through JSON: tuples are lists, keys are texts."""
    return json.loads(json.dumps(value))


def _file(path: str) -> str:
    return "the lock" if path.endswith(f"/{LOCK}") else path
