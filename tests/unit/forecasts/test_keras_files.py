"""Equal nets have equal files, which Keras itself does not write."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

from relay.forecasts.keras_files import make_repeatable


def write(path: Path, address: int, year: int, weights: bytes = b"weights") -> Path:
    """Write a file as Keras does, at a time and with addresses of objects."""

    def layer(name: str, shared: int) -> dict[str, Any]:
        return {"class_name": name, "dtype": {"class_name": "Policy", "shared_object_id": shared}}

    config = {"layers": [layer("A", address), layer("B", address), layer("C", address + 16)]}
    metadata = {"keras_version": "3.15.1", "date_saved": f"{year}-11-28@01:31:49"}
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("metadata.json", json.dumps(metadata))
        archive.writestr("config.json", json.dumps(config))
        archive.writestr(zipfile.ZipInfo("model.weights.h5", (year, 1, 1, 0, 0, 0)), weights)
    return path


def test_equal_nets_have_equal_files(tmp_path: Path) -> None:
    first, second = write(tmp_path / "a", 7_000, 2025), write(tmp_path / "b", 9_000, 2026)
    other = write(tmp_path / "c", 9_000, 2026, b"other")
    assert first.read_bytes() != second.read_bytes()
    for path in (first, second, other):
        make_repeatable(path)
    assert first.read_bytes() == second.read_bytes() != other.read_bytes()


def test_layers_share_the_objects_that_they_shared(tmp_path: Path) -> None:
    path = write(tmp_path / "a", 7_000, 2025)
    make_repeatable(path)
    with zipfile.ZipFile(path) as archive:
        layers = json.loads(archive.read("config.json"))["layers"]
        assert archive.read("model.weights.h5") == b"weights"
    assert [one["dtype"]["shared_object_id"] for one in layers] == [0, 0, 1]
