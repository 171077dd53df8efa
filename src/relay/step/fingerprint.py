"""What a step's outputs depend on, its digest, and what has changed since they were last made."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from relay.tracking.interface import CACHE_PREFIX, Backend

SOURCE = "source"
"""The key in `state` of what changes when a step's source does."""

LOCK = "requirements.txt"


@dataclass(frozen=True)
class Fingerprint:
    """All that decides what a step makes."""

    code: Mapping[str, str]
    """The digest of each file of the component and of the shared code that it imports."""
    params: Mapping[str, Any]
    """The component's parameters, without its inputs."""
    inputs: Mapping[str, str]
    """The content digest of each input artifact."""
    state: Mapping[str, str]
    """What else it reads: the state of its source, digests of what it looks up itself."""
    aliases: Mapping[str, str | None]
    """The digests that aliases point at, by reference; the step itself may move them."""

    @property
    def digest(self) -> str:
        """SHA-256 over all of them."""
        text = json.dumps(asdict(self), sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def alias(self) -> str:
        """Return the alias of artifacts that were made with this fingerprint."""
        return f"{CACHE_PREFIX}{self.digest[:32]}"

    def to_json(self) -> str:
        """As they stand in the metadata of what is made."""
        return json.dumps(asdict(self), indent=2, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Fingerprint:
        """What `to_json` gave."""
        return cls(**json.loads(text))

    def renew(self, backend: Backend) -> Fingerprint:
        """With what the aliases point at by now."""
        return replace(self, aliases={name: digest_at(backend, name) for name in self.aliases})


def digest_at(backend: Backend, reference: str) -> str | None:
    """Return the content digest of what `reference` points at; None if it does not exist."""
    version = backend.find(reference)
    return None if version is None else version.digest


def describe_changes(now: Fingerprint, then: Mapping[str, Any] | None) -> list[str]:
    """What differs between `now` and the metadata `then` of the newest output, in a few words.

    Empty if nothing does; `then` is None if there is no output yet.
    """
    if then is None:
        return ["never made"]
    if not isinstance(then.get("code"), Mapping):
        return ["not made by a pipeline run"]
    found = [
        *(f"code: {_file(name)}" for name in _differing(now.code, then["code"])),
        *(f"parameter {name}" for name in _differing(now.params, then.get("params"))),
        *(f"input {name}" for name in _differing(now.inputs, then.get("inputs"))),
        *_differing(now.state, then.get("state")),
        *_differing(now.aliases, then.get("aliases")),
    ]
    return list(dict.fromkeys(found))


def _differing(now: Mapping[str, Any], then: Any) -> Iterator[str]:
    before = then if isinstance(then, Mapping) else {}
    for name in sorted({*now, *before}):
        if name not in now or name not in before or _plain(now[name]) != _plain(before[name]):
            yield name


def _plain(value: Any) -> Any:
    """As JSON gives it back."""
    return json.loads(json.dumps(value))


def _file(path: str) -> str:
    return "the lock" if path.endswith(f"/{LOCK}") else path
