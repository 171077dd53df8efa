"""The model card: all that is known of a model, in Markdown and as a page."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from PIL import Image

from relay.step.main import Input
from relay.tracking import ArtifactVersion
from tests.loading import load

card = load("register", "card")
EVIL = "<script>|`*"


def made(name: str, type: str, digest: str, of: dict[str, str], **metadata: Any) -> ArtifactVersion:
    inputs = {key: {"artifact": ref, "digest": f"digest-{ref}"} for key, ref in of.items()}
    return ArtifactVersion(name, "v0", type, digest, metadata={"inputs": inputs, **metadata})


STORE = {
    str(version): version
    for version in (
        made("raw", "raw_data", "digest-raw:v0", {}, original_url="http://x/y.csv"),
        made("clean", "clean_data", "digest-clean:v0", {"input": "raw:v0"}, rows=10),
        made("train", "split_data", "digest-train:v0", {"input": "clean:v0"}, rows=8),
        made("test", "split_data", "digest-test:v0", {"input": "clean:v0"}, rows=2),
    )
}
MODEL = made(
    "m", "model", "digest-m:v0", {"train": "train:v0", "report": "gone:v0"},
    model="forest", model_class=EVIL, model_params={"depth": None, "leaf": 2},
    params={"train_artifact": "train:v0", "target": "y", "folds": 5, "seed": 1,
            "model": {"name": "forest", "params": {"leaf": 2}, "target_transform": "log1p"}},
    rounds=77,
    cv={"cv_mae_mean": 4.5, "cv_mae_std": 0.25}, train_rows=8, git_commit="abc123",
    features={EVIL: "numeric"}, set_aside={"id": "an identifier"},
)  # fmt: skip
EVALUATION: dict[str, Any] = {
    "task": "regression", "target": EVIL, "rows": 2, "thresholds": {"mae": 5.0},
    "metrics": {"r2": 0.5, "mae": 4.0}, "baselines": {"the mean": {"r2": 0.0, "mae": 9.0}},
    "beats_baseline": True,
    "slices": {"kind": [{"value": EVIL, "rows": 2, "metrics": {"mae": 4.0}}]},
}  # fmt: skip
REGISTRATION = {
    "registered_model": "m", "version": "1", "promoted": True, "champion": None, "why": "it is best"
}  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return the card of MODEL."""
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "requirements.txt").write_text("scikit-learn==1.9\nnumpy==2.4")
    pictures, folder = tmp_path / "evaluation", tmp_path / "card"
    pictures.mkdir()
    folder.mkdir()
    Image.new("RGB", (4, 4)).save(pictures / "residuals.png")
    card.write(facts(tmp_path), pictures, folder)
    return folder


def facts(tmp_path: Path) -> dict[str, Any]:
    evaluation = made("e", "evaluation", "digest-e:v0", {"model": "m:v0", "test": "test:v0"})
    store = {**STORE, "m:v0": MODEL}
    run = SimpleNamespace(find=store.get)
    model = Input(tmp_path / "model", MODEL)
    content: dict[str, Any] = card.facts(
        run, model, STORE["test:v0"], EVALUATION, Input(tmp_path, evaluation), REGISTRATION
    )
    return content


def test_the_page_is_one_file_with_every_value_escaped(folder: Path) -> None:
    page = (folder / "card.html").read_text(encoding="utf-8")
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert re.findall(r'(?:src|href)="([^"]{0,22})', page) == ["data:image/png;base64,"]


def test_both_cards_have_the_metrics_the_data_and_the_command_to_make_it_again(
    folder: Path,
) -> None:
    for name in ("card.html", "card.md"):
        text = (folder / name).read_text(encoding="utf-8").replace("\\", "")
        for part in ("4.50 ± 0.25", "aseline: the mean", "target_transform", "log1p", "77",
                     "clean:v0", "http://x/y.csv", "scikit-learn",
                     "git checkout abc123", "./relay reproduce m:v0", "digest-m:v0", "folds",
                     "no longer in the store", "champion", "an identifier"):  # fmt: skip
            assert part in text, (name, part)


def test_pictures_lie_beside_the_markdown(folder: Path) -> None:
    text = (folder / "card.md").read_text(encoding="utf-8")
    (place,) = re.findall(r"!\[residuals\]\((.*)\)", text)
    assert (folder / place).is_file()


def test_a_value_does_not_break_a_table(folder: Path) -> None:
    lines = (folder / "card.md").read_text(encoding="utf-8").splitlines()
    rows = [re.sub(r"\\.", "", line) for line in lines if line.startswith("|")]
    widths = [line.count("|") for line in rows]
    assert set(widths) == {6}


def test_what_comes_first_stands_first(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    names = [entry["artifact"] for entry in facts(tmp_path)["data"]]
    assert names == ["raw:v0", "clean:v0", "train:v0", "gone:v0", "m:v0", "test:v0", "e:v0"]


def test_in_brief_it_fits_into_mlflow(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    text = card.in_brief(facts(tmp_path))
    assert "r2 0.5, mae 4" in text
    assert "./relay reproduce m:v0" in text
