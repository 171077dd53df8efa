"""A pipeline for what is not a table, as somebody else would build it: mails into a classifier."""

from __future__ import annotations

import shutil
from pathlib import Path

HERE = Path(__file__).parent
COMPONENTS = {"count": "mail_count", "classify": "classify"}
"""The component of each step that has code of its own here."""
SETTINGS = {
    "mail_count": "  shortest: 3                 # letters of a word that counts\n",
    "classify": "  smoothing: 1.0              # added to the count of each word\n"
    "  folds: 3                    # of the cross-validation\n"
    "  least_accuracy: 0.5         # below it, the step fails\n",
}
_GENERATED = "  least_bytes: 1              # smaller files do not count\n"
MAILS = {
    "ham": ["the meeting is at noon", "lunch at noon then the meeting", "notes of the meeting"],
    "spam": ["win money now", "money money for free", "free money if you call now"],
}


def write_code(root: Path) -> None:
    """Fill the components that the commands have written with code, and their settings."""
    for step, component in COMPONENTS.items():
        for name in ("params", "run"):
            shutil.copy(HERE / f"{step}_{name}.py", root / "components" / component / f"{name}.py")
    file = root / "config" / "pipeline" / "mail.yaml"
    text = file.read_text(encoding="utf-8")
    for group, settings in SETTINGS.items():
        text = text.replace(f"{group}:\n{_GENERATED}", f"{group}:\n{settings}")
    file.write_text(text, encoding="utf-8")


def write_mails(folder: Path) -> Path:
    """Write mails, each into the folder of its kind; one is like those of the other kind."""
    for kind, texts in MAILS.items():
        (folder / kind).mkdir(parents=True)
        for number, text in enumerate([*texts, *texts]):
            (folder / kind / f"{number}.txt").write_text(text, encoding="utf-8")
    (folder / "spam" / "9.txt").write_text("notes of the meeting", encoding="utf-8")
    return folder
