"""Fetch a data file, and store its bytes as they came."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

from params import Params
from sources import RawFile, fetch, raw_file

from relay import SOURCE_URL, StepRun, is_another_source, main
from relay.util.project import enclosing_project
from relay.util.redact import redact_url

log = logging.getLogger("relay")


def fetched_before(run: StepRun[Params], source: str) -> RawFile | None:
    """Return the stored file, if data.refresh=never and it was fetched from `source` before.

    None if it must be fetched: it is not stored, or has another digest than data.sha256.
    """
    params = run.params
    version = run.find(params.raw_artifact) if params.refresh == "never" else None
    if version is None or version.metadata.get(SOURCE_URL) != source:
        return None
    if params.sha256 is not None and version.metadata.get("sha256") != params.sha256.lower():
        return None
    (path,) = run.fetch(version).iterdir()
    log.info("data.refresh=never: %s is used, which was fetched before.", version)
    return raw_file(path, version.metadata.get("etag"), version.metadata.get("last_modified"))


def warn_of_another_source(run: StepRun[Params], source: str) -> None:
    """Warn if the newest artifact of this name, which was made from a URL, has another `source`."""
    name = run.params.raw_artifact
    newest = run.find(name)
    before = None if newest is None else newest.metadata.get(SOURCE_URL)
    if before is not None and is_another_source(name, source, before):
        log.warning(
            "data.name: the newest %s came from %s, this one comes from %s, and models of both are "
            "compared with one champion. If these are different tables, set data.name=NAME for "
            "one of them.",
            name,
            before,
            source,
        )


def step(run: StepRun[Params]) -> None:
    """Fetch a data file from a URL, a path or scikit-learn, and store it as it came."""
    params = run.params
    folder = run.workspace / "raw"
    folder.mkdir()
    source = redact_url(params.url)
    raw = fetched_before(run, source) or fetch(
        params.url,
        folder,
        root=enclosing_project(Path(__file__)).root,
        max_bytes=int(params.max_mb * 1_000_000),
        sha256=params.sha256,
    )
    warn_of_another_source(run, source)
    log.info("%s: %d bytes, sha256 %s", source, raw.bytes, raw.sha256)
    headers = {"etag": raw.etag, "last_modified": raw.last_modified}
    run.output(
        "raw",
        raw.path,
        type="raw_data",
        description=f"{raw.path.name} as it came from {source}.",
        metadata={
            SOURCE_URL: source,
            "bytes": raw.bytes,
            "sha256": raw.sha256,
            **{name: value for name, value in headers.items() if value is not None},
        },
    )
    run.log_metrics({"bytes": raw.bytes})


if __name__ == "__main__":
    sys.exit(main(Params, step))
