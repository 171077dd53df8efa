"""A trained forecaster: a fitted method with the horizon and the band that it was trained for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from relay.forecasts.methods import Fitted
from relay.forecasts.rolling_origin import Windows
from relay.forecasts.series import Floats, Layout, Series
from relay.models.predictions import ScoredPredictions
from relay.util.errors import RelayError


@dataclass(frozen=True)
class Forecaster:
    """A fitted method; `band` is the half width of its band for each step, in scales of a series.

    In `coverage` of the windows that were held out in training, the value was within the band.
    """

    method: str
    fitted: Fitted
    layout: Layout
    horizon: int
    band: Floats
    coverage: float

    def forecast(self, known: Sequence[Series], horizon: int) -> Floats:
        """Return the values after the end of each of `known` (series x horizon).

        Raises RelayError if the horizon is longer than that of the training, or a forecast is not
        a number.
        """
        if horizon > self.horizon:
            raise RelayError(
                f"the model forecasts {self.horizon} steps, not {horizon}. Train it with this "
                f"horizon: horizon={horizon} steps=split+"
            )
        values = self.fitted.forecast(known, horizon)
        if not np.isfinite(values).all():
            first = known[int(np.flatnonzero(~np.isfinite(values).all(axis=1))[0])].name
            raise RelayError(
                f"the model's forecast of {first or 'the series'} is not a number. Train it again "
                "with other settings, such as model.log=false."
            )
        return values

    def score(self, windows: Windows) -> ScoredPredictions:
        """Return the forecasts of a test set with the actual values.

        Raises RelayError if its time axis is another than that of the training.
        """
        self.require_axis(windows.layout)
        return windows.score(windows.predict(self.forecast))

    def require_axis(self, layout: Layout) -> None:
        """Check that series have the frequency of the training. Raises RelayError if not."""
        ours, theirs = self.layout.axis.frequency, layout.axis.frequency
        if ours != theirs:
            raise RelayError(
                f"the model forecasts series of frequency {ours}, and these have {theirs}. Set "
                f"data.frequency={ours}, or train it again: steps=train+"
            )

    def half_widths(self, scales: Floats, horizon: int) -> Floats:
        """Return the half width of the band (series x horizon) for series with these `scales`."""
        return np.outer(np.nan_to_num(scales), self.band[:horizon])

    def to_json(self) -> dict[str, Any]:
        """Return all but the fitted method, as plain values."""
        return {
            "method": self.method,
            "layout": self.layout.to_json(),
            "horizon": self.horizon,
            "band": self.band.tolist(),
            "coverage": self.coverage,
        }

    @classmethod
    def from_json(cls, content: Mapping[str, Any], fitted: Fitted) -> Forecaster:
        """Return the forecaster of what `to_json` returned, and the fitted method."""
        return cls(
            method=str(content["method"]),
            fitted=fitted,
            layout=Layout.from_json(content["layout"]),
            horizon=int(content["horizon"]),
            band=np.array(content["band"], dtype=np.float64),
            coverage=float(content["coverage"]),
        )
