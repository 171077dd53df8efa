"""A pipeline of another kind needs files of its own, and nothing in src/relay."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.conftest import Checkout, new_checkout
from tests.e2e.images import PIPELINE, add_images, draw_pictures
from tests.forks import Done


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """Return a checkout with the pipeline, beside the one for tables."""
    checkout = new_checkout(tmp_path_factory.mktemp("images") / "relay")
    add_images(checkout.root)
    return checkout


def run(images: Checkout, folder: Path, *more: str) -> Done:
    return images.main(*PIPELINE, f"data.folder={folder}", *more)


def test_it_runs_and_its_steps_are_cached(images: Checkout, tmp_path: Path) -> None:
    folder = draw_pictures(tmp_path / "pictures", (4, 3), (2, 9), (8, 8))
    done = run(images, folder, "measure.least.width=3")
    assert done.status == 0, done.output
    assert images.statuses() == {"find": "ran", "measure": "ran"}
    assert images.step("measure")["metrics"] == {"large": 2}
    assert images.versions().items() >= {"pictures_list": 1, "pictures_sizes": 1}.items()
    assert run(images, folder, "measure.least.width=3").status == 0
    assert images.statuses() == {"find": "cached", "measure": "cached"}
    assert run(images, folder, "measure.least={width: 1, height: 5}").status == 0
    assert images.statuses() == {"find": "cached", "measure": "ran"}
    assert images.step("measure")["metrics"] == {"large": 2}


@pytest.mark.parametrize(
    ("sizes", "message"),
    [((), "data.folder: no file in"), (((1, 1),), "data.folder: one picture is not enough")],
)
def test_its_components_check_before_anything_runs(
    images: Checkout, tmp_path: Path, sizes: tuple[tuple[int, int], ...], message: str
) -> None:
    done = run(images, draw_pictures(tmp_path / "pictures", *sizes))
    assert (done.status, message in done.output) == (2, True), done.output
