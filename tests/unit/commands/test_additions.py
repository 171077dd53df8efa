"""`new-component` and `new-pipeline`: what they write is valid, and nothing is half-written."""

from __future__ import annotations

import io
import shutil
from pathlib import Path

import pytest
import yaml
from rich.console import Console

from relay.commands.additions import environment
from relay.commands.additions.command import new_component, new_pipeline
from relay.commands.additions.pipeline_file import Block, built_on, with_block
from relay.config import compose as config
from relay.pipeline import plan
from relay.pipeline.planned_step import PlannedStep, make_planned_steps
from relay.util.errors import ConfigError, RelayError
from relay.util.project import Project
from tests.loading import COMPONENTS, ROOT, SHIPPED

INPUT = ("--input", "clean.clean")


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Return a project with Relay's settings, components and environments."""
    own = shutil.ignore_patterns("local", "project")
    shutil.copytree(ROOT / "config", tmp_path / "config", ignore=own)
    (tmp_path / "components").mkdir()
    for name in SHIPPED:
        (tmp_path / "components" / name).symlink_to(COMPONENTS / name)
    (tmp_path / "environments").symlink_to(ROOT / "environments")
    return Project(tmp_path)


def component(project: Project, *words: str) -> str:
    """Run new-component, and return what it prints."""
    printed = io.StringIO()
    assert new_component(project, words, Console(file=printed, width=200)) == 0
    return printed.getvalue()


def pipeline(project: Project, *words: str) -> str:
    """Run new-pipeline, and return what it prints."""
    printed = io.StringIO()
    assert new_pipeline(project, words, Console(file=printed, width=200)) == 0
    return printed.getvalue()


def planned(project: Project, *arguments: str) -> dict[str, PlannedStep]:
    loaded = config.load(project.config, arguments, project.root)
    the_plan = plan.build(loaded.settings.pipeline)
    return {step.name: step for step in make_planned_steps(project.components, loaded, the_plan)}


def files(project: Project) -> dict[str, bytes]:
    """Return the content of all files of the project, by their paths."""
    root = project.root
    paths = [path for path in root.rglob("*") if path.is_file() or path.is_symlink()]
    return {str(path.relative_to(root)): path.read_bytes() for path in paths if not path.is_dir()}


def test_a_step_is_added_to_a_pipeline_of_the_projects_own(project: Project) -> None:
    printed = component(project, "drift", *INPUT)
    assert "relay run pipeline=own steps=+drift" in printed
    steps = planned(project, "pipeline=own", "drift.most_missing=0.1")
    assert set(steps) == {*SHIPPED[:-1], "drift"}
    assert steps["drift"].params == {"most_missing": 0.1}
    assert steps["drift"].references == {"input": "diabetes_clean:latest"}
    assert "drift" not in planned(project)


def test_the_next_step_is_added_to_the_same_file_and_reads_the_first(project: Project) -> None:
    component(project, "drift", *INPUT)
    file = project.config / "pipeline" / "own.yaml"
    file.write_text(file.read_text().replace("drift:\n  most", "drift:  # mine\n  most", 1))
    component(project, "names", "--input", "drift.drift", "--template", "files")
    assert "drift:  # mine\n" in file.read_text()
    steps = planned(project, "pipeline=own")
    assert steps["names"].step.needs == ("drift",)
    assert list(yaml.safe_load(file.read_text())["pipeline"]["steps"]) == ["drift", "names"]


def test_a_model_takes_the_place_of_the_step_that_makes_it(project: Project) -> None:
    component(project, "train_knn", "--template", "model")
    train = planned(project, "pipeline=own", "train_knn.neighbours=3")["train"]
    assert train.component.name == "train_knn"
    assert train.valid.model_dump() == {
        "train_artifact": "diabetes_train:latest",
        "report_artifact": "diabetes_report:latest",
        "model_artifact": "diabetes_model",
        "target": "target",
        "neighbours": 3,
        "trusted_types": [],
    }


def test_a_model_of_another_environment_is_loaded_in_that(project: Project) -> None:
    component(project, "train_net", "--template", "model", "--environment", "onnx")
    steps = planned(project, "pipeline=own", "predict.input=a.csv", "steps=all,predict")
    own = {name for name, step in steps.items() if step.step.environment == "onnx"}
    assert own == {"evaluate", "register", "predict"}
    assert steps["train"].component.folder.joinpath("conda.yml").resolve().parent.name == "onnx"
    assert 'environment="onnx"' in (project.components / "train_net" / "run.py").read_text()


