"""How much a fitted model makes of each column, as numbers and as a picture."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from numpy.typing import NDArray
from scipy.sparse import issparse
from sklearn.compose import ColumnTransformer
from sklearn.inspection import permutation_importance
from sklearn.pipeline import Pipeline

SHOWN = 20
SAMPLE_ROWS = 1000
SHUFFLES = 100
LONGEST_NAME = 32
BLUE = "#2b6cb0"


def importances(
    pipeline: Pipeline, x: pd.DataFrame, y: NDArray[Any], seed: int
) -> tuple[pd.Series, str]:
    """The importance of each column of `x`, largest first, and what kind of number it is.

    The estimator's own importances, or the absolute values of its coefficients, added up over
    all numbers that were made of a column. Where it has neither: by how much its score falls when
    the column is shuffled, on a sample of the rows.
    """
    preprocessor, model = pipeline.named_steps["features"], pipeline.named_steps["model"]
    sources = source_columns(preprocessor)
    weights, kind = _weights(model)
    if weights is not None and len(weights) == len(sources):
        found = pd.Series(weights).groupby(sources).sum()
    else:
        kind = "fall of the score when shuffled"
        rows = np.random.default_rng(seed).permutation(len(x))[:SAMPLE_ROWS]
        repeats = max(1, min(3, SHUFFLES // x.shape[1]))
        falls = permutation_importance(
            pipeline, x.iloc[rows], y[rows], n_repeats=repeats, random_state=seed
        )
        found = pd.Series(falls["importances_mean"], index=list(x.columns))
    return found.sort_values(ascending=False, kind="stable"), kind


def source_columns(preprocessor: ColumnTransformer) -> list[str]:
    """For each number that the fitted `preprocessor` makes, the column it comes from."""
    sources: list[str] = []
    for kind, transformer, columns in preprocessor.transformers_:
        if kind == "text":
            width = preprocessor.output_indices_[kind]
            sources += list(columns) * (width.stop - width.start)
        elif kind in ("numeric", "category", "date"):
            # Numbers for names: a name may hold any character, a number ends at the first "_".
            stand_ins = np.array([str(i) for i in range(len(columns))], dtype=object)
            for name in _names_out(transformer, stand_ins):
                sources.append(columns[int(name.partition("_")[0])])
    return sources


def _names_out(transformer: Pipeline, names: NDArray[np.object_]) -> list[str]:
    """The output names of a kind's steps; only the step that makes numbers knows new names."""
    for _, step in transformer.steps:
        inner = step.steps if isinstance(step, Pipeline) else [("", step)]
        for _, one in inner:
            known = hasattr(one, "categories_") or hasattr(one, "parts_")
            names = one.get_feature_names_out(names) if known else names
    return [str(name) for name in names]


def _weights(model: Any) -> tuple[NDArray[np.float64] | None, str]:
    own = getattr(model, "feature_importances_", None)
    if own is not None:
        return np.asarray(own, dtype=float), "importance"
    coefficients = getattr(model, "coef_", None)
    if coefficients is None:
        return None, ""
    dense = coefficients.toarray() if issparse(coefficients) else np.asarray(coefficients)
    by_output = np.abs(dense).reshape(-1, dense.shape[-1])
    return by_output.mean(axis=0), "size of the coefficients"


def draw(found: pd.Series, kind: str, target: str, path: Path) -> Path:
    """A bar for each of the 20 largest of `found`, as PNG at `path`."""
    shown = found.head(SHOWN)[::-1]
    figure = Figure(figsize=(8.0, 1.2 + 0.32 * max(3, len(shown))), dpi=125, layout="constrained")
    axes = figure.subplots()
    axes.barh([_short(str(name)) for name in shown.index], shown.to_numpy(), color=BLUE)
    axes.set_xlabel(kind)
    some = f", the {SHOWN} largest of {len(found)}" if len(found) > SHOWN else ""
    axes.set_title(f"What {_short(target)} is predicted from{some}")
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="x", color="#e2e8f0", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.margins(y=0.01)
    figure.savefig(path)
    return path


def _short(name: str) -> str:
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}…"
