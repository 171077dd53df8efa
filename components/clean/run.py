"""Reads the file that was fetched and cleans it."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

import pandas as pd
from cleaning import Cleaned, Rules, clean
from params import Params

from relay import component
from relay.component import StepRun
from relay.errors import RelayError
from relay.names import column_name
from relay.reading.columns import renamed
from relay.reading.dtype_words import is_read_as_text
from relay.reading.layout import read_columns
from relay.reading.table import read_table
from relay.tables import table_metadata, write_parquet

log = logging.getLogger("relay")


def the_file(folder: Path) -> Path:
    """The one file in `folder`; RelayError where there are several or none."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    if len(files) != 1:
        raise RelayError(f"The raw artifact holds {len(files)} files; clean reads exactly one.")
    return files[0]


def read(path: Path, params: Params) -> pd.DataFrame:
    """The table in `path`, its columns named as in the file."""
    options = params.read_options()
    raw = read_columns(path, options)
    if len(raw) == 1:
        raise RelayError(
            f"{path.name} has one column only, '{raw[0]}', so there is nothing to predict from. "
            "Check data.read.separator; without it the separator is found out."
        )
    texts = {column_name(name) for name, spec in params.dtypes.items() if is_read_as_text(spec)}
    final = renamed(raw, params.rename)
    as_text = [name for name, safe in zip(raw, final, strict=True) if safe in texts]
    return read_table(path, options, as_text)


def report(cleaned: Cleaned, rows_in: int) -> dict[str, float]:
    """Log what each rule removed, and give it as numbers."""
    table = cleaned.table
    for rule, count in cleaned.removed.items():
        if count:
            log.info("Removed %d rows: %s", count, rule.replace("_", " ", 1))
    log.info("%d of %d rows kept, %d columns", len(table), rows_in, len(table.columns))
    removed = {f"removed_{rule}": count for rule, count in cleaned.removed.items()}
    return {"rows_in": rows_in, "rows_out": len(table), **removed}


def step(run: StepRun[Params]) -> None:
    """Read the file that was fetched, whatever its form, and store it as a clean table."""
    params = run.params
    source = run.input("input", type="raw_data")
    table = read(the_file(source.path), params)
    rows_in = len(table)
    rules = Rules(
        target=params.target,
        task=params.task,
        rename=params.rename,
        drop=params.drop,
        dtypes=params.dtypes,
        ranges=params.ranges,
        filters=params.filters,
        drop_duplicates=params.drop_duplicates,
    )
    cleaned = clean(table, rules)
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
            "date_formats": cleaned.date_formats,
        },
    )


if __name__ == "__main__":
    sys.exit(component.main(Params, step))
