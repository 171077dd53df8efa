"""Predict each row of a table with a registered model."""

from __future__ import annotations

import contextlib
import logging
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
from input_check import CheckedTable, Reading, check_table, warn_of_empty_columns
from params import Params, local_path, require_files
from scoring import Score
from table_files import Table, dtype_words, open_artifact, open_input
from unseen_categories import Unseen, known_categories

from relay import Input, RelayError, StepRun, main
from relay.models.loading import Model, Predictions, load_model
from relay.tables.io import KEEP_TEXTS, MISSING_VALUES, TABLE_FILE, table_metadata
from relay.tables.reading.settings.dtype_words import is_read_as_text
from relay.tables.reading.settings.options import ReadOptions
from relay.tables.reading.settings.params import kept_in
from relay.tables.table_writer import TableWriter
from relay.util.names import column_name
from relay.util.paths import shown
from relay.util.progress import show_progress
from relay.util.project import enclosing_project
from relay.util.setting_text import setting

log = logging.getLogger("relay")

Phase = Callable[[str], contextlib.AbstractContextManager[None]]
PREDICTION, PROBABILITY = "prediction", "probability_"


def with_predictions(
    table: pd.DataFrame, predictions: Predictions, classes: list[object]
) -> pd.DataFrame:
    """Return `table` with a column `prediction` and, for each class, `probability_<class>`.

    Rows keep their order. Raises RelayError if `table` has a column of such a name.
    """
    new = pd.DataFrame({PREDICTION: predictions.values}, index=table.index)
    if predictions.probabilities is not None:
        for column, name in enumerate(classes):
            new[f"{PROBABILITY}{name}"] = predictions.probabilities[:, column]
    taken = [name for name in new.columns if name in table.columns]
    if taken:
        raise RelayError(
            f"predict.input: the table already has a column '{taken[0]}'. Rename it: "
            f"{setting('data.rename', {taken[0]: f'earlier_{taken[0]}'})}"
        )
    return pd.concat([table, new], axis=1)


def reading_for(model: Model, params: Params, metadata: Mapping[str, object]) -> Reading:
    """Return how columns are read for `model` with `metadata`: as in its training set."""
    read_as = metadata.get("read_as")
    words_of_training = read_as if isinstance(read_as, Mapping) else {}
    trained = {str(name): str(word) for name, word in words_of_training.items()}
    target = target_name(metadata)
    words = dtype_words([*model.columns, target], params.dtypes, trained)
    texts = {name for name, type_name in model.columns.items() if type_name == "string"}
    texts |= {name for name, word in words.items() if is_read_as_text(word)}
    return Reading(
        columns=model.columns,
        target=target,
        target_word=words.pop(target, None),
        words=words,
        trained=set(trained) - {column_name(name) for name in params.dtypes},
        texts=texts,
        decimal=params.decimal,
    )


def target_name(metadata: Mapping[str, object]) -> str:
    """Return the name that the target of a model has in tables."""
    return column_name(str(metadata.get("target") or "target"))


def predict(
    model: Model,
    table: Table,
    reading: Reading,
    checked: CheckedTable,
    outputs: Mapping[TableWriter, list[str]],
    score: Score,
    unseen: Unseen,
    phase: Phase,
) -> pd.DataFrame:
    """Predict each row of `table`, and write it into `outputs`, {writer: its column names}.

    Returns the last piece with its predictions, for the metadata: all pieces have its columns.
    """
    done, predicted = 0, pd.DataFrame()
    with show_progress("Predicting", "rows") as report:
        pieces = iter(table)
        while True:
            with phase("reading"):
                piece = next(pieces, None)
            if piece is None:
                return predicted
            with phase("features"):
                typed = checked.typed(piece, reading)
                features = reading.features(typed)
            with phase("scoring"):
                predictions = model.predict(features)
                unseen.add(features)
                score.add(typed, predictions)
                predicted = with_predictions(typed, predictions, model.classes)
            with phase("writing"):
                for output, names in outputs.items():
                    columns = [*names, *predicted.columns[len(names) :]]
                    output.write(predicted.set_axis(columns, axis=1))
            done += len(piece)
            report(done, checked.rows)


