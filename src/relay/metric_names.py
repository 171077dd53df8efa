"""The names of metrics, for those who compute none: they need no numpy."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

Task = Literal["regression", "classification"]

HIGHER_IS_BETTER: Mapping[str, bool] = MappingProxyType(
    {
        "r2": True,
        "mae": False,
        "mse": False,
        "rmse": False,
        "mape": False,
        "log_mae": False,
        "accuracy": True,
        "balanced_accuracy": True,
        "f1": True,
        "roc_auc": True,
        "log_loss": False,
        "brier": False,
    }
)
"""Every metric's name, and whether more of it is better."""

PRIMARY: Mapping[Task, str] = MappingProxyType({"regression": "r2", "classification": "f1"})
"""The metric that models of a task are compared on where nothing else is said."""
