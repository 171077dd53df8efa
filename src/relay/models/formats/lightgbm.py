"""LightGBM's own format, a text of trees."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from relay.models.formats.interface import ModelFormat, Scores, as_numbers
from relay.models.libraries.lightgbm import LIBRARY


class LightGBMFile(ModelFormat):
    """The adapter of LightGBM's files."""

    flavor = "lightgbm"
    files = ("model.lgb",)
    distributions = LIBRARY.distributions
    values = {"model_class": ("lightgbm.basic.Booster",)}  # noqa: RUF012 - others are pickled

    def load(self, path: Path, columns: Sequence[str]) -> Scores:
        booster = import_module("lightgbm").Booster(model_file=str(path))

        def scores(features: pd.DataFrame) -> NDArray[np.float64]:
            return np.asarray(booster.predict(as_numbers(features), num_threads=1), np.float64)

        return scores


FORMAT = LightGBMFile()
