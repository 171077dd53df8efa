"""Pictures of `evaluate`: what is on them, and that they can be drawn of anything."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.image import imread

from tests.loading import COMPONENTS, ROOT, load

plots = load("evaluate", "plots")


def texts(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.axes[0].texts]


def legend(figure: Figure) -> list[str]:
    legend = figure.axes[0].get_legend()
    assert legend is not None
    return [text.get_text() for text in legend.get_texts()]


def save(figure: Figure, path: Path) -> Path:
    figure.savefig(path, format="png")
    return path


def test_predicted_against_actual_has_a_point_for_each_row_and_equal_axes(tmp_path: Path) -> None:
    figure = plots.predicted_vs_actual(np.array([1.0, 2.0, 5.0]), np.array([1.5, 2.0, 9.0]), "y")
    (axes,) = figure.axes
    assert len(axes.collections[0].get_offsets()) == 3
    assert axes.get_xlim() == axes.get_ylim()
    assert axes.get_xlabel() == "actual y"
    assert imread(save(figure, tmp_path / "p.png")).shape[1] == 1000


def test_residuals_are_actual_less_predicted() -> None:
    figure = plots.residuals(np.array([1.0, 2.0]), np.array([3.0, 1.0]), "y")
    points = figure.axes[0].collections[0].get_offsets()
    assert points.tolist() == [[3.0, -2.0], [1.0, 1.0]]
    assert sum(bar.get_height() for bar in figure.axes[1].patches) == 2


def test_a_single_row_and_perfect_predictions_can_be_drawn(tmp_path: Path) -> None:
    for values in (np.array([5.0]), np.array([0.0, 0.0])):
        for draw in (plots.predicted_vs_actual, plots.residuals):
            save(draw(values, values, "y"), tmp_path / "p.png")


def test_the_confusion_matrix_has_actual_classes_as_rows_and_counts_in_its_cells() -> None:
    actual, predicted = np.array(["a", "a", "a", "b"]), np.array(["a", "b", "b", "b"])
    figure = plots.confusion(actual, predicted, ["a", "b"], "y")
    assert texts(figure) == ["1", "2", "0", "1"]
    shares = figure.axes[0].images[0].get_array()
    np.testing.assert_allclose(shares, np.array([[1 / 3, 2 / 3], [0, 1]]))


def test_a_class_that_the_model_never_saw_has_its_row() -> None:
    figure = plots.confusion(np.array(["a", "c"]), np.array(["a", "b"]), ["a", "b"], "y")
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == ["a", "b", "c"]


def test_of_many_classes_the_rare_ones_are_taken_together(tmp_path: Path) -> None:
    actual = np.array([str(i) for i in range(40) for _ in range(41 - i)])
    figure = plots.confusion(actual, actual, [str(i) for i in range(40)], "y")
    labels = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert labels == [*(str(i) for i in range(19)), "21 others"]
    assert sum(int(text.replace(",", "")) for text in texts(figure)) == len(actual)


def test_the_roc_of_two_classes_is_one_curve_of_the_second() -> None:
    actual = np.array(["no", "no", "yes", "yes"])
    scores = np.array([[0.9, 0.1], [0.4, 0.6], [0.3, 0.7], [0.2, 0.8]])
    assert legend(plots.roc(actual, scores, ["no", "yes"], "y")) == [
        "by chance (0.500)",
        "yes (1.000)",
    ]


def test_the_roc_of_more_classes_has_ten_curves_at_most_and_their_mean() -> None:
    random = np.random.default_rng(0)
    classes = [f"c{i}" for i in range(12)]
    scores = random.random((240, 12))
    lines = legend(plots.roc(np.array(classes * 20), scores, classes, "y"))
    assert len(lines) == 12
    assert lines[-1].startswith("mean of 12")


def test_no_roc_without_two_classes_among_the_rows() -> None:
    scores = np.array([[0.9, 0.1], [0.4, 0.6]])
    assert plots.roc(np.array(["no", "no"]), scores, ["no", "yes"], "y") is None


@pytest.mark.parametrize("name", ["price in $", "$x^", "_hidden", "very long " * 20, "größe"])
def test_any_name_can_be_drawn(name: str, tmp_path: Path) -> None:
    numbers = np.array([1.0, 2.0, 3.0])
    labels = np.array([name, "b", name])
    scores = np.array([[0.7, 0.3], [0.2, 0.8], [0.6, 0.4]])
    figures = [
        plots.predicted_vs_actual(numbers, numbers, name),
        plots.residuals(numbers, numbers, name),
        plots.confusion(labels, labels, ["b", name], name),
        plots.roc(labels, scores, ["b", name], name),
    ]
    for figure in figures:
        save(figure, tmp_path / "p.png")


def test_pictures_are_drawn_without_pyplot_which_would_keep_them() -> None:
    code = "import sys, plots; sys.exit('matplotlib.pyplot' in sys.modules)"
    folder = COMPONENTS / "evaluate"
    paths = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, env=paths, check=False)
    assert done.returncode == 0


def test_the_same_numbers_give_the_same_bytes(tmp_path: Path) -> None:
    numbers = np.linspace(0, 10, 50)
    first, second = (
        save(plots.residuals(numbers, numbers**1.1, "y"), tmp_path / name).read_bytes()
        for name in ("a.png", "b.png")
    )
    assert first == second
