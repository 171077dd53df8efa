"""What differs between two artifacts, such as two versions of a model: the runs that made them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from relay.pipeline.run_comparison import compare_settings, is_same
from relay.pipeline.run_packages import Packages, compare_packages, environment_of
from relay.runtime.environments import LOCK
from relay.runtime.package_locks import read_packages
from relay.step.context import FINGERPRINT_KEY, METRICS_KEY
from relay.step.params import ARTIFACT_SUFFIX
from relay.tracking import ArtifactVersion
from relay.tracking.lineage import Find, ancestry, recorded_inputs
from relay.util.git import file_at

_DIGITS = 8
"""The digits of a file's digest that are shown."""
_TIME = "fit_seconds"

Difference = tuple[str, Any, Any]


@dataclass
class Found:
    """What differs, each with both values, and notes on what could not be compared."""

    lines: list[Difference] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def compare_artifacts(
    root: Path, first: ArtifactVersion, last: ArtifactVersion, find: Find
) -> Found:
    """Return what differs between the runs that made two artifacts.

    Compared are the steps, at any distance, that both were made by: parameters, inputs, commits,
    files, locks and metrics. `root` is the checkout, whose history may have the locks' texts.
    """
    before, after = _executions(first, find), _executions(last, find)
    notes: list[str] = []
    alone = sorted(set(before) ^ set(after))
    if alone:
        notes.append(f"Steps that only one of the two has are not compared: {', '.join(alone)}.")
    pairs = [(name, before[name], after[name]) for name in after if name in before]
    lines: list[Difference] = []
    for name, one, other in pairs:
        lines += compare_settings({name: _params(one)}, {name: _params(other)})
    for name, one, other in pairs:
        lines += _inputs(name, one, other)
    lines += _commits(pairs)
    code, locks = _files(pairs)
    lines += code
    for path, one, other in locks:
        a, b = _packages(root, path, one), _packages(root, path, other)
        environment = environment_of(root / path)
        if a is not None and b is not None:
            lines += compare_packages(environment, a, b)
            continue
        digests = _digest(one, path)[:_DIGITS], _digest(other, path)[:_DIGITS]
        lines.append((f"lock {environment}", *digests))
        notes.append(
            f"lock {environment}: which packages differ is unknown, as neither the checkout nor "
            "the commit of the run has the lock that was used."
        )
    for name, one, other in pairs:
        lines += _metrics(name, one, other)
    return Found(lines, notes)


def _executions(version: ArtifactVersion, find: Find) -> dict[str, ArtifactVersion]:
    """Return an output of each step that `version` was made by, the earliest step first.

    The name is that of the component; of a second step of a component, also its output's.
    """
    executions: dict[str, ArtifactVersion] = {}
    seen: set[tuple[str, str]] = set()
    for made in [*ancestry(version, find).values(), version]:
        component = "" if made is None else str(made.metadata.get("component") or "")
        if made is None or not component:
            continue
        step = (component, str(made.metadata.get("inputs")) + str(made.metadata.get("params")))
        if step not in seen:
            seen.add(step)
            name = f"{component} ({made.name})" if component in executions else component
            executions[name] = made
    return executions


def _params(version: ArtifactVersion) -> dict[str, Any]:
    """Return the parameters of the run that made `version`, without its artifacts."""
    params = version.metadata.get("params") or {}
    return {key: value for key, value in params.items() if not key.endswith(ARTIFACT_SUFFIX)}


def _inputs(name: str, one: ArtifactVersion, other: ArtifactVersion) -> Iterator[Difference]:
    """Yield each input whose content differs."""
    before, after = recorded_inputs(one), recorded_inputs(other)
    for key in dict.fromkeys([*after, *before]):
        a, b = before.get(key), after.get(key)
        if a is None or b is None or a.digest != b.digest:
            yield f"{name}.{key}", a and a.artifact, b and b.artifact


def _commits(
    pairs: list[tuple[str, ArtifactVersion, ArtifactVersion]],
) -> Iterator[Difference]:
    """Yield the commits that differ: once if they are the same for all steps."""
    commits = {
        name: (one.metadata.get("git_commit"), other.metadata.get("git_commit"))
        for name, one, other in pairs
    }
    if len(set(commits.values())) == 1:
        commits = {"": next(iter(commits.values()))}
    for name, (a, b) in commits.items():
        if a != b:
            yield f"{name}.git_commit".lstrip("."), a, b


def _files(
    pairs: list[tuple[str, ArtifactVersion, ArtifactVersion]],
) -> tuple[list[Difference], list[tuple[str, ArtifactVersion, ArtifactVersion]]]:
    """Return each file of the code that differs, and the path of each lock that does.

    A file that several steps use is there once; a lock has the artifacts that it is recorded in.
    """
    code: dict[tuple[str, str, str], None] = {}
    locks: dict[tuple[str, str], tuple[str, ArtifactVersion, ArtifactVersion]] = {}
    for _, one, other in pairs:
        for path in sorted({*_code(one), *_code(other)}):
            a, b = _digest(one, path), _digest(other, path)
            if a == b:
                continue
            if path.endswith(f"/{LOCK}") and a and b:
                locks.setdefault((a, b), (path, one, other))
            else:
                code[(f"code {path}", a[:_DIGITS], b[:_DIGITS])] = None
    return list(code), list(locks.values())


def _code(version: ArtifactVersion) -> Mapping[str, str]:
    return (version.metadata.get(FINGERPRINT_KEY) or {}).get("code") or {}


def _digest(version: ArtifactVersion, path: str) -> str:
    return _code(version).get(path, "")


def _packages(root: Path, path: str, version: ArtifactVersion) -> Packages | None:
    """Return the packages of the lock at `path` as it was for `version`, or None if unknown.

    Its text is that in the checkout or in the commit of `version`, if it has the recorded digest.
    """
    wanted = _digest(version, path)
    commit = version.metadata.get("git_commit")
    texts = [_read(root / path)]
    texts += [file_at(root, str(commit), path)] if commit else []
    for text in texts:
        if text is not None and hashlib.sha256(text.encode()).hexdigest().startswith(wanted):
            return read_packages(text)
    return None


def _read(path: Path) -> str | None:
    try:
        return path.read_bytes().decode()
    except (OSError, UnicodeDecodeError):
        return None


def _metrics(name: str, one: ArtifactVersion, other: ArtifactVersion) -> Iterator[Difference]:
    before, after = (dict(version.metadata.get(METRICS_KEY) or {}) for version in (one, other))
    for key in dict.fromkeys([*after, *before]):
        if key != _TIME and not is_same(before.get(key), after.get(key)):
            yield f"{name}.{key}", before.get(key), after.get(key)
