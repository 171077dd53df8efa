"""The trial of a sweep that `wandb agent` hands over to the program that it starts."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from pathlib import Path
from typing import Any

import yaml

from relay.tracking.interface import Trial


def take_trial(environ: MutableMapping[str, str]) -> Trial | None:
    """Return the trial in `environ`, or None; remove its variables from `environ`.

    For the SDK they override all else, so that every step would write into that one run.
    """
    sweep = environ.pop("WANDB_SWEEP_ID", "")
    run_id = environ.pop("WANDB_RUN_ID", "")
    path = environ.pop("WANDB_SWEEP_PARAM_PATH", "")
    if not sweep or not run_id:
        return None
    params = _read_params(Path(path)) if path else {}
    project, entity = environ.get("WANDB_PROJECT"), environ.get("WANDB_ENTITY")
    return Trial(sweep, run_id, params, project or None, entity or None)


def _read_params(path: Path) -> dict[str, Any]:
    """Return the parameters in the agent's file, `{name: {value: ...}}`; {} if it is unreadable."""
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
