"""The model card: the model, its data, its metrics, and how to make it again."""

from __future__ import annotations

import base64
import platform
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from relay import ArtifactVersion, Input, StepRun, ancestry
from relay.models.metric_names import HIGHER_IS_BETTER
from relay.pages.render import render, short

HERE = Path(__file__).parent
PICTURES = "pictures"
MOST_FEATURES = 200
SHORT_DIGEST = 16
_REQUIREMENTS = "requirements.txt"
_OF_CLASS = ("name", "_target_", "params", "task_params")


def facts(
    run: StepRun[Any],
    model: Input,
    test: ArtifactVersion,
    evaluation: Mapping[str, Any],
    evaluation_input: Input,
    registration: Mapping[str, Any],
) -> dict[str, Any]:
    """Return the content of the card as plain values."""
    metadata = model.metadata
    return {
        "model": str(model.version),
        "digest": model.version.digest,
        "name": metadata.get("model") or "",
        "class_path": metadata.get("model_class") or "",
        "params": dict(metadata.get("model_params") or {}),
        "settings": _settings(metadata),
        "task": evaluation["task"],
        "target": evaluation["target"],
        "train_rows": metadata.get("train_rows"),
        "test_rows": test.metadata.get("rows"),
        "metrics": _metrics(evaluation, metadata.get("cv") or {}),
        "baselines": {
            name: dict(values) for name, values in (evaluation.get("baselines") or {}).items()
        },
        "beats_baseline": evaluation.get("beats_baseline"),
        "against_baseline": dict(evaluation.get("against_baseline") or {}),
        "thresholds": dict(evaluation.get("thresholds") or {}),
        "importance": dict(evaluation.get("importance") or {}),
        "slices": dict(evaluation.get("slices") or {}),
        "features": dict(metadata.get("features") or {}),
        "repeatable": metadata.get("repeatable") or "",
        "set_aside": dict(metadata.get("set_aside") or {}),
        "data": _data(run, model.version, test, evaluation_input.version),
        "requirements": _requirements(model.path),
        "python": platform.python_version(),
        "commit": metadata.get("git_commit"),
        "standing": _standing(model.version, registration),
        "registration": dict(registration),
        "again": f"./relay reproduce {model.version}",
    }


def write(card: Mapping[str, Any], pictures: Path, folder: Path) -> None:
    """Write card.md with its pictures beside it, and card.html with its pictures inside."""
    paths = sorted(pictures.glob("*.png"))
    (folder / PICTURES).mkdir()
    for path in paths:
        (folder / PICTURES / path.name).write_bytes(path.read_bytes())
    values = {
        **card,
        "title": f"Model card of {card['model']}",
        "short_digest": card["digest"][:SHORT_DIGEST],
        "most_features": MOST_FEATURES,
    }
    titled = {path: path.stem.replace("_", " ") for path in paths}
    linked = [(title, f"{PICTURES}/{path.name}") for path, title in titled.items()]
    inside = [(title, _data_url(path)) for path, title in titled.items()]
    (folder / "card.md").write_text(
        render(HERE / "card.md", {**values, "pictures": linked}), encoding="utf-8"
    )
    (folder / "card.html").write_text(
        render(HERE / "card.html", {**values, "pictures": inside}), encoding="utf-8"
    )


def in_brief(card: Mapping[str, Any]) -> str:
    """Return a few lines for MLflow's registry."""
    shown = ", ".join(f"{metric['name']} {short(metric['test'])}" for metric in card["metrics"])
    sources = ", ".join(f"{source['artifact']} ({source['digest']})" for source in card["data"])
    return (
        f"{card['model']}: {card['task']} of {card['target']}, {card['class_path']}.\n\n"
        f"On {short(card['test_rows'])} test rows: {shown}.\n\nMade from: {sources}.\n\n"
        f"Commit {card['commit'] or 'unknown'}; to make it again: {card['again']}"
    )


def _standing(model: ArtifactVersion, registration: Mapping[str, Any]) -> str:
    is_champion = registration["promoted"] or registration["champion"] == str(model)
    return "champion" if is_champion else "candidate"


def _settings(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """Return the training step's parameters, without artifacts and those shown elsewhere.

    Those of `model` are what is around the estimator: the transform of the target, weights, ...
    """
    params = metadata.get("params") or {}
    around = {
        name: value for name, value in (params.get("model") or {}).items() if name not in _OF_CLASS
    }
    rounds = {} if metadata.get("rounds") is None else {"rounds": metadata["rounds"]}
    others = {
        name: value
        for name, value in params.items()
        if not name.endswith("_artifact") and name not in ("model", "target")
    }
    return {**around, **rounds, **others}


def _metrics(evaluation: Mapping[str, Any], cv: Mapping[str, float]) -> list[dict[str, Any]]:
    """Return for each metric its value on the test set and over the folds."""
    return [
        {
            "name": name,
            "test": value,
            "mean": cv.get(f"cv_{name}_mean"),
            "std": cv.get(f"cv_{name}_std"),
            "better": "higher" if HIGHER_IS_BETTER.get(name, True) else "lower",
            "threshold": (evaluation.get("thresholds") or {}).get(name),
        }
        for name, value in evaluation["metrics"].items()
    ]


def _data(run: StepRun[Any], *versions: ArtifactVersion) -> list[dict[str, Any]]:
    """Return the artifacts that the model and its evaluation were made from, oldest first."""
    versions_by_name: dict[str, ArtifactVersion | None] = {}
    for version in versions:
        for name, ancestor in ancestry(version, run.find).items():
            versions_by_name.setdefault(name, ancestor)
        versions_by_name.setdefault(str(version), version)
    return [
        {
            "artifact": name,
            "type": "no longer in the store" if version is None else version.type,
            "rows": None if version is None else version.metadata.get("rows"),
            "digest": "" if version is None else version.digest[:SHORT_DIGEST],
            "source": None if version is None else version.metadata.get("original_url"),
        }
        for name, version in versions_by_name.items()
    ]


def _requirements(folder: Path) -> list[str]:
    path = folder / _REQUIREMENTS
    return path.read_text(encoding="utf-8").split() if path.is_file() else []


def _data_url(path: Path) -> str:
    return f"data:image/png;base64,{base64.b64encode(path.read_bytes()).decode()}"
