"""What Relay brings itself; a project may add more, which Relay's own pages and tests leave out."""

from __future__ import annotations

STEPS = ("get_data", "clean", "check", "split", "train", "evaluate", "register", "predict")
"""The steps of the default pipeline, each with a component of its name."""
FORECAST = (
    "time_axis",
    "forecast_split",
    "forecast_train",
    "forecast_evaluate",
    "forecast_predict",
)
"""The components that only the pipeline of forecasts has."""
COMPONENTS = (*STEPS, *FORECAST)
"""The folders in components/."""
