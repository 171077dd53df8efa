"""Split a clean table into a training set and a test set."""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping
from typing import Any

import pandas as pd
from params import Params
from splitting import find_time_order, split

from relay import StepRun, main
from relay.tables.io import read_artifact, reading_metadata, table_metadata, write_parquet
from relay.tables.overlap import rows_in

log = logging.getLogger("relay")


MANY = 0.05
"""The share of test rows in the training set from which the metrics change much."""
FAR_OFF = 0.2
"""The relative difference from `split.test_size` from which a warning is given."""
NOT_LEARNED_FROM = ("identifier", "constant", "empty")


def drop_unused(table: pd.DataFrame, target: str, metadata: Mapping[str, Any]) -> pd.DataFrame:
    """Return `table` without columns that no model learns from, by the metadata of `clean`."""
    columns = (metadata.get("inferred") or {}).get("columns") or {}
    useless = [name for name, facts in columns.items() if facts.get("kind") in NOT_LEARNED_FROM]
    return table.drop(columns=[name for name in useless if name != target], errors="ignore")


def report_shared(shared: int, rows: int, *, by_chance: bool) -> None:
    """Log how many of the `rows` of the test set are in the training set; many are a warning."""
    is_alarming = shared > MANY * rows
    log.log(
        logging.WARNING if is_alarming else logging.INFO,
        "%s%d of the %d test rows are in the training set as well (%.0f %%), in all columns that "
        "are learned from%s",
        "data.drop_duplicates: " if is_alarming else "",
        shared,
        rows,
        100 * shared / rows,
        _advise(by_chance) if is_alarming else ".",
    )


def _advise(by_chance: bool) -> str:
    effect = ", so the metrics are better than on new rows. "
    if not by_chance:
        return effect + "If they are copies, data.drop_duplicates=true keeps one of each."
    return (
        effect + "Different records are equal here, because the columns have few different values. "
        "data.drop_duplicates=true keeps one of each; more columns would make them different."
    )


def warn_of_share(test_rows: int, rows: int, params: Params) -> None:
    """Warn if rows that stay together make the test set far larger or smaller than its setting."""
    column = params.time_column or params.group_column
    wanted = params.test_size * rows
    if column is None or abs(test_rows - wanted) <= max(FAR_OFF * wanted, 1):
        return
    log.warning(
        "split.test_size: the test set has %d of %d rows, a share of %.2f (got %s): rows with one "
        "value of %s stay together, and some values have many rows. Choose another split.%s or "
        "another split.test_size.",
        test_rows,
        rows,
        test_rows / rows,
        params.test_size,
        column,
        "group_column" if params.time_column is None else "time_column",
    )


def step(run: StepRun[Params]) -> None:
    """Split a clean table into a training set and a test set."""
    params = run.params
    source = run.input("input", type="clean_data")
    table = read_artifact(source)
    carried = reading_metadata(source.metadata)
    train, test = split(
        table,
        params.target,
        test_size=params.test_size,
        stratify=params.stratify,
        time_column=params.time_column,
        group_column=params.group_column,
        seed=params.seed,
    )
    warn_of_share(len(test), len(table), params)
    ordered_by = find_time_order(table)
    if ordered_by is not None and params.time_column is None:
        log.warning(
            "split.time_column: the rows are ordered by %s, but the split is random, so the model "
            "learns from rows that are newer than its test rows. If it is to predict what comes "
            "next: split.time_column=%s",
            ordered_by,
            ordered_by,
        )
    useful = [drop_unused(part, params.target, source.metadata) for part in (test, train)]
    shared = int(rows_in(*useful).sum())
    for key, part in (("train", train), ("test", test)):
        run.output(
            key,
            write_parquet(part, run.workspace / key / "data.parquet"),
            type="split_data",
            description=f"The {key} set.",
            metadata={**table_metadata(part), **carried}
            | ({"rows_in_train": shared} if key == "test" else {}),
        )
    run.log_metrics({"train_rows": len(train), "test_rows": len(test)})
    if shared:
        run.log_metrics({"test_rows_in_train": shared})
        report_shared(shared, len(test), by_chance=bool(source.metadata.get("repeats_kept")))


if __name__ == "__main__":
    sys.exit(main(Params, step))
