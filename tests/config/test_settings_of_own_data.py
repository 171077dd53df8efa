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
    shutil.copytree(
        ROOT / "config", tmp_path / "config", ignore=shutil.ignore_patterns("local", "project")
    )
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


OWN = """\
# @package _global_
defaults: [default@pipeline]
added: {threshold: 0.3, words: {}}
split: {test_size: 0.3}
pipeline:
  steps:
    added:
      component: added
      inputs: {input: clean.clean}
      outputs: {made: {name: "${data.name}_added", type: report}}
      settings: [added]
"""
"""A pipeline with all steps of another, and one more."""


@pytest.fixture
def own(root: Path) -> Path:
    """Return a project with a step of its own: a folder of three files, and a block in a file."""
    folder = root / "components" / "added"
    shutil.copytree(root / "components" / "measure_pictures", folder)
    (folder / "params.py").write_text(
        "from pydantic import Field\nfrom relay import Params as BaseParams\n\n\n"
        "class Params(BaseParams):\n    input_artifact: str\n    made_artifact: str\n"
        "    threshold: float = Field(0.2, gt=0)\n    words: dict[str, int] = {}\n"
    )
    (root / "config" / "pipeline" / "own.yaml").write_text(OWN)
    return root


def test_a_pipeline_adds_steps_and_their_settings_to_another_in_a_file_of_its_own(
    own: Path,
) -> None:
    [added] = jobs(own, "pipeline=own", "steps=added", "added.words.some=3")
    assert added.valid.model_dump() == {
        "input_artifact": "diabetes_clean:latest",
        "made_artifact": "diabetes_added",
        "threshold": 0.3,
        "words": {"some": 3},
    }
    [split] = jobs(own, "pipeline=own", "steps=split")
    assert split.params["test_size"] == 0.3
    assert "train" in [job.name for job in jobs(own, "pipeline=own")]


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ("added.threshold=0", r"^added\.threshold: .*got 0"),
        ("added.treshold=1", r"Did you mean 'added\.threshold'"),
    ],
)
def test_settings_that_a_pipeline_adds_are_checked(own: Path, argument: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        jobs(own, "pipeline=own", "steps=added", argument)


@pytest.mark.parametrize(
    ("right", "wrong", "message"),
    [
        ("\nsplit:", "\nsplitt:", r"^splitt: .*Did you mean 'split'\? \(in config/pipeline/own"),
        ("test_size", "tset_size", r"^split\.tset_size: .*'split\.test_size'"),
    ],
)
def test_a_group_that_no_step_of_the_file_reads_is_a_mistake(
    own: Path, right: str, wrong: str, message: str
) -> None:
    (own / "config" / "pipeline" / "own.yaml").write_text(OWN.replace(right, wrong))
    with pytest.raises(ConfigError, match=message):
        jobs(own, "pipeline=own", "steps=added")


def test_null_in_the_block_takes_away_a_parameter_of_the_step_that_is_replaced(own: Path) -> None:
    block = (
        "    split:\n      component: added\n      inputs: {input: some_table}\n"
        '      outputs: {made: {name: "${data.name}_added", type: report}}\n'
        "      params: {SEED}\n      settings: []\n"
    )
    file = own / "config" / "pipeline" / "tiny.yaml"
    text = "steps:\n" + block.replace("    split", "  split").replace("      ", "    ")
    file.write_text(text.replace("SEED", "seed: null"))
    [step] = jobs(own, "pipeline=tiny")
    assert "seed" not in step.params
    file.write_text(text.replace("SEED", "seed: 1"))
    with pytest.raises(ConfigError, match=r"components/added/params\.py has no parameter 'seed'"):
        jobs(own, "pipeline=tiny")


def test_settings_of_a_project_choose_its_pipeline_and_those_of_a_person_come_after(
    own: Path,
) -> None:
    for name, text in {
        "project": "defaults: [{override /pipeline: own}]\nadded: {threshold: 0.4}\nseed: 1\n",
        "local": "seed: 2\n",
    }.items():
        (own / "config" / name).mkdir()
        (own / "config" / name / "default.yaml").write_text(text)
    [split, added] = jobs(own, "steps=added,split")
    assert (added.params["threshold"], split.params["seed"]) == (0.4, 2)
