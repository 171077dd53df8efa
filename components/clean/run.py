"""Read the file that was fetched, and clean it."""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cleaning import Cleaned, Rules, clean
from na_warnings import describe_missing_target
from params import Params
from table_facts import columns_in_words, describe, file_in_words, warnings_in_words

from relay import RelayError, StepRun, main
from relay.tables.io import reading_metadata, table_metadata, write_parquet
from relay.tables.reading.columns.na_values import Marked
from relay.tables.reading.settings.column_names import renamed
from relay.tables.reading.table import RawTable, read_raw
from relay.util.names import column_name

log = logging.getLogger("relay")


def only_file(folder: Path) -> Path:
    """Return the only file in `folder`.

    Raises RelayError if there are several, or none.
    """
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    if len(files) != 1:
        raise RelayError(
            f"clean: the artifact must have one file (got {len(files)}). Make it again with the "
            "step get_data, or put the table into one file."
        )
    return files[0]


def read(path: Path, params: Params) -> RawTable:
    """Return the table in `path` with its columns named as in the file.

    Raises RelayError if it cannot be read, or has one column only.
    """
    raw = read_raw(path, params.read_options())
    names = list(raw.table.columns)
    if len(names) == 1:
        raise RelayError(
            f"{path.name}: has one column only, '{names[0]}', so there is nothing to predict from. "
            "Set data.read.separator if the file has another separator."
        )
    return raw


def require_results(raw: RawTable, params: Params) -> None:
    """Check that the target has values.

    Raises RelayError if all of them are formulas of a workbook that were never computed.
    """
    names = renamed(raw.table.columns, params.rename)
    target = column_name(params.target)
    for in_file, name in zip(raw.table.columns, names, strict=True):
        count = raw.about.get("uncomputed", {}).get(in_file, 0)
        if column_name(name) == target and count == len(raw.table):
            raise RelayError(
                f"data.target: column '{in_file}' has {count} formulas without a result, because a "
                "library wrote the workbook. Open it in Excel or LibreOffice, save it, and run "
                "again."
            )


def rules(
    params: Params,
    about: Mapping[str, Any],
    marked: Marked | None = None,
    labels: Mapping[int, Sequence[int]] | None = None,
) -> Rules:
    """Return the rules for a table; `about`, `marked` and `labels` are facts of its file."""
    return Rules(
        target=params.target,
        task=params.task,
        time=params.time,
        rename=params.rename,
        drop=params.drop,
        dtypes=params.dtypes,
        ranges=params.ranges,
        filters=params.filters,
        drop_duplicates=params.drop_duplicates,
        decimal=params.decimal,
        separator=about.get("separator"),
        marked=marked or Marked(),
        labels=labels or {},
    )


def report(cleaned: Cleaned, rows_in: int) -> dict[str, float]:
    """Log how many rows each rule removed, and return the counts as metrics."""
    table = cleaned.table
    for rule, count in cleaned.removed.items():
        if count:
            unasked = rule == "missing_target" or (rule == "duplicates" and cleaned.repeats_shown)
            level = logging.WARNING if unasked else logging.INFO
            why = _why(cleaned.repeats_shown) if rule == "duplicates" else ""
            why = missing_target_note(cleaned) if rule == "missing_target" else why
            log.log(
                level, "Removed %d of %d rows: %s%s", count, rows_in, rule.replace("_", " ", 1), why
            )
    if cleaned.repeats_kept:
        log.info(
            "Kept %d rows that repeat another: with so few different values, some do by chance. "
            "To drop them: data.drop_duplicates=true",
            cleaned.repeats_kept,
        )
    log.info("%d of %d rows kept, %d columns", len(table), rows_in, len(table.columns))
    removed = {f"removed_{rule}": count for rule, count in cleaned.removed.items()}
    return {"rows_in": rows_in, "rows_out": len(table), **removed}


def missing_target_note(cleaned: Cleaned) -> str:
    """Return the texts of the target that were taken as missing, in brackets; "" for none."""
    taken = cleaned.taken.counts.get(cleaned.target)
    note = cleaned.notes.get(cleaned.target, "")
    return describe_missing_target(taken) if taken else f" ({note})" if "missing" in note else ""


def _why(repeats: Mapping[int, int]) -> str:
    """Return some of the rows that were removed as duplicates, and how to keep them."""
    if not repeats:
        return ""
    shown = ", ".join(f"row {row} equals row {earlier}" for row, earlier in repeats.items())
    return (
        f", each equal to an earlier one in all columns ({shown}). To keep them: "
        "data.drop_duplicates=false. To drop them without a warning: data.drop_duplicates=true"
    )


def step(run: StepRun[Params]) -> None:
    """Read the file that was fetched, of any supported format, and store it as a clean table."""
    params = run.params
    source = run.input("input", type="raw_data")
    raw = read(only_file(source.path), params)
    require_results(raw, params)
    log.info(file_in_words(raw.about))
    rows_in = len(raw.table)
    cleaned = clean(raw.table, rules(params, raw.about, raw.marked, raw.labels))
    inferred = describe(cleaned, raw.about)
    for line in columns_in_words(inferred):
        log.info(line)
    for line in warnings_in_words(cleaned):
        log.warning(line)
    for line in cleaned.taken.warnings(rows_in, cleaned.target):
        log.warning(line)
    if raw.marked.absent:
        log.warning(
            "data.read.missing_values: no value is %s", ", ".join(map(repr, raw.marked.absent))
        )
    run.log_metrics(report(cleaned, rows_in))
    run.output(
        "clean",
        write_parquet(cleaned.table, run.workspace / "data.parquet"),
        type="clean_data",
        description="The table, cleaned.",
        metadata={
            **table_metadata(cleaned.table),
            "original_url": source.metadata.get("original_url"),
            "target": cleaned.target,
            "task": cleaned.task,
            **reading_metadata({**params.model_dump(), "read_as": cleaned.read_as}),
            "repeats_kept": cleaned.repeats_kept,
            "inferred": inferred,
        },
    )


if __name__ == "__main__":
    sys.exit(main(Params, step))
