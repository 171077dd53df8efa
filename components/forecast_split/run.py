"""Split series by time into a training set and a test set."""

from __future__ import annotations

import logging
import sys

from params import Params
from time_split import split_by_time

from relay import RelayError, StepRun, main
from relay.forecasts.frequencies import in_words
from relay.forecasts.rolling_origin import HISTORY_FILE, HORIZON, LAYOUT
from relay.forecasts.series import Layout
from relay.tables.io import TABLE_FILE, read_artifact, table_metadata, write_parquet
from relay.util.names import list_names

log = logging.getLogger("relay")


def step(run: StepRun[Params]) -> None:
    """Split series by time; the test set has the values before it, too, to forecast from."""
    params = run.params
    source = run.input("input", type="clean_data")
    if LAYOUT not in source.metadata:
        raise RelayError(
            f"{source.version}: it has no time axis. Make it with the step time_axis: "
            "pipeline=forecast steps=+split"
        )
    layout = Layout.from_json(source.metadata[LAYOUT])
    horizon = params.horizon or layout.season
    parts = split_by_time(read_artifact(source), layout, horizon, params.test_size)
    log.info(
        "%d windows of %s in the test set, one after the other",
        parts.windows, in_words(layout.axis.frequency, horizon),
    )  # fmt: skip
    if parts.left_out:
        log.warning(
            "split.test_size: %d series begin in the test set's time, so no set has them: %s.",
            len(parts.left_out), list_names(parts.left_out),
        )  # fmt: skip
    about = {
        "target": params.target,
        "task": "forecast",
        LAYOUT: layout.to_json(),
        HORIZON: horizon,
    }
    folders = {}
    for key, table in (("train", parts.train), ("test", parts.test)):
        folders[key] = run.workspace / key
        write_parquet(table, folders[key] / TABLE_FILE)
        run.output(
            key,
            folders[key],
            type="split_data",
            description=f"The {key} set, by time.",
            metadata={**table_metadata(table), **about, "windows": parts.windows},
        )
    write_parquet(parts.train, folders["test"] / HISTORY_FILE)
    run.log_metrics(
        {
            "train_rows": len(parts.train),
            "test_rows": len(parts.test),
            "horizon": horizon,
            "windows": parts.windows,
        }
    )


if __name__ == "__main__":
    sys.exit(main(Params, step))
