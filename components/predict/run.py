"""Predicts each row of a table with a registered model."""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping
from pathlib import Path

import pandas as pd
from params import Params
from table_io import dtype_words, local_path, read_input, with_dtypes, write_output

from relay import component
from relay.component import Input, StepRun
from relay.errors import RelayError
from relay.models import Model, Predictions, load_model
from relay.names import column_name
from relay.project import enclosing_project
from relay.reading.dtype_words import is_read_as_text
from relay.tables import read_artifact, table_metadata, write_parquet

log = logging.getLogger("relay")

PREDICTION, PROBABILITY = "prediction", "probability_"


def with_predictions(
    table: pd.DataFrame, predictions: Predictions, classes: list[object]
) -> pd.DataFrame:
    """`table` with a column `prediction` and, for each of `classes`, `probability_<class>`.

    Rows and their order stay. RelayError where `table` has a column of such a name.
    """
    new = pd.DataFrame({PREDICTION: predictions.values}, index=table.index)
    if predictions.probabilities is not None:
        for column, name in enumerate(classes):
            new[f"{PROBABILITY}{name}"] = predictions.probabilities[:, column]
    taken = [name for name in new.columns if name in table.columns]
    if taken:
        raise RelayError(
            f"The table has a column '{taken[0]}' already: rename it, "
            f"data.rename={{{taken[0]}: earlier_{taken[0]}}}."
        )
    return pd.concat([table, new], axis=1)


def read(
    run: StepRun[Params], model: Model, words: Mapping[str, str], root: Path
) -> tuple[pd.DataFrame, list[str] | None]:
    """The table to predict; where it is a file, also the columns' names as they stand there.

    `words` are dtype words by column: they say which columns are read as texts, as in `clean`.
    """
    params = run.params
    if params.input_path is None:
        return read_artifact(run.input("input")), None
    texts = {name for name, type_name in model.columns.items() if type_name == "string"}
    texts |= {name for name, word in words.items() if is_read_as_text(word)}
    path = local_path(params.input_path, root)
    return read_input(path, params.read_options(), params.rename, texts)


def courtesy_metrics(
    model: Model, given: Input, table: pd.DataFrame, predictions: Predictions
) -> dict[str, float]:
    """The metrics of the rows whose target is in the table; none where it is not there."""
    target = column_name(given.metadata.get("target") or "target")
    if target not in table.columns or not table[target].notna().any():
        return {}
    known = table[target].notna().to_numpy()
    probabilities = predictions.probabilities
    part = Predictions(
        predictions.values[known], None if probabilities is None else probabilities[known]
    )
    try:
        return model.compare(table.loc[known, target], part).metrics
    except RelayError as error:
        log.info("The table has the target, but cannot be scored: %s", error)
        return {}


def step(run: StepRun[Params]) -> None:
    """Predict each row of a file or artifact with a model."""
    params = run.params
    root = enclosing_project(Path.cwd()).root
    model_input = run.input("model", type="model")
    model = load_model(model_input.path, str(model_input.version))
    read_as = model_input.metadata.get("read_as") or {}
    words = dtype_words(model.columns, params.dtypes, read_as)
    table, raw_names = read(run, model, words, root)
    trained = set(read_as) - {column_name(name) for name in params.dtypes}
    predictions = model.predict(with_dtypes(table, words, trained))
    predicted = with_predictions(table, predictions, model.classes)
    run.output(
        "predictions",
        write_parquet(predicted, run.workspace / "predictions" / "data.parquet"),
        type="predictions",
        description=f"Predictions of {model_input.version}.",
        metadata={**table_metadata(predicted), "model": str(model_input.version)},
    )
    run.log_metrics({"rows": len(predicted)})
    run.log_metrics(courtesy_metrics(model, model_input, table, predictions))
    if params.output_path is not None:
        if raw_names is not None:
            predicted.columns = [*raw_names, *predicted.columns[len(raw_names) :]]
        path = local_path(params.output_path, root)
        source = local_path(params.input_path, root) if params.input_path else None
        write_output(predicted, path, source=source)
        log.info("Wrote %d predictions to %s", len(predicted), path)


if __name__ == "__main__":
    sys.exit(component.main(Params, step))
