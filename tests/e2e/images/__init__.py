"""A pipeline of another kind: pictures in a folder, with settings and components of its own."""

from __future__ import annotations

import shutil
from pathlib import Path

HERE = Path(__file__).parent
PIPELINE = ["pipeline=images", "data=images"]


def add_images(root: Path) -> None:
    """Add the pipeline to the checkout at `root`: files of its own, and no other is touched."""
    for group in ("data", "pipeline"):
        shutil.copy(HERE / f"{group}.yaml", root / "config" / group / "images.yaml")
    for name in ("find_pictures", "measure_pictures"):
        folder = root / "components" / name
        folder.mkdir()
        for file in ("params.py", "run.py"):
            shutil.copy(HERE / f"{name}_{file}", folder / file)
        (folder / "MLproject").write_text(
            f"name: {name}\nconda_env: conda.yml\n\nentry_points:\n  main:\n"
            "    command: PYTHONPATH=../../src python run.py\n"
        )
        (folder / "conda.yml").write_text("dependencies: [python, pip]\n")
        (folder / "requirements.txt").write_text("nothing==1\n")


def draw_pictures(folder: Path, *sizes: tuple[int, int]) -> Path:
    """Write pictures of the `sizes` (width, height) into `folder`, and a file that is not one."""
    folder.mkdir()
    for number, (width, height) in enumerate(sizes):
        header = f"P5 {width} {height} 255\n".encode()
        (folder / f"{number}.pgm").write_bytes(header + bytes(width * height))
    (folder / "notes.txt").write_text("not a picture")
    return folder
