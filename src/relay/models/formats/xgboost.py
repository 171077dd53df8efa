"""XGBoost's own format, a file of trees."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from relay.models.formats.interface import ModelFormat, Scores, as_numbers
from relay.models.libraries.xgboost import LIBRARY


class XGBoostFile(ModelFormat):
    """The adapter of XGBoost's files."""

    flavor = "xgboost"
    files = ("model.ubj", "model.json")
    distributions = LIBRARY.distributions
    values = {  # noqa: RUF012 - a constant
        "model_class": tuple(LIBRARY.trusted_types),
        "model_format": ("ubj", "json"),
    }

    def load(self, path: Path, columns: Sequence[str]) -> Scores:
        xgboost = import_module("xgboost")
        booster = xgboost.Booster()
        booster.load_model(path)

        def scores(features: pd.DataFrame) -> NDArray[np.float64]:
            matrix = xgboost.DMatrix(as_numbers(features), feature_names=booster.feature_names)
            return np.asarray(booster.predict(matrix), dtype=np.float64)

        return scores


FORMAT = XGBoostFile()
