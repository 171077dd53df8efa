"""The check of a step's outputs before any of them is stored."""

from __future__ import annotations

from relay.step.params import ARTIFACT_SUFFIX
from relay.tracking import Backend, Draft, Reference
from relay.util.errors import RelayError


def require_storable(backend: Backend, key: str, draft: Draft) -> None:
    """Check that the output `key` can be stored as it is.

    Raises RelayError if its name, its type or its path is wrong.
    """
    parameter = f"{key}{ARTIFACT_SUFFIX}"
    if Reference.parse(draft.name) != Reference(draft.name):
        raise RelayError(
            f"{parameter}: must be a name without project and alias (got '{draft.name}'). "
            f"Give {Reference.parse(draft.name).name}, for example."
        )
    present = backend.find(draft.name)
    if present is not None and present.type != draft.type:
        raise RelayError(
            f"{parameter}: artifact '{draft.name}' exists with type '{present.type}', and this "
            f"step makes one of type '{draft.type}'. Give the output another name."
        )
    if not draft.path.exists():
        raise RelayError(
            f"{parameter}: the step's code handed over {draft.path}, which does not exist. "
            "Write the file before the call of `run.output`."
        )
