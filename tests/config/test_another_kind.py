"""Settings of another kind of data are declared by their own files, and checked as strictly."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from relay.config import compose as config
from relay.pipeline import plan
from relay.pipeline.planned_step import PlannedStep, make_planned_steps
from relay.util.errors import ConfigError
from tests.e2e.images import PIPELINE, add_images
from tests.loading import COMPONENTS, ROOT


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return the settings and components of a project with pipelines of two kinds."""
    shutil.copytree(ROOT / "config", tmp_path / "config", ignore=shutil.ignore_patterns("local"))
    (tmp_path / "components").mkdir()
    for path in COMPONENTS.glob("*/MLproject"):
        (tmp_path / "components" / path.parent.name).symlink_to(path.parent)
    add_images(tmp_path)
    return tmp_path


def jobs(root: Path, *arguments: str) -> list[PlannedStep]:
    loaded = config.load(root / "config", arguments, root)
    return make_planned_steps(root / "components", loaded, plan.build(loaded.settings.pipeline))


@pytest.mark.additions
def test_both_kinds_stand_side_by_side(root: Path) -> None:
    find, measure = jobs(root, *PIPELINE, "data.folder=some/pictures")
    assert find.valid.model_dump() == {
        "list_artifact": "pictures_list",
        "folder": str(root / "some" / "pictures"),
        "endings": [".pgm"],
    }
    assert measure.settings == {"least": "measure.least"}
    assert jobs(root)[0].name == "get_data"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["data.foldr=x"],
            r"^data.foldr: there is no such setting\. Did you mean 'data.folder'\?$",
        ),
        (["data.url=x"], r"^data.url: there is no such setting\."),
        (
            ["data={foldr: x}"],
            r"^data.foldr: there is no such setting\. Did you mean 'data.folder'\?$",
        ),
        (
            ["measure.leest=3"],
            r"^measure.leest: .*\. Did you mean 'measure.least'\?$",
        ),
        (["measure.least.width=0", "data.folder=x"], r"^measure\.least\.width: .*got 0"),
        (
            [],
            r"^data\.folder: a value is required.* Pictures in a folder: pipeline=images data=ima",
        ),
    ],
)
def test_a_mistake_is_found_by_its_own_settings(
    root: Path, arguments: list[str], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        jobs(root, *PIPELINE, *arguments)


def test_settings_of_one_kind_are_unknown_to_the_other(root: Path) -> None:
    with pytest.raises(ConfigError, match=r"^data\.folder: there is no such setting\."):
        jobs(root, "data.folder=x")
    with pytest.raises(ConfigError, match=r"^measure\..*: there is no such setting"):
        jobs(root, "measure.least.width=3")


def test_a_file_cannot_set_what_the_one_that_it_is_built_on_has_not(root: Path) -> None:
    file = root / "config" / "data" / "mine.yaml"
    file.write_text("defaults: [images]\nfoldr: x\n")
    with pytest.raises(ConfigError, match=r"'data.folder'\? \(in config/data/mine\.yaml\)$"):
        jobs(root, "pipeline=images", "data=mine")
    file.write_text("defaults: [images]\nfolder: x\n")
    assert jobs(root, "pipeline=images", "data=mine")[0].valid.model_dump()["folder"]


def test_a_step_is_a_folder_of_three_files_and_a_block(root: Path) -> None:
    folder = root / "components" / "added"
    shutil.copytree(root / "components" / "measure_pictures", folder)
    (folder / "params.py").write_text(
        "from pydantic import Field\nfrom relay import Params as BaseParams\n\n\n"
        "class Params(BaseParams):\n    input_artifact: str\n    made_artifact: str\n"
        "    threshold: float = Field(0.2, gt=0)\n"
    )
    pipeline = root / "config" / "pipeline" / "default.yaml"
    block = (
        "\n  added:\n    component: added\n    inputs: {input: clean.clean}\n"
        '    outputs: {made: {name: "${data.name}_added", type: report}}\n'
        "    settings: [added]\n"
    )
    pipeline.write_text(pipeline.read_text() + block)
    main = root / "config" / "config.yaml"
    main.write_text(main.read_text() + "\nadded: {threshold: 0.3}\n")
    [added] = jobs(root, "steps=added")
    assert added.valid.model_dump() == {
        "input_artifact": "diabetes_clean:latest",
        "made_artifact": "diabetes_added",
        "threshold": 0.3,
    }
    with pytest.raises(ConfigError, match=r"^added\.threshold: .*got 0"):
        jobs(root, "steps=added", "added.threshold=0")
    with pytest.raises(ConfigError, match=r"Did you mean 'added\.threshold'"):
        jobs(root, "added.treshold=1")