def test_a_pipeline_of_another_kind_needs_no_table(project: Project) -> None:
    printed = pipeline(project, "letters", "--steps", "read,count")
    assert "relay run pipeline=letters data.folder=FOLDER" in printed
    steps = planned(project, "pipeline=letters", "data.folder=some", "data.pattern=*.txt")
    assert {name: step.component.name for name, step in steps.items()} == {
        "read": "letters_read",
        "count": "letters_count",
    }
    assert steps["read"].params == {"folder": str(project.root / "some"), "pattern": "*.txt"}
    with pytest.raises(ConfigError, match=r"^data\.folder: a value is required.*data\.folder=FOL"):
        planned(project, "pipeline=letters")


@pytest.mark.parametrize("command", [new_component, new_pipeline])
def test_help_writes_nothing(project: Project, command: type) -> None:
    before = files(project)
    printed = io.StringIO()
    assert command(project, ["--help"], Console(file=printed, width=200)) == 0
    assert "Usage: ./relay new-" in printed.getvalue()
    assert files(project) == before


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["Drift", *INPUT], r"not a valid name \(got 'Drift'\)"),
        (["class", *INPUT], r"not a valid name \(got 'class'\)"),
        (["split", *INPUT], "components/split exists already"),
        (["data", *INPUT], "'data' is the name of settings"),
        (["x"], r"--input: name the output.*clean\.clean"),
        (["x", "--input", "clean.clen"], r"no output 'clean\.clen'\. Did you mean 'clean\.clean'"),
        (
            ["x", *INPUT, "--pipeline", "default"],
            r"config/pipeline/default\.yaml: this command did",
        ),
        (["x", *INPUT, "--environment", "tabel"], "no environments/tabel. Did you mean 'table'"),
        (["x", *INPUT, "--packages", "a"], "--packages: they are for a new environment"),
        (
            ["x", *INPUT, "--environment", "table", "--packages", "a"],
            "environments/table exists already",
        ),
        (["x", *INPUT, "--environment", "e", "--packages", "a;b"], r"not a package \(got 'a;b'\)"),
        (["report", *INPUT], "nothing was written: .*'diabetes_report' is also made by check"),
        (["x", *INPUT, "--template", "model"], "--input: a model takes the inputs of the step"),
        (["x", "--template", "modl"], "invalid choice: 'modl'"),
    ],
)
def test_a_mistake_is_one_error_and_nothing_is_written(
    project: Project, words: list[str], message: str
) -> None:
    before = files(project)
    with pytest.raises(ConfigError, match=message):
        component(project, *words)
    assert files(project) == before
    assert not (project.root / "tests").exists() or not list(project.root.glob("tests/**/test_*"))


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["default"], r"config/pipeline/default\.yaml exists already|config/data"),
        (["w", "--steps", "a,,b"], "--steps: not a valid name"),
        (["w", "--steps", "a,a"], "a name is used twice"),
    ],
)
def test_a_mistake_in_a_new_pipeline_is_one_error(
    project: Project, words: list[str], message: str
) -> None:
    before = files(project)
    with pytest.raises(ConfigError, match=message):
        pipeline(project, *words)
    assert files(project) == before


def test_a_second_model_in_the_same_pipeline_is_an_error(project: Project) -> None:
    component(project, "train_knn", "--template", "model")
    with pytest.raises(ConfigError, match=r"own\.yaml: it has a block for the step 'train' alr"):
        component(project, "train_other", "--template", "model")


def test_a_file_that_a_step_cannot_be_added_to_is_left_and_the_text_printed() -> None:
    text = built_on("default", "own") + "    a: {component: a}\nseed: 3\n"
    with pytest.raises(ConfigError, match=r"add this to it:\nx:\n  a: 1\npipeline:\n  steps:\n  "):
        with_block(text, Block("x", ("component: x",), "x", "  a: 1\n"), "own.yaml")


def test_an_environment_whose_lock_cannot_be_made_leaves_nothing(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project.root / "environments").unlink()
    shutil.copytree(ROOT / "environments", project.root / "environments", symlinks=True)
    shutil.copy(ROOT / "uv.toml", project.root)
    (project.root / "requirements").mkdir()
    (project.root / "requirements" / "own.in").write_text("-r one\n")
    before = files(project)

    def fail(root: Path, sources: list[Path]) -> None:
        assert [path.parent.name for path in sources] == ["requirements", "mine"]
        raise RelayError("no network")

    monkeypatch.setattr(environment, "_compile", fail)
    with pytest.raises(RelayError, match="no network"):
        component(project, "x", *INPUT, "--environment", "mine", "--packages", "shapely")
    assert files(project) == before
