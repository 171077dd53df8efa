"""The check of a step's outputs before any of them is stored."""

from __future__ import annotations

from relay.step.params import ARTIFACT_SUFFIX
from relay.tracking import Backend, Draft, Reference
from relay.util.errors import RelayError


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
