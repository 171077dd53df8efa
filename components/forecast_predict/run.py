"""Forecast the next steps of each series with a registered model."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from params import Params

from relay import Input, RelayError, StepRun, main
from relay.forecasts.files import load_forecaster
from relay.forecasts.forecaster import Forecaster
from relay.forecasts.frequencies import in_words
from relay.forecasts.rolling_origin import LAYOUT
from relay.forecasts.series import Layout
from relay.tables.io import TABLE_FILE, read_artifact, table_metadata, write_parquet
from relay.tables.output_path import require_output
from relay.tables.table_writer import TableWriter
from relay.util.paths import shown
from relay.util.project import enclosing_project

log = logging.getLogger("relay")

FORECAST, LOW, HIGH = "forecast", "low", "high"


def continue_series(
    table: pd.DataFrame, layout: Layout, forecaster: Forecaster, horizon: int
) -> pd.DataFrame:
    """Return a row for each of the next `horizon` steps of each series, with its band.

    Raises RelayError if the model cannot forecast the series.
    """
    forecaster.require_axis(layout)
    known = list(layout.read(table).values())
    values = forecaster.forecast(known, horizon)
    scales = np.array([series.scale(layout.season) for series in known])
    half = forecaster.half_widths(scales, horizon)
    places = np.concatenate([np.arange(one.end, one.end + horizon) for one in known])
    columns = {} if layout.series is None else {
        layout.series: np.repeat([one.name for one in known], horizon)
    }  # fmt: skip
    return pd.DataFrame(
        {
            **columns,
            layout.time: layout.axis.times(places),
            FORECAST: values.ravel(),
            LOW: (values - half).ravel(),
            HIGH: (values + half).ravel(),
        }
    )


def layout_of(source: Input) -> Layout:
    """Return the layout of series. Raises RelayError if the artifact has none."""
    if LAYOUT not in source.metadata:
        raise RelayError(
            f"{source.version}: it has no series with a time axis. Make them: pipeline=forecast "
            "steps=+predict"
        )
    return Layout.from_json(source.metadata[LAYOUT])


def step(run: StepRun[Params]) -> None:
    """Forecast the next steps of each series."""
    params, output = run.params, None
    if params.output_path is not None:
        output = require_output(params.output_path, enclosing_project(Path.cwd()).root)
    model_input, source = run.input("model", type="model"), run.input("series", type="clean_data")
    with run.phase("reading"):
        forecaster = load_forecaster(model_input.path, str(model_input.version))
        layout, table = layout_of(source), read_artifact(source)
    horizon = params.horizon or forecaster.horizon
    with run.phase("scoring"):
        predicted = continue_series(table, layout, forecaster, horizon)
    place = "the artifact; for a file, set predict.output=FILE.csv"
    with run.phase("writing"):
        stored = write_parquet(predicted, run.workspace / "predictions" / TABLE_FILE)
        if output is not None:
            with TableWriter(output) as writer:
                writer.write(predicted)
                place = shown(writer.finish())
    run.output(
        "predictions",
        stored,
        type="predictions",
        description=f"Forecast of {model_input.version}.",
        metadata={**table_metadata(predicted), "model": str(model_input.version)},
    )
    run.log_metrics({"rows": len(predicted)})
    steps = in_words(layout.axis.frequency, horizon)
    first, last = (f"{time:%Y-%m-%d %H:%M}".removesuffix(" 00:00") for time in
                   (predicted[layout.time].min(), predicted[layout.time].max()))  # fmt: skip
    run.note(f"Forecast of {steps} from {first} to {last} by {model_input.version}, in {place}")


if __name__ == "__main__":
    sys.exit(main(Params, step))
