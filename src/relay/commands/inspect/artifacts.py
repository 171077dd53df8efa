"""`relay artifacts`, `models`, `show` and `pull`: the artifacts of the store, and their lineage."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from relay.commands.inspect.show_run import is_run, show_run
from relay.commands.open_store import open_store, place_of
from relay.commands.printing import as_text, print_json, print_rows
from relay.commands.store_arguments import Usage, parse
from relay.step.context import FINGERPRINT_KEY, METRICS_KEY
from relay.tracking import ArtifactVersion, Backend
from relay.tracking.interface import CACHE_PREFIX, SOURCE_TYPE
from relay.tracking.lineage import recorded_inputs
from relay.tracking.not_found import hint_on_missing
from relay.tracking.remote import SETTING, TITLE
from relay.util.errors import ConfigError
from relay.util.files import replace_folder
from relay.util.paths import shown
from relay.util.project import Project

ARTIFACTS = Usage(
    "artifacts",
    "[NAME]",
    "Lists the newest artifacts of the store, or the versions of one, newest first.",
)
MODELS = Usage(
    "models",
    "",
    "Lists the versions of all models, with their aliases, the metrics of their test, and those\n"
    "of their training (cross-validation).",
)
SHOW = Usage(
    "show",
    "RUN|NAME:VERSION",
    "Shows a run, the name of a folder in outputs/ or `latest`: its steps, inputs, outputs and\n"
    f"metrics; with {SETTING}, also a run that {TITLE} alone has. Or shows a version of an\n"
    "artifact: its metadata, what it was made from, and what was made from it. VERSION is v3, or\n"
    "an alias such as latest or champion.",
    has_limit=False,
)
PULL = Usage(
    "pull",
    "NAME:VERSION FOLDER",
    "Writes the files of an artifact into FOLDER, which must be new.",
    has_limit=False,
)
_MODEL = "model"
_EVALUATED = "metrics"
"""The metadata key of an evaluation's metrics."""
_TESTS = 2
"""How many evaluations are looked through for each model that is listed."""
_SHOWN_METRICS = 3
_HIDDEN = ("inputs", METRICS_KEY, FINGERPRINT_KEY)
"""The metadata that `show` prints in another form, or only as JSON."""
_LONGEST = 200  # characters of a value


def artifacts(project: Project, argv: Sequence[str], console: Console) -> int:
    """List artifacts, or the versions of one; return the exit status."""
    if "--help" in argv:
        console.print(ARTIFACTS.help, markup=False, highlight=False)
        return 0
    arguments = parse(ARTIFACTS, argv, most=1)
    backend = open_store(project, arguments.settings)
    empty = f"There is no artifact in {place_of(backend)} yet. Run the pipeline: ./relay run"
    if not arguments.words:
        types = [type for type in backend.types() if type != SOURCE_TYPE]
        newest, count = backend.newest_collections(types, arguments.limit)
        rows = [{"name": one.name, "type": one.type} for one in newest]
        print_rows(console, rows, arguments.as_json, empty)
        _note_rest(console, count, arguments.limit, arguments.as_json)
        return 0
    name = arguments.words[0]
    versions = backend.versions(name, arguments.limit + 1)
    if not versions:
        raise _missing("artifacts", backend, name)
    rows = [_row(version) for version in versions[: arguments.limit]]
    print_rows(console, rows, arguments.as_json, empty)
    if len(versions) > arguments.limit and not arguments.as_json:
        line = f"There are more: --limit {2 * arguments.limit}"
        console.print(line, style="dim", highlight=False)
    return 0


def models(project: Project, argv: Sequence[str], console: Console) -> int:
    """List the versions of all models; return the exit status."""
    if "--help" in argv:
        console.print(MODELS.help, markup=False, highlight=False)
        return 0
    arguments = parse(MODELS, argv)
    backend = open_store(project, arguments.settings)
    rows = model_rows(backend, arguments.limit)
    empty = f"There is no model in {place_of(backend)} yet. Train one: ./relay run"
    print_rows(console, rows[: arguments.limit], arguments.as_json, empty)
    _note_rest(console, len(rows), arguments.limit, arguments.as_json)
    return 0


def model_rows(backend: Backend, limit: int) -> list[dict[str, Any]]:
    """Return a row for each of the newest `limit` versions of each of the newest models."""
    newest, _ = backend.newest_collections([_MODEL], limit)
    tests = _find_tests(backend, limit)
    return [
        _with_test(_row(version), tests.get(str(version)))
        for name in sorted(one.name for one in newest)
        for version in backend.versions(name, limit)
    ]


def show(project: Project, argv: Sequence[str], console: Console) -> int:
    """Show a run, or a version of an artifact with its lineage; return the exit status.

    Raises ConfigError if there is none.
    """
    if "--help" in argv:
        console.print(SHOW.help, markup=False, highlight=False)
        return 0
    arguments = parse(SHOW, argv, fewest=1)
    if is_run(arguments.words[0]):
        return show_run(project, arguments, console)
    backend = open_store(project, arguments.settings)
    version = require_version(backend, "show", arguments.words[0])
    made = [other for other in backend.made_from(version) if other.type != SOURCE_TYPE]
    test = _newest_test(made)
    if arguments.as_json:
        row = _with_test(_row(version), test)
        print_json(console, {**row, "metadata": dict(version.metadata), "made": made})
        return 0
    for line in _lines(version, made, test):
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    return 0


