"""Count the words of each mail."""

from __future__ import annotations

import json
import re
import sys
from collections import Counter

from params import Params

from relay import RelayError, StepRun, main


def count_words(text: str, shortest: int) -> dict[str, int]:
    """Return how often each word of at least `shortest` letters is in `text`."""
    words = re.findall(r"[a-z]+", text.lower())
    return dict(Counter(word for word in words if len(word) >= shortest))


def step(run: StepRun[Params]) -> None:
    """Count the words of each mail; its kind is the name of its folder."""
    folder = run.input("input").path
    rows = []
    for path in sorted(folder.rglob("*.txt")):
        if path.parent == folder:
            raise RelayError(f"data.folder: {path.name} is not in the folder of a kind. Move it.")
        words = count_words(path.read_text(encoding="utf-8"), run.params.shortest)
        rows.append({"mail": path.name, "kind": path.parent.name, "words": words})
    file = run.workspace / "words.json"
    file.write_text(json.dumps(rows, indent=1), encoding="utf-8")
    run.log_metrics({"mails": len(rows), "words": sum(len(row["words"]) for row in rows)})
    run.output("count", file, type="count", description=f"Words of {len(rows)} mails.")


if __name__ == "__main__":
    sys.exit(main(Params, step))
