"""The outputs of a step before they are stored: their checks, their metadata, and the source."""

from __future__ import annotations

import math
import shutil
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from relay.step.context import FINGERPRINT_KEY, METRICS_KEY, WARNINGS_KEY
from relay.step.fingerprint import Fingerprint
from relay.step.params import ARTIFACT_SUFFIX, ParamsT, without_secrets
from relay.step.run import StepRun
from relay.tracking import Backend, Draft, Reference
from relay.tracking.interface import SOURCE_TYPE
from relay.util.errors import RelayError
from relay.util.redact import redact


def require_complete(key: str, draft: Draft) -> None:
    """Check what the step handed over as output `key`.

    Raises RelayError if its name or its path is wrong.
    """
    parameter = f"{key}{ARTIFACT_SUFFIX}"
    if Reference.parse(draft.name) != Reference(draft.name):
        raise RelayError(
            f"{parameter}: must be a name without project and alias (got '{draft.name}'). "
            f"Give {Reference.parse(draft.name).name}, for example."
        )
    if not draft.path.exists():
        raise RelayError(
            f"{parameter}: the step's code handed over {draft.path}, which does not exist. "
            "Write the file before the call of `run.output`."
        )


def require_type(backend: Backend, key: str, draft: Draft) -> None:
    """Check that the store has no artifact of this name with another type.

    Raises RelayError if it has one.
    """
    parameter = f"{key}{ARTIFACT_SUFFIX}"
    present = backend.find(draft.name)
    if present is not None and present.type != draft.type:
        raise RelayError(
            f"{parameter}: artifact '{draft.name}' exists with type '{present.type}', and this "
            f"step makes one of type '{draft.type}'. Give the output another name."
        )


def describe_outputs(
    run: StepRun[ParamsT],
    component: str,
    git_commit: str | None,
    warnings: Sequence[str],
    fingerprint: Fingerprint | None,
) -> dict[str, Draft]:
    """Return the outputs of `run`, with the metadata about its run that every artifact has."""
    common: dict[str, Any] = {
        "component": component,
        "git_commit": git_commit,
        "params": without_secrets(run.params),
        "inputs": {
            key: {"artifact": str(version), "digest": version.digest}
            for key, version in run.inputs.items()
        },
        METRICS_KEY: {
            # JSON has no NaN and no infinity, and not every store adds them.
            name: float(value)
            for name, value in run.metrics.items()
            if math.isfinite(value)
        },
    }
    if warnings:
        common[WARNINGS_KEY] = [redact(text) for text in warnings]
    if fingerprint is not None:
        common[FINGERPRINT_KEY] = asdict(fingerprint)
    return {
        key: replace(draft, metadata={**common, **draft.metadata})
        for key, draft in run.drafts.items()
    }


def copy_source(component: Path, workspace: Path, git_commit: str | None) -> Draft:
    """Copy the component's files, and return them as an artifact to store with the outputs."""
    copy = workspace / "source"
    if not copy.exists():
        shutil.copytree(component, copy, ignore=shutil.ignore_patterns("__pycache__", ".*"))
    return Draft(
        name=f"source-{component.name}",
        type=SOURCE_TYPE,
        path=copy,
        description=f"The files of components/{component.name}.",
        metadata={"git_commit": git_commit},
    )