def pull(project: Project, argv: Sequence[str], console: Console) -> int:
    """Write the files of an artifact into a new folder; return the exit status.

    Raises ConfigError if the folder exists or the artifact does not, RelayError if it is damaged;
    the folder is then not made.
    """
    if "--help" in argv:
        console.print(PULL.help, markup=False, highlight=False)
        return 0
    arguments = parse(PULL, argv, fewest=2)
    reference, place = arguments.words
    folder = Path(place).absolute()
    if folder.exists():
        raise ConfigError(f"pull: {place}: exists already. Name a new folder.")
    backend = open_store(project, arguments.settings)
    version = require_version(backend, "pull", reference)
    with replace_folder(folder) as aside:
        backend.download(version, aside)
    files = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
    if arguments.as_json:
        print_json(console, {"artifact": str(version), "folder": str(folder), "files": files})
        return 0
    line = f"{version}: {len(files)} file{'' if len(files) == 1 else 's'} in {shown(folder)}"
    console.print(line, markup=False, highlight=False, soft_wrap=True)
    return 0


def _row(version: ArtifactVersion) -> dict[str, Any]:
    return {
        "artifact": str(version),
        "type": version.type,
        "created": version.created,
        "aliases": _aliases(version),
        "made_by": version.metadata.get("component"),
        "metrics": _first_metrics(version),
    }


def _find_tests(backend: Backend, limit: int) -> dict[str, ArtifactVersion]:
    """Return the newest evaluation of each model that has one, by the model's exact reference."""
    tests: dict[str, ArtifactVersion] = {}
    for type in set(backend.types()) - {SOURCE_TYPE, _MODEL}:
        for collection in backend.newest_collections([type], limit)[0]:
            newest = backend.versions(collection.name, 1)
            if not newest or not _is_test(newest[0]):
                break  # nor are the others of this type, and each takes a request
            for version in backend.versions(collection.name, _TESTS * limit):
                for record in recorded_inputs(version).values():
                    tests.setdefault(record.artifact, version)
    return tests


def find_test(backend: Backend, model: ArtifactVersion) -> ArtifactVersion | None:
    """Return the newest evaluation of `model`, or None if there is none."""
    return _newest_test(backend.made_from(model))


def _newest_test(made: Sequence[ArtifactVersion]) -> ArtifactVersion | None:
    """Return the newest evaluation among what was made from a version, oldest first, or None."""
    tests = [version for version in made if _is_test(version)]
    return tests[-1] if tests else None


def _is_test(version: ArtifactVersion) -> bool:
    """Return whether a version holds the metrics of what it was made from."""
    return isinstance(version.metadata.get(_EVALUATED), Mapping)


def _with_test(row: dict[str, Any], test: ArtifactVersion | None) -> dict[str, Any]:
    """Return a model's row with the metrics of its evaluation before those of its training."""
    metrics = row.pop("metrics")
    shown = {} if test is None else _first_metrics(test)
    return {**row, "test": shown, "metrics": metrics}


def _first_metrics(version: ArtifactVersion) -> dict[str, float]:
    """Return the first metrics of the run that made `version`: its main one comes first."""
    metrics = dict(version.metadata.get(METRICS_KEY) or {})
    return dict(list(metrics.items())[:_SHOWN_METRICS])


def _aliases(version: ArtifactVersion) -> list[str]:
    """Return the aliases that people gave, without those of the step cache."""
    return sorted(alias for alias in version.aliases if not alias.startswith(CACHE_PREFIX))


def _lines(
    version: ArtifactVersion, made: Sequence[ArtifactVersion], test: ArtifactVersion | None
) -> Iterator[str]:
    """Yield what `show` prints about a version; `test` has the metrics of its evaluation."""
    yield f"{version} ({version.type}), made {version.created or 'at an unknown time'}"
    yield f"Aliases: {', '.join(_aliases(version)) or 'none'}"
    yield f"Digest: {version.digest}"
    inputs = recorded_inputs(version)
    yield f"Made from: {', '.join(f'{key}={one.artifact}' for key, one in inputs.items()) or '-'}"
    yield f"Made from it: {', '.join(map(str, made)) or '-'}"
    if test is not None:
        yield f"Test ({test}): {as_text(test.metadata.get(METRICS_KEY) or {})}"
    metrics = version.metadata.get(METRICS_KEY) or {}
    if metrics:
        yield f"Metrics of its run: {as_text(metrics)}"
    yield "Metadata:"
    for key, value in version.metadata.items():
        if key not in _HIDDEN:
            text = as_text(value)
            yield f"  {key}: {text if len(text) <= _LONGEST else text[:_LONGEST] + '...'}"


def require_version(backend: Backend, command: str, reference: str) -> ArtifactVersion:
    """Return the version that `reference` points at. Raises ConfigError if there is none."""
    version = backend.find(reference)
    if version is None:
        raise _missing(command, backend, reference)
    return version


def _missing(command: str, backend: Backend, reference: str) -> ConfigError:
    hint = hint_on_missing(backend, reference) or " See ./relay artifacts."
    return ConfigError(
        f"{command}: there is no artifact '{reference}' in {place_of(backend)}.{hint}"
    )


def _note_rest(console: Console, count: int, limit: int, as_json: bool) -> None:
    """Print how many rows were left out."""
    if count > limit and not as_json:
        console.print(f"{count - limit} more: --limit {count}", style="dim", highlight=False)
