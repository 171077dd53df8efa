"""Splits a clean table into a train and a test set."""

from __future__ import annotations

import logging
import sys

from params import Params
from splitting import find_time_order, split

from relay import component
from relay.component import StepRun
from relay.seen_rows import rows_in
from relay.tables import read_artifact, table_metadata, write_parquet

log = logging.getLogger("relay")


def tell_shared(shared: int, rows: int, *, by_chance: bool) -> None:
    """Log how many of the test set's `rows` are in the train set as well, and what that means."""
    if by_chance:
        log.info(
            "%d of the %d test rows equal one of the train set, as different things do by chance "
            "where there are few different values.",
            shared,
            rows,
        )
        return
    log.warning(
        "%d of the %d test rows are in the train set as well: what the model knows by heart "
        "counts as if it had learnt it. data.drop_duplicates=true keeps one of each.",
        shared,
        rows,
    )


def step(run: StepRun[Params]) -> None:
    """Split a clean table into a train and a test set."""
    params = run.params
    source = run.input("input", type="clean_data")
    table = read_artifact(source)
    carried = {"read_as": source.metadata.get("read_as") or {}}
    train, test = split(
        table,
        params.target,
        test_size=params.test_size,
        stratify=params.stratify,
        time_column=params.time_column,
        group_column=params.group_column,
        seed=params.seed,
    )
    ordered_by = find_time_order(table)
    if ordered_by is not None and params.time_column is None:
        log.warning(
            "The rows are ordered by %s, and the split is at random: the model learns from rows "
            "newer than those that it is tested on. If it is to predict what comes next, set "
            "split.time_column=%s",
            ordered_by,
            ordered_by,
        )
    for key, part in (("train", train), ("test", test)):
        run.output(
            key,
            write_parquet(part, run.workspace / key / "data.parquet"),
            type="split_data",
            description=f"The {key} set.",
            metadata={**table_metadata(part), **carried},
        )
    run.log_metrics({"train_rows": len(train), "test_rows": len(test)})
    shared = int(rows_in(test, train).sum())
    if shared:
        run.log_metrics({"test_rows_in_train": shared})
        tell_shared(shared, len(test), by_chance=bool(source.metadata.get("repeats_kept")))


if __name__ == "__main__":
    sys.exit(component.main(Params, step))
