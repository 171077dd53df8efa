"""The files of a stored forecaster: no pickle and no code.

`forecast.json` has all that is plain, beside it is at most one file in the format of the method's
library. `MLmodel` makes it a model of MLflow, with a flavor that only Relay loads.
"""

from __future__ import annotations

import json
from importlib.metadata import version
from pathlib import Path
from typing import Any

import yaml

from relay.forecasts.forecaster import Forecaster
from relay.forecasts.methods import method_named
from relay.forecasts.settings import METHODS
from relay.util.errors import RelayError

_ADVICE = "Train it again: pipeline=forecast steps=train+"

KIND = "forecast"
"""The task in the metadata of a forecaster."""

FLAVOR = "relay_forecast"
_CONTENT, _MLMODEL, _REQUIREMENTS = "forecast.json", "MLmodel", "requirements.txt"
_FILES = {"lag_boosting": ["lags.txt"], "ets": [], "lstm": ["lstm.keras"]}


def save_forecaster(forecaster: Forecaster, folder: Path) -> Path:
    """Write `forecaster` into the new `folder`, and return it."""
    folder.mkdir(parents=True)
    content = {**forecaster.to_json(), "fitted": dict(forecaster.fitted.save(folder))}
    (folder / _CONTENT).write_text(json.dumps(content, indent=2, sort_keys=True), encoding="utf-8")
    model = {"flavors": {FLAVOR: {"content": _CONTENT, "method": forecaster.method}}}
    (folder / _MLMODEL).write_text(yaml.safe_dump(model), encoding="utf-8")
    packages = ("numpy", "pandas", *forecaster.fitted.packages)
    lines = "".join(f"{name}=={version(name)}\n" for name in packages)
    (folder / _REQUIREMENTS).write_text(lines, encoding="utf-8")
    return folder


def load_forecaster(folder: Path, name: str) -> Forecaster:
    """Return the forecaster in `folder`; `name` is for messages.

    Raises RelayError if it is not one, could run any code, or needs a library that is not here.
    """
    content = require_forecaster(folder, name)
    try:
        fitted = method_named(str(content["method"])).load(folder, content["fitted"])
        return Forecaster.from_json(content, fitted)
    except RelayError as error:
        raise RelayError(f"{name}: {error}") from error
    except (LookupError, TypeError, ValueError) as error:
        raise RelayError(f"{name} cannot be loaded ({error}). {_ADVICE}") from error


def require_forecaster(folder: Path, name: str) -> dict[str, Any]:
    """Return the content of the forecaster in `folder`, without loading what its method has fitted.

    Raises RelayError if it is not a forecaster, or has a file that Relay does not write.
    """
    try:
        model = yaml.safe_load((folder / _MLMODEL).read_text(encoding="utf-8"))
        content: dict[str, Any] = json.loads((folder / _CONTENT).read_text(encoding="utf-8"))
        flavors, method = model["flavors"], content["method"]
    except (OSError, ValueError, LookupError, TypeError, yaml.YAMLError) as error:
        raise RelayError(f"{name} is not a forecaster ({error}). {_ADVICE}") from error
    if model != {"flavors": {FLAVOR: {"content": _CONTENT, "method": method}}}:
        raise RelayError(
            f"{name} is not loaded: its file {_MLMODEL} has {', '.join(map(str, flavors))} or "
            f"other entries that Relay does not write. {_ADVICE}"
        )
    if method not in METHODS:
        raise RelayError(f"{name} is not loaded: there is no method '{method}'. {_ADVICE}")
    expected = {_MLMODEL, _CONTENT, _REQUIREMENTS, *_FILES[method]}
    for path in sorted(folder.rglob("*")):
        if path.is_symlink() or path.relative_to(folder).as_posix() not in expected:
            raise RelayError(
                f"{name} is not loaded: {path.name} is not a file that Relay writes. {_ADVICE}"
            )
    return content
