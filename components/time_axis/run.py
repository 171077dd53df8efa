"""Bring the series in a clean table onto a regular time axis."""

from __future__ import annotations

import logging
import sys

from params import Params
from regularity import Regular, make_regular

from relay import StepRun, main
from relay.forecasts.frequencies import in_words
from relay.forecasts.rolling_origin import LAYOUT
from relay.tables.io import TABLE_FILE, read_artifact, table_metadata, write_parquet
from relay.util.names import list_columns

log = logging.getLogger("relay")


def report(regular: Regular, params: Params) -> None:
    """Log the time axis, and a warning for each thing that was changed."""
    counts, frequency = regular.counts, regular.layout.axis.frequency
    log.info(
        "%d series, %d steps of %s, season of %s",
        counts["series"], counts["rows"], in_words(frequency),
        in_words(frequency, regular.layout.season),
    )  # fmt: skip
    if regular.irregular:
        log.warning(
            "data.frequency: %d times are not at the regular time of their step of %s; their "
            "values count for the step that they are in. If that is wrong, set data.frequency.",
            regular.irregular, in_words(frequency),
        )  # fmt: skip
    if regular.duplicates:
        log.warning(
            "data.duplicates: %d values were merged with another of the same step (%s).",
            regular.duplicates, params.duplicates,
        )  # fmt: skip
    if regular.gaps:
        log.warning(
            "data.gaps: %d of %d steps had no value and were filled (%s).",
            regular.gaps, counts["rows"], params.gaps,
        )  # fmt: skip
    if regular.unused:
        log.info(
            "not used: %s: a forecast is made from the past of the target alone",
            list_columns(regular.unused),
        )


def step(run: StepRun[Params]) -> None:
    """Bring the series in a clean table onto a regular time axis."""
    params = run.params
    source = run.input("input", type="clean_data")
    with run.phase("reading"):
        table = read_artifact(source)
    regular = make_regular(
        table,
        target=params.target,
        time=params.time,
        series=params.series,
        frequency=params.frequency,
        season=params.season,
        gaps=params.gaps,
        duplicates=params.duplicates,
    )
    report(regular, params)
    run.log_metrics(regular.counts)
    run.output(
        "series",
        write_parquet(regular.table, run.workspace / TABLE_FILE),
        type="clean_data",
        description="Series on a regular time axis.",
        metadata={
            **table_metadata(regular.table),
            "original_url": source.metadata.get("original_url"),
            "target": params.target,
            "task": "forecast",
            LAYOUT: regular.layout.to_json(),
        },
    )


if __name__ == "__main__":
    sys.exit(main(Params, step))
