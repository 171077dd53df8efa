"""A pipeline of small steps, which take no longer than it takes to start them."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from tests.e2e.conftest import Checkout, new_checkout
from tests.forks import Done

HERE = Path(__file__).parent
SCORED = """\
steps:
  one:
    component: toy
    outputs: {made: {name: one, type: text}}
  scored:
    component: scored
    inputs: {left: one.made}
    outputs: {made: {name: scored, type: text}}
    params: {value: 0, folds: 2, seconds: 0}
sweep: {step: scored, metric: cv_score}
"""
STEPS = ["one", "left", "right", "both", "apart", "last"]


class Toy:
    """A checkout with the pipeline `toy`, whose first step reads the file `source`.

    Its steps are forked; see `with_spawned_steps`.
    """

    def __init__(self, folder: Path, **environ: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.checkout: Checkout = new_checkout(folder / "relay")
        self.environ = environ
        self.source = folder / "source.txt"
        self.source.write_text("0")
        root = self.checkout.root
        for name in ("toy", "other"):
            self._add_component(name, HERE / "component")
        shutil.copy(HERE / "pipeline.yaml", root / "config" / "pipeline" / "toy.yaml")
        shutil.rmtree(root / "config" / "data")  # these steps read no table
        (root / "config" / "data").mkdir()
        (root / "config" / "data" / "toy.yaml").write_text("name: toy\n")
        config = root / "config" / "config.yaml"
        config.write_text(config.read_text().replace("- data: diabetes", "- data: toy"))
        default = root / "config" / "pipeline" / "default.yaml"
        shutil.copy(HERE / "pipeline.yaml", default)  # that of a command that names none

    def _add_component(self, name: str, source: Path) -> None:
        target = self.checkout.root / "components" / name
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pyc*"))
        (target / "requirements.txt").write_text("nothing==1\n")

    def with_scores(self) -> Toy:
        """Have the default pipeline score trials of sweeps: the steps `one` and `scored`."""
        self._add_component("scored", HERE / "scored")
        (self.checkout.root / "config" / "pipeline" / "default.yaml").write_text(SCORED)
        return self

    @classmethod
    def after_a_run(cls, folder: Path, **environ: str) -> Toy:
        """Return a checkout whose pipeline has run once."""
        toy = cls(folder, **environ)
        assert toy.ran() == STEPS
        return toy

    def with_spawned_steps(self) -> Toy:
        """Have the shell start steps of `other`, as it does where a command is not the usual."""
        project = self.checkout.root / "components" / "other" / "MLproject"
        project.write_text(project.read_text().replace("python run.py", "python -u run.py"))
        return self

    @property
    def arguments(self) -> list[str]:
        return ["pipeline=toy", f"pipeline.steps.one.params.source={self.source}"]

    def run(self, *arguments: str, **environ: str) -> Done:
        words = [*self.arguments, *self.settings(arguments)]
        return self.checkout.main(*words, **{**self.environ, **environ})

    def start(self, *arguments: str, **environ: str) -> subprocess.Popen[str]:
        words = [*self.arguments, *self.settings(arguments)]
        return self.checkout.start(*words, **{**self.environ, **environ})

    @staticmethod
    def settings(arguments: tuple[str, ...]) -> list[str]:
        """`left.text=x` is the parameter `text` of step `left`."""
        return [
            f"pipeline.steps.{step}.params.{rest}" if step in STEPS else argument
            for argument in arguments
            for step, _, rest in [argument.partition(".")]
        ]

    def ran(self, *arguments: str) -> list[str]:
        """Run the pipeline and return the steps that had to run; all are well."""
        done = self.run(*arguments)
        assert done.status == 0, done.output
        statuses = self.checkout.statuses()
        assert set(statuses.values()) <= {"ran", "cached", "not_selected"}
        return [name for name, status in statuses.items() if status == "ran"]

    def span(self, step: str) -> tuple[float, float]:
        """When `step` began and ended its work in the newest run."""
        metrics = self.checkout.step(step)["metrics"]
        return metrics["began"], metrics["ended"]

    def digests(self) -> dict[str, str]:
        """Return the digest of the newest version of each step's artifact in the local store."""
        code = (
            "import json, sys; from relay.tracking.local.backend import LocalBackend;"
            "found = {name: LocalBackend('relay').find(name) for name in sys.argv[1:]};"
            "print(json.dumps({name: one and one.digest for name, one in found.items()}))"
        )
        digests: dict[str, str] = self.checkout.code(code, *STEPS)
        return digests
