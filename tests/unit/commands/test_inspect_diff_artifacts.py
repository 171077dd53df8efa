"""`relay diff` of two models: the runs that made them, from their metadata."""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from relay.commands.inspect import diff as look
from relay.step.context import FINGERPRINT_KEY, METRICS_KEY
from relay.tracking import ArtifactVersion
from relay.util.errors import ConfigError
from relay.util.project import Project

OLD, NEW = "numpy==1.0 \\\n    --hash=sha256:aa\nboth==2\n", "numpy==2.0\nadded==3\nboth==2\n"
LOCK = "components/train/requirements.txt"


def version(
    name: str, number: int, type: str, component: str, inputs: dict[str, str], **more: Any
) -> ArtifactVersion:
    records = {key: {"artifact": ref, "digest": f"d-{ref}"} for key, ref in inputs.items()}
    metadata = {"component": component, "inputs": records, **more}
    reference = f"{name}:v{number}"
    return ArtifactVersion(name, f"v{number}", type, f"d-{reference}", (), metadata)


def made(number: int, depth: int, r2: float, lock: str, commit: str) -> list[ArtifactVersion]:
    """Return a model with its training set and its test."""
    code = {"components/train/run.py": f"{depth:016}", LOCK: digest(lock)}
    table = version("table", 0, "t", "split", {}, params={"train_artifact": "table", "size": 0.2})
    model = version(
        "m", number, "model", "train", {"train": "table:v0"},
        params={"model": {"depth": depth}, "model_artifact": "m"}, git_commit=commit,
        **{METRICS_KEY: {"cv_r2": r2, "fit_seconds": number}, FINGERPRINT_KEY: {"code": code}},
    )  # fmt: skip
    scores: Any = {"metrics": {"r2": r2}, METRICS_KEY: {"r2": r2}}
    test = version("scores", number, "evaluation", "evaluate", {"model": f"m:v{number}"}, **scores)
    return [table, model, test]


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


class Store:
    def __init__(self, versions: list[ArtifactVersion]) -> None:
        self.all = {str(version): version for version in versions}

    def find(self, reference: str) -> ArtifactVersion | None:
        return self.all.get(reference.replace(":champion", ":v1"))

    def collections(self) -> list[Any]:
        return []

    def made_from(self, artifact: ArtifactVersion) -> list[ArtifactVersion]:
        return [
            one for one in self.all.values()
            if str(artifact) in str(one.metadata["inputs"])
        ]  # fmt: skip

    def url(self) -> None:
        return None


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Return a repository in which the lock was changed after its first commit."""
    lock = tmp_path / "environments" / "model" / "requirements.txt"
    lock.parent.mkdir(parents=True)
    lock.write_text(OLD)
    (tmp_path / "MLproject").write_text("name: relay\n")
    (tmp_path / LOCK).parent.mkdir(parents=True)
    (tmp_path / LOCK).symlink_to("../../environments/model/requirements.txt")
    identity = ("-c", "user.name=A", "-c", "user.email=a@example.com")
    for words in (("init", "-q"), ("add", "."), (*identity, "commit", "-qm", "first")):
        subprocess.run(["git", *words], cwd=tmp_path, check=True)
    lock.write_text(NEW)
    return Project(tmp_path)


def commit_of(project: Project) -> str:
    done = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=project.root, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


def opened(monkeypatch: pytest.MonkeyPatch, versions: list[ArtifactVersion]) -> None:
    store = Store(versions)
    monkeypatch.setattr(look, "open_store", lambda project, settings: store)


def printed(project: Project, *argv: str) -> str:
    output = io.StringIO()
    assert look.diff(project, argv, Console(file=output, width=200)) == 0
    return output.getvalue()


def test_two_models_differ_in_what_made_them(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = commit_of(project)
    first, last = made(0, 3, 0.5, OLD, commit), made(1, 4, 0.25, NEW, commit)
    opened(monkeypatch, [*first, *last])
    rows = json.loads(printed(project, "m:v0", "m:champion", "--json"))
    assert {row["what"]: (row["m:v0"], row["m:v1"]) for row in rows} == {
        "train.model.depth": ("3", "4"),
        "evaluate.model": ("m:v0", "m:v1"),
        "code components/train/run.py": ("00000000", "00000000"),
        "lock model: added": ("", "3"),
        "lock model: numpy": ("1.0", "2.0"),
        "train.cv_r2": (0.5, 0.25),
        "evaluate.r2": (0.5, 0.25),
    }
    heading = printed(project, "m:v0", "m:v1").splitlines()[0]
    assert heading.split() == ["What", "m:v0", "m:v1"]


def test_a_lock_that_git_does_not_have_is_named_as_unknown(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = made(0, 3, 0.5, "numpy==0.1\n", commit_of(project))
    opened(monkeypatch, [*first, *made(1, 3, 0.5, NEW, "abc")])
    text = printed(project, "m:v0", "m:v1")
    assert digest("numpy==0.1\n")[:8] in text
    assert "lock model: which packages differ is unknown" in text


def test_steps_that_one_of_them_lacks_are_named(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, last = made(0, 3, 0.5, NEW, "abc"), made(1, 3, 0.5, NEW, "abc")
    opened(monkeypatch, [*first, *last[:-1]])
    text = printed(project, "m:v0", "m:v1")
    assert "m:v0 and m:v1 do not differ." in text
    assert "Steps that only one of the two has are not compared: evaluate." in text


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("m:v0",), "diff: an artifact is compared with another one. Name two: NAME:VERSION."),
        (("m:v0", "m:v7"), "diff: there is no artifact 'm:v7' in the local store."),
    ],
)
def test_an_artifact_that_is_missing_is_an_error(
    project: Project, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], message: str
) -> None:
    opened(monkeypatch, made(0, 3, 0.5, NEW, "abc"))
    with pytest.raises(ConfigError) as error:
        printed(project, *words)
    assert message in str(error.value)
