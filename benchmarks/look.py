"""The time of the commands that look, on a store of many runs and artifact versions.

    python -m benchmarks.look [--runs 1000] [--versions 10000] [--keep FOLDER]

It runs the pipeline once in a folder of its own, and copies that run: its folder in outputs/, and
its versions in the store with their metadata, aliases of the cache and lineage. The files of the
copies are those of the first run.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
COMMANDS = {
    "runs": ["runs"],
    "diff": ["diff", "latest"],
    "models": ["models"],
    "artifacts": ["artifacts"],
    "artifacts NAME": ["artifacts", "diabetes_model"],
    "show": ["show", "diabetes_model:champion"],
    "show, a version in the middle": ["show", "diabetes_model:v500"],
    "pull": ["pull", "diabetes_model:champion"],
    "gc": ["gc", "--outputs", "--dry-run"],
    "doctor": ["doctor"],
    "run, all cached": ["run"],
}
_NEW_VERSION = """INSERT INTO artifact_versions (artifact_id, version, manifest_digest, manifest,
                      metadata, size_bytes, producer_run_id, producer_run_name, created_at)
                  SELECT artifact_id, :number, manifest_digest || :number, manifest,
                      replace(metadata, ':v0"', ':v' || :number || '"'), size_bytes, :run, :run,
                      :made
                  FROM artifact_versions WHERE id = :id"""
_LINK = """INSERT INTO run_artifact_links (run_id, run_name, artifact_version_id, direction,
               created_at)
           VALUES (:run, :run, :id, :direction, :made)"""
_ALIAS = "INSERT INTO artifact_aliases (artifact_id, alias, artifact_version_id) VALUES (?, ?, ?)"


def fill_outputs(outputs: Path, count: int) -> None:
    """Copy the only run in `outputs`, `count` times, each an hour before the one after it."""
    (first,) = [path for path in outputs.iterdir() if not path.is_symlink()]
    began = datetime.strptime(first.name, "%Y-%m-%dT%H-%M-%S").astimezone(UTC)
    for number in range(1, count):
        folder = outputs / (began - timedelta(hours=number)).strftime("%Y-%m-%dT%H-%M-%S")
        folder.mkdir()
        for name in ("summary.json", "config.yaml", "locks.json"):
            shutil.copyfile(first / name, folder / name)


def fill_store(database: Path, count: int) -> None:
    """Copy the versions in `database`, but those of components' files, until there are `count`."""
    with closing(sqlite3.connect(database)) as store, store:
        rows = store.execute(
            """SELECT v.id, v.artifact_id, v.producer_run_name, a.name FROM artifact_versions v
               JOIN artifacts a ON a.id = v.artifact_id WHERE a.type <> 'source'"""
        ).fetchall()
        inputs: dict[str, set[int]] = {}
        for run, version in store.execute(
            "SELECT run_name, artifact_version_id FROM run_artifact_links WHERE direction = 'input'"
        ):
            inputs.setdefault(run, set()).add(version)
        now = datetime.now(UTC)
        for number in range(1, count // len(rows)):
            made = (now - timedelta(days=400) + timedelta(minutes=10 * number)).isoformat()
            copies: dict[int, int] = {}
            for version, artifact, maker, _ in rows:
                values = {"number": number, "run": f"{maker} {number}", "made": made}
                cursor = store.execute(_NEW_VERSION, {**values, "id": version})
                copies[version] = int(cursor.lastrowid or 0)
                alias = f"cache-{number:08d}{artifact:08d}"
                store.execute(_ALIAS, (artifact, alias, copies[version]))
                link = {**values, "id": copies[version], "direction": "output"}
                store.execute(_LINK, link)
            for maker in {row[2] for row in rows}:
                for version in inputs.get(maker, ()):
                    if version in copies:
                        values = {"run": f"{maker} {number}", "made": made, "id": copies[version]}
                        store.execute(_LINK, {**values, "direction": "input"})


def measure(home: Path) -> Iterator[tuple[str, float, float]]:
    """Yield each command with its seconds and its CPU seconds, the best of three."""
    for name, words in COMMANDS.items():
        best = (float("inf"), float("inf"))
        for _ in range(3):
            more = [str(Path(tempfile.mkdtemp()) / "files")] if words[0] == "pull" else []
            before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
            run(home, *words, *more)
            seconds = time.monotonic() - began
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
            best = min(best, (seconds, cpu))
        yield name, *best


def run(home: Path, *words: str) -> None:
    """Run `./relay` with `words` on the project's folder `home`."""
    subprocess.run(
        [str(ROOT / "relay"), *words],
        env={**os.environ, "RELAY_HOME": str(home)},
        stdout=subprocess.DEVNULL,
        check=True,
    )


def main(argv: list[str]) -> int:
    """Make the store, print the table of times, and return 0."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--versions", type=int, default=10_000)
    parser.add_argument("--keep", type=Path, help="a new folder for the store, which stays")
    given = parser.parse_args(argv)
    with tempfile.TemporaryDirectory(prefix="relay-look-") as folder:
        home = given.keep or Path(folder)
        if not (home / "outputs").exists():
            home.mkdir(parents=True, exist_ok=True)
            run(home, "run", "tracking=local")
            fill_outputs(home / "outputs", given.runs)
            fill_store(home / ".relay" / "trackio" / "relay.db", given.versions)
        print(f"{given.runs:,} runs, {given.versions:,} versions; the best of three")
        for name, seconds, cpu in measure(home):
            print(f"{name:<32}{seconds:6.2f} s  CPU {cpu:5.2f} s", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
