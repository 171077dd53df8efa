"""Every shipped configuration composes and validates, and every mistake is an error."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import pytest
import yaml
from omegaconf import OmegaConf

from relay.config import compose as config
from relay.config.composed import Config
from relay.config.files import ConfigFiles
from relay.config.overrides import override_for
from relay.models.keras_backend import BACKENDS
from relay.pipeline import plan
from relay.pipeline.planned_step import PlannedStep, make_planned_steps
from relay.pipeline.preflight import Preflight
from relay.sweep.format import read_sweep
from relay.sweep.space import read_space
from relay.util.errors import ConfigError
from tests.loading import COMPONENTS, ROOT, SHIPPED

CONFIG = ROOT / "config"
OWN_TABLE = ["data.url=sklearn://iris", "data.target=target"]
SERIES = ["pipeline=forecast", "data.url=https://example.com/s.csv", "data.target=y", "data.time=t"]


def options(group: str) -> list[str]:
    return sorted(path.stem for path in (CONFIG / group).glob("*.yaml"))


DATA = options("data")


def load(*overrides: str) -> Config:
    return config.load(CONFIG, overrides, ROOT)


def jobs(*overrides: str) -> list[PlannedStep]:
    loaded = load(*overrides)
    planned = make_planned_steps(COMPONENTS, loaded, plan.build(loaded.settings.pipeline))
    preflight = Preflight(planned)
    preflight.check_settings()
    preflight.inspect_sources(planned)
    return planned


@pytest.mark.additions
def test_the_default_runs_all_steps_but_predict() -> None:
    names = [job.name for job in jobs()]
    assert [name for name in names if name in SHIPPED] == [*SHIPPED[:-1]]
    assert "predict" not in names


def tables() -> list[str]:
    """Return the data sets of the kind of table.yaml: those of other pipelines have their own."""
    own = {name: yaml.safe_load((CONFIG / "data" / f"{name}.yaml").read_text()) for name in DATA}
    return [name for name, content in own.items() if content.get("defaults") == ["table"]]


@pytest.mark.additions
@pytest.mark.parametrize("name", ["table", *tables()])
def test_every_data_config_is_valid(name: str) -> None:
    content = yaml.safe_load((CONFIG / "data" / f"{name}.yaml").read_text(encoding="utf-8"))
    overrides = [f"data={name}"]
    if not str(content.get("url")).startswith("sklearn://"):
        # A file of the user's need not be here; one that is far away is not looked into.
        overrides.append("data.url=https://example.com/file.csv")
    if content.get("target", "???") == "???":
        overrides.append("data.target=price")
    assert jobs(*overrides)[0].name == "get_data"


@pytest.mark.additions
@pytest.mark.parametrize("name", options("model"))
def test_every_model_config_is_valid(name: str) -> None:
    own = ["model._target_=sklearn.svm.SVR"] if name == "custom" else []
    if set(load(f"model={name}", *own).tree.model) & {"method"}:
        own = [*SERIES, *(["model.method=ets"] if name == "forecaster" else [])]
    assert jobs(f"model={name}", *own)


def test_a_model_of_another_pipeline_is_one_error_that_names_those_of_this_one() -> None:
    with pytest.raises(ConfigError, match=r"^model: 'lstm' forecasts series.* pipeline=forecast"):
        jobs("model=lstm")
    message = r"^model: 'random_forest' is a model for tables.* model=lag_boosting, model=ets"
    with pytest.raises(ConfigError, match=message) as error:
        jobs("model=random_forest", *SERIES)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_model_chooses_the_environment_of_the_steps_that_use_it(backend: str) -> None:
    words = ("model=lstm", f"model.backend={backend}", *SERIES)
    chosen = {job.name: job.component.environment for job in jobs(*words)}
    assert {name for name, environment in chosen.items() if environment == f"keras_{backend}"} == {
        "train", "evaluate", "register",
    }  # fmt: skip
    boosting = {job.component.environment for job in jobs(*SERIES)}
    assert boosting == {None, "forecast"}
    deep = {job.name: job.component.environment for job in jobs("model=mlp", words[1])}
    assert {name for name, environment in deep.items() if environment is not None} == {"train"}
    assert deep["train"] == f"keras_{backend}"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["model=mlp", "model.backend=theano"], r"^model\.backend: must be 'jax', .*'theano'"),
        (["model=mlp", "model.backend=null"], r"backend: .* jax, tensorflow, torch \(got null\)"),
        (["model=mlp", "model.params.backend=torch"], r"set model\.backend=torch instead"),
        (["model=linear", "model.backend=jax"], r"backend: .* no effect on 'linear'"),
        (["model=lstm", "model.backend=theano", *SERIES], r"^model\.backend: must be 'jax', "),
        (["model=lstm", "model.backend=null", *SERIES], r"backend: lstm needs one of jax, "),
        (["model=ets", "model.backend=jax", *SERIES], r"backend: .* no effect on ets"),
    ],
)
def test_a_wrong_engine_is_one_error(words: list[str], message: str) -> None:
    with pytest.raises(ConfigError, match=message) as error:
        jobs(*words, "env_manager=uv")
    assert "\n" not in str(error.value)


@pytest.mark.additions
@pytest.mark.parametrize("name", ["airline_passengers", "min_temperatures"])
def test_every_data_config_of_series_is_valid(name: str) -> None:
    assert jobs("pipeline=forecast", f"data={name}")[0].valid.model_dump()["sha256"]


@pytest.mark.additions
@pytest.mark.parametrize("name", options("experiment"))
def test_every_experiment_config_is_valid(name: str, tmp_path: Path) -> None:
    is_own_kind = "override /pipeline" in (CONFIG / "experiment" / f"{name}.yaml").read_text()
    table = ["data.url=sklearn://diabetes", "data.target=target"]
    loaded = load(f"experiment={name}", *([] if is_own_kind else table))
    assert make_planned_steps(COMPONENTS, loaded, plan.build(loaded.settings.pipeline))


@pytest.mark.additions
@pytest.mark.parametrize("name", options("tracking"))
def test_every_tracking_config_is_valid(name: str) -> None:
    assert load(f"tracking={name}").settings.tracking.backend


@pytest.mark.additions
@pytest.mark.parametrize("name", options("pipeline"))
def test_every_pipeline_config_is_valid(name: str) -> None:
    own = SERIES[1:] if name == "forecast" else []
    assert plan.build(load(f"pipeline={name}", *own).settings.pipeline).steps


@pytest.mark.additions
def test_predictions_are_named_after_the_model_that_made_them() -> None:
    def name(*arguments: str) -> str:
        return load(*arguments).settings.pipeline["predict"].outputs["predictions"].name

    assert name() == "diabetes_predictions"
    assert name("data=table", "data.url=a.csv", "data.target=b") == "a_b_predictions"
    assert name("predict.model=diamonds_cut_model:v3") == "diamonds_cut_predictions"


@pytest.mark.additions
def test_a_table_of_the_users_own_is_named_after_its_file_and_target() -> None:
    loaded = load("data=table", "data.url=some/My Data.csv.gz", "data.target=Sale Price")
    assert loaded.tree.data.name == "My_Data_79e53b9f_sale_price"
    make_planned_steps(COMPONENTS, loaded, plan.build(loaded.settings.pipeline))
    assert loaded.tree.data.url == str(ROOT / "some/My Data.csv.gz")


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["data=pokmon"], "data: there is no 'pokmon'.*Did you mean 'pokemon'"),
        (["model=xgbost"], r"Did you mean 'xgboost'\? Any .*sklearn\.svm\.SVR\. A model of .*\.$"),
        (["modl=linear"], "^modl: there is no such setting. Did you mean 'model'"),
        (["split.testsize=0.3"], "Did you mean 'split.test_size'"),
        (["split.test_size=2"], r"^split.test_size: .*less than 1 \(got 2\)"),
        (["split.test_size=many"], "^split.test_size: .*number"),
        (["train.folds=x", "seed=-1"], "(?s)seed: .*train.folds: "),
        (["steps=trian"], "steps: there is no step 'trian'. Did you mean 'train'"),
        (["env_manager=pip"], "^env_manager: .*'pip'"),
        (["container.command=lxc"], "^container.command: .*'docker' or 'podman'"),
        (["container.comand=podman"], "Did you mean 'container.command'"),
        (["tracking.project=../x"], "^tracking.project: "),
        (["data.name=../x"], "pipeline.steps.get_data.outputs.raw.name"),
        (["data.target=targt"], "no column 'targt'.*Did you mean 'target'"),
        (["data.url=no/such/file.csv"], "data.url: there is no file"),
        (["data=table"], "^data.url: a value is required. Add data.url=VALUE"),
        (["data.check.columns.bmi.mn=3"], "data.check.columns.*mn"),
        (["model.params.max_dept=3"], "max_dept.*Did you mean 'max_depth'"),
        (["model.params.max_depth=-3"], "^model.params.max_depth: "),
        (["model=custom"], r"^model\._target_: a value is required.*model\._target_=sklearn"),
        (["model=custom", "model._target_=sklearn.svm.SVC"], r"SVC is not a regressor.*\.SVR'"),
        (["register.metric=f1"], r"^register\.metric: 'f1' is not a metric of regression"),
        (["evaluate.thresholds.f1=1"], r"^evaluate\.thresholds\.f1: 'f1' is not a metric of reg"),
        (["model.target_transform=logs"], "^model.target_transform: "),
        (["model=linear", "model.early_stopping=9"], "^model.early_stopping: Ridge has none"),
        (["split.time_column=a", "train.group_column=b"], "give one, not both"),
        (["register.confidence=95"], "^register.confidence: .*less than 1"),
        (["model._target_=sklearn.ensemble.RandomForest"], "model._target_.*RandomForest"),
        (["evaluate.thresholds.r3=1"], "^evaluate.thresholds.*r3"),
        (["steps=predict"], "predict.input=FILE"),
        (["split=3"], "^split: a group of settings, not a value"),
        (
            ["split={tset_size: 0.3}"],
            "^split.tset_size: there is no such setting. Did you mean 'split.test_size'",
        ),
        (["model={'name': 'liner'}"], "model: there is no 'liner'.*Did you mean 'linear'"),
        (["+pipeline.steps.split.params.tset=1"], "no parameter 'tset'"),
        (
            ["pipeline.steps.split.component=../components/train"],
            "component: must match the pattern",
        ),
        (["data.url=http://[bad/x.csv"], "Invalid IPv6"),
        (["data.url=~nosuchuser/x.csv"], "home directory"),
        (["data.url=${nosuch}"], "nosuch"),
        (["data=null"], "^data: a value is required"),
        (["model=null"], "^model: a value is required"),
        (["data.name=null"], "^data.name: a value is required"),
        (["pipeline.steps=null"], "^pipeline.steps: must be a mapping"),
        (["~steps"], "^steps: a value is required"),
        (["~tracking"], "^tracking: a value is required"),
        (["pipeline.steps.split.component=splt"], "no component 'splt'. Did you mean 'split'"),
    ],
)
def test_a_mistake_is_reported_with_the_right_name(overrides: list[str], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        jobs(*overrides)


def warnings_of(folder: Path, *overrides: str) -> list[str]:
    """Return the errors of the configuration in `folder`."""
    with pytest.raises(ConfigError) as error:
        loaded = config.load(folder, overrides, ROOT)
        make_planned_steps(COMPONENTS, loaded, plan.build(loaded.settings.pipeline))
    return str(error.value).splitlines()


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """Return a copy of the configuration, to write files into."""
    folder = tmp_path / "config"
    shutil.copytree(CONFIG, folder, ignore=shutil.ignore_patterns("local", "project"))
    (folder / "local").mkdir()
    return folder


def test_a_misspelled_key_in_a_file_is_found_and_the_file_named(own: Path) -> None:
    (own / "local" / "default.yaml").write_text(
        "split: {tset_size: 0.3}\nsplitt: {test_size: 0.3}\n"
    )
    where = "(in config/local/default.yaml)"
    assert warnings_of(own) == [
        f"split.tset_size: there is no such setting. Did you mean 'split.test_size'? {where}",
        f"splitt: there is no such setting. Did you mean 'split'? {where}",
    ]


@pytest.mark.parametrize(
    ("file", "text", "chosen", "key"),
    [
        ("data/mine.yaml", "defaults: [table]\ncheck: {rows: 3}", "data=mine", "data.check.rows"),
        ("experiment/e.yaml", "# @package _global_\ntarin: 3", "experiment=e", "tarin"),
        ("model/mine.yaml", "defaults: [linear]\nscales: 3", "model=mine", "model.scales"),
        ("local/default.yaml", "tracking: {projcet: x}", "seed=1", "tracking.projcet"),
        ("local/default.yaml", "jobs: 0", "seed=1", "jobs"),
        ("local/default.yaml", "split: {test_size: 3}", "seed=1", "split.test_size"),
        (
            "local/default.yaml",
            "pipeline: {steps: {train: {foo: 3}}}",
            "seed=1",
            "pipeline.steps.train.foo",
        ),
    ],
)
def test_the_file_of_what_is_wrong_is_named(
    own: Path, file: str, text: str, chosen: str, key: str
) -> None:
    (own / file).write_text(text + "\n")
    [line] = warnings_of(own, chosen)
    assert key in line
    assert line.endswith(f" (in config/{file})")


def test_an_error_of_the_command_line_names_no_file(own: Path) -> None:
    (own / "local" / "default.yaml").write_text("split: {test_size: 3}\n")
    [line] = warnings_of(own, "split.test_size=4")
    assert line.endswith("(got 4).")


def test_a_file_that_names_a_group_that_is_not_there_is_named(own: Path) -> None:
    (own / "local" / "default.yaml").write_text("defaults: [{model: linear}]\n")
    [line] = warnings_of(own)
    assert line.startswith("config/local/default.yaml: there is no group or file")


@pytest.mark.parametrize(
    ("overrides", "key", "value"),
    [
        (["model.params={C: 10}", "model._target_=sklearn.svm.SVR"], "model.params", {"C": 10}),
        (["model.params.max_leaf_nodes=9"], "model.params.max_leaf_nodes", 9),
        (["data.ranges={bmi: [0, 1]}"], "data.ranges", {"bmi": [0, 1]}),
        (["model.class_weight={a: 2}", "data.task=auto"], "model.class_weight", {"a": 2}),
        (["evaluate.thresholds={r2: 0.4}"], "evaluate.thresholds", {"r2": 0.4}),
        (["evaluate.thresholds={r2: 0.4}", "evaluate.thresholds.mae=9"], "evaluate.thresholds",
         {"r2": 0.4, "mae": 9}),
        (["data.check.columns.bmi.max=9"], "data.check.columns.bmi", {"max": 9}),
        (["split={test_size: 0.3}", "split.test_size=0.4"], "split.test_size", 0.4),
        (["split.test_size=0.4", "split={'test_size': 0.3}"], "split.test_size", 0.3),
    ],
)  # fmt: skip
def test_a_mapping_that_is_the_users_can_be_set_whole_or_by_key(
    overrides: list[str], key: str, value: object
) -> None:
    assert jobs(*overrides)
    assert OmegaConf.select(load(*overrides).tree, key) == value


def test_a_group_given_as_a_mapping_is_read_as_a_sweep_writes_it() -> None:
    written = "model={'name': 'extra_trees', 'params': {'max_depth': 3, 'max_features': None}}"
    tree = load(written).tree
    assert tree.model._target_.regression == "sklearn.ensemble.ExtraTreesRegressor"
    assert tree.model.params.n_estimators == 100  # what the mapping does not name stays
    assert (tree.model.params.max_depth, tree.model.params.max_features) == (3, None)
    assert load(written, "model=linear").tree.model._target_.regression.endswith("Ridge")


def test_none_as_text_is_null() -> None:
    tree = load("model.params.max_depth=None", "split.group_column=None").tree
    assert (tree.model.params.max_depth, tree.split.group_column) == (None, None)


def test_a_file_that_is_not_yaml_is_one_clear_error(tmp_path: Path) -> None:
    folder = tmp_path / "config"
    shutil.copytree(CONFIG, folder)
    (folder / "data" / "bad.yaml").write_text("defaults: [table\nname: bad\n")
    with pytest.raises(ConfigError, match=r"config/data/bad\.yaml: not valid YAML: line 2"):
        config.load(folder, ["data=bad"], ROOT)


def test_a_path_in_a_file_is_the_projects_and_one_that_is_written_is_where_results_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clone, home = tmp_path / "tmpabcd1234" / "relay", tmp_path / "home"
    folder = shutil.copytree(CONFIG, clone / "config")
    (folder / "local").mkdir(exist_ok=True)
    (folder / "local" / "default.yaml").write_text(
        "# @package _global_\npredict: {input: new.csv, output: out.csv}\n"
    )
    monkeypatch.delenv("RELAY_HOME", raising=False)
    monkeypatch.setenv("RELAY_START", str(home))

    def paths(*overrides: str) -> tuple[Path, Path]:
        loaded = config.load(folder, ["steps=predict", *overrides], home)
        planned = make_planned_steps(COMPONENTS, loaded, plan.build(loaded.settings.pipeline))
        [params] = [step.params for step in planned if step.name == "predict"]
        return Path(params["input_path"]), Path(params["output_path"])

    assert paths() == (clone / "new.csv", clone / "out.csv")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))  # MLflow's clones are there
    assert paths() == (clone / "new.csv", home / "out.csv")
    assert paths("predict.output=other.csv") == (clone / "new.csv", home / "other.csv")
    monkeypatch.setenv("RELAY_HOME", "results")
    assert paths() == (clone / "new.csv", home / "results" / "out.csv")


@pytest.mark.parametrize("name", options("sweep"))
def test_each_sweep_can_be_made_on_a_server_as_it_is(name: str) -> None:
    content = read_sweep(CONFIG / "sweep", name).content
    assert content.command == ["${env}", ".venv/bin/python", "${program}", "${args_no_hyphens}"]
    assert content.program == "main.py"
    assert content.project == load().settings.tracking.project


@pytest.mark.additions
@pytest.mark.parametrize("name", options("sweep"))
def test_every_sweep_is_valid(name: str) -> None:
    space = read_space(read_sweep(CONFIG / "sweep", name), ConfigFiles.read(CONFIG).option_names())
    chosen = {one.key: one.distribution.to_check() for one in space.groups}
    for option in chosen.get("model", ["custom"]):
        for end in (0, -1):
            active = space.active({"model": option})
            overrides = [override_for(one.key, one.distribution.to_check()[end]) for one in active]
            assert jobs(f"model={option}", *overrides)


def test_a_setting_for_an_option_has_an_effect_if_that_is_chosen() -> None:
    given = ["model.xgboost.params.max_depth=3", "model.linear.scale=false"]
    assert load("model=xgboost", *given).section("model")["params"]["max_depth"] == 3
    assert load("model=linear", *given).section("model")["scale"] is False
    assert "max_depth" not in load("model=linear", *given).section("model")["params"]
    by_experiment = load("experiment=housing", "model.lightgbm.scale=true", *OWN_TABLE)
    assert by_experiment.section("model")["scale"] is True
