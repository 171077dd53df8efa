"""What `wandb agent` hands over to the program that it starts: a trial of a sweep."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from pathlib import Path
from typing import Any

import yaml

from relay.tracking.interface import Trial


def take_trial(environ: MutableMapping[str, str]) -> Trial | None:
    """Return the trial that `environ` names, or None; take its variables out of `environ`.

    The SDK lets them win over all else: every step would write onto that one run.
    """
    sweep = environ.pop("WANDB_SWEEP_ID", "")
    run_id = environ.pop("WANDB_RUN_ID", "")
    path = environ.pop("WANDB_SWEEP_PARAM_PATH", "")
    if not sweep or not run_id:
        return None
    return Trial(sweep, run_id, _read_params(Path(path)) if path else {})


def _read_params(path: Path) -> dict[str, Any]:
    """Return the parameters in the agent's file, `{name: {value: ...}}`; none if it has none."""
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        return {}
    if not isinstance(content, Mapping):
        return {}
    return {
        str(name): value["value"]
        for name, value in content.items()
        if isinstance(value, Mapping) and "value" in value
    }
