"""The names of metrics, without numpy, for code that computes none."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

from relay.util.errors import ConfigError

TableTask = Literal["regression", "classification"]
"""The tasks on the rows of a table."""

Task = Literal["regression", "classification", "forecast"]

HIGHER_IS_BETTER: Mapping[str, bool] = MappingProxyType(
    {
        "r2": True,
        "mae": False,
        "mse": False,
        "rmse": False,
        "mape": False,
        "log_mae": False,
        "mase": False,
        "smape": False,
        "accuracy": True,
        "balanced_accuracy": True,
        "f1": True,
        "roc_auc": True,
        "log_loss": False,
        "brier": False,
    }
)
"""The name of each metric, and whether a higher value is better."""

OF_TASK: Mapping[Task, tuple[str, ...]] = MappingProxyType(
    {
        "regression": ("r2", "mae", "mse", "rmse", "mape", "log_mae"),
        "classification": (
            "accuracy", "balanced_accuracy", "f1", "roc_auc", "log_loss", "brier",
        ),
        "forecast": ("mase", "smape", "mae", "rmse"),
    }
)  # fmt: skip
"""The names of each task's metrics."""

PRIMARY: Mapping[Task, str] = MappingProxyType(
    {"regression": "r2", "classification": "f1", "forecast": "mase"}
)
"""The metric that models of a task are compared on by default."""


def require_of_task(setting: str, metric: str, task: Task) -> None:
    """Check that `metric`, the value of `setting`, is one of `task`. Raises ConfigError if not."""
    if metric not in OF_TASK[task]:
        names = ", ".join(OF_TASK[task])
        raise ConfigError(f"{setting}: '{metric}' is not a metric of {task}. Metrics: {names}.")