def open_table(
    run: StepRun[Params], root: Path, reading: Reading, model: Mapping[str, Any]
) -> Table:
    """Open the file or the artifact to predict; `model` is the metadata of the model.

    Raises RelayError if it cannot be read.
    """
    params = run.params
    if params.input_path is None:
        return open_artifact(run.input("input"))
    path = local_path(params.input_path, root)
    options = with_texts_of_training(params.read_options(), model)
    kept = {**kept_in(reading.words, params.rename), **options.keep_in}
    return open_input(path, replace(options, keep_in=kept), params.rename)


def with_texts_of_training(options: ReadOptions, model: Mapping[str, Any]) -> ReadOptions:
    """Return `options` with what meant "missing" in the training set of a model, and what did not.

    `model` is the model's metadata. What the present settings decide on is left to them.
    """
    return replace(
        options,
        missing_values=_with_trained(MISSING_VALUES, options.missing_values, model, options),
        keep_texts=_with_trained(KEEP_TEXTS, options.keep_texts, model, options),
    )


def _with_trained(
    key: str, given: Sequence[str], model: Mapping[str, Any], options: ReadOptions
) -> list[str]:
    decided = {*options.missing_values, *options.keep_texts}
    added = [text for text in model.get(key, ()) if text not in decided]
    if added:
        log.info("As in the training set: %s", setting(f"data.read.{key}", added))
    return [*given, *added]


def summary_line(rows: int, output: Path | None) -> str:
    """Return a sentence on how many rows were predicted, and where the predictions are."""
    count = "1 row" if rows == 1 else f"{rows:,} rows"
    if output is None:
        return f"{count} predicted, in the artifact; for a file, set predict.output=FILE.csv"
    return f"{count} predicted, in {shown(output)}"


def step(run: StepRun[Params]) -> None:
    """Predict each row of a file or an artifact with a model."""
    params = run.params
    root = enclosing_project(Path.cwd()).root
    wanted = require_files(params, root)
    given: Input = run.input("model", type="model")
    with run.phase("reading"):
        model = load_model(given.path, str(given.version), params.trusted_types)
        reading = reading_for(model, params, given.metadata)
        table = open_table(run, root, reading, given.metadata)
    with run.phase("reading"), show_progress("Checking", "rows") as report:
        try:
            checked = check_table(table, reading, report)
        except RelayError as error:
            if set(model.columns) <= set(table.names):
                raise
            raise RelayError(
                f"{error}\nThese are the columns of the model {given.version}. To predict with "
                "another one, add the data=... that it was trained with, or predict.model=NAME."
            ) from error

    warn_of_empty_columns(checked, model.columns)
    score = Score(model, reading.target, reading.target_word)
    unseen = Unseen(known_categories(model))
    with contextlib.ExitStack() as stack:
        folder = run.workspace / "predictions"
        folder.mkdir()
        stored = stack.enter_context(TableWriter(folder / TABLE_FILE))
        outputs = {stored: table.names}
        if wanted is not None:
            outputs[stack.enter_context(TableWriter(wanted))] = table.raw_names
        predicted = predict(model, table, reading, checked, outputs, score, unseen, run.phase)
        with run.phase("writing"):
            places = [output.finish() for output in outputs]
    run.output(
        "predictions",
        places[0],
        type="predictions",
        description=f"Predictions of {given.version}.",
        metadata={
            **table_metadata(predicted),
            "rows": checked.rows,
            "model": str(given.version),
        },
    )
    run.log_metrics({"rows": checked.rows})
    run.log_metrics(score.metrics())
    unseen.warn()
    run.note(summary_line(checked.rows, wanted))


if __name__ == "__main__":
    sys.exit(main(Params, step))
