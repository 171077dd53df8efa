"""Splits a clean table into a train and a test set."""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping
from typing import Any

import pandas as pd
from params import Params
from splitting import find_time_order, split

from relay import StepRun, main
from relay.tables.io import read_artifact, table_metadata, write_parquet
from relay.tables.overlap import rows_in
from relay.util.setting_text import setting

log = logging.getLogger("relay")


MANY = 0.05
"""A smaller share of rows that are on both sides by chance does not change a score much."""
FAR_OFF = 0.2
"""A share of the test set's wanted rows, beyond which it is another split than was asked for."""
NOT_LEARNED_FROM = ("identifier", "constant", "empty")


def learned_from(table: pd.DataFrame, target: str, metadata: Mapping[str, Any]) -> pd.DataFrame:
    """`table` without the columns that no model learns from, by what `clean` found out of them."""
    columns = (metadata.get("inferred") or {}).get("columns") or {}
    useless = [name for name, facts in columns.items() if facts.get("kind") in NOT_LEARNED_FROM]
    return table.drop(columns=[name for name in useless if name != target], errors="ignore")


def tell_shared(shared: int, rows: int, *, by_chance: bool) -> None:
    """Log how many of the test set's `rows` are in the training set as well, and the effect."""
    is_alarming = shared > MANY * rows
    log.log(
        logging.WARNING if is_alarming else logging.INFO,
        "%d of the %d test rows are in the training set as well (%.0f %%), in all columns that are "
        "learned from%s",
        shared,
        rows,
        100 * shared / rows,
        _what_to_do(by_chance) if is_alarming else ".",
    )


def _what_to_do(by_chance: bool) -> str:
    meaning = ": what the model knows by heart counts as if it had learned it. "
    if not by_chance:
        return meaning + "data.drop_duplicates=true keeps one of each, where they are copies."
    return (
        meaning + "Different things are equal here, as the columns have so few different values. "
        "data.drop_duplicates=true keeps one of each; more columns would tell them apart."
    )


def warn_of_share(test_rows: int, rows: int, params: Params) -> None:
    """Warn if rows that stay together make the test set far larger or smaller than asked for."""
    column = params.time_column or params.group_column
    wanted = params.test_size * rows
    if column is None or abs(test_rows - wanted) <= max(FAR_OFF * wanted, 1):
        return
    log.warning(
        "The test set has %d of %d rows, a share of %.2f instead of %s: rows with one value of "
        "%s stay together, and some values have many rows. Choose another split.%s or another "
        "split.test_size.",
        test_rows,
        rows,
        test_rows / rows,
        setting("split.test_size", params.test_size),
        column,
        "group_column" if params.time_column is None else "time_column",
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
    warn_of_share(len(test), len(table), params)
    ordered_by = find_time_order(table)
    if ordered_by is not None and params.time_column is None:
        log.warning(
            "The rows are ordered by %s, and the split is at random: the model learns from rows "
            "newer than those that it is tested on. If it is to predict what comes next, set "
            "split.time_column=%s",
            ordered_by,
            ordered_by,
        )
    useful = [learned_from(part, params.target, source.metadata) for part in (test, train)]
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
        tell_shared(shared, len(test), by_chance=bool(source.metadata.get("repeats_kept")))


if __name__ == "__main__":
    sys.exit(main(Params, step))
