"""A backend that only writes down what it is given of runs."""

from __future__ import annotations

from dataclasses import dataclass, field

from relay.tracking import Row, RunSpec, RunStatus


@dataclass
class Backstage:
    """The runs' starts, rows and ends, each in the order in which they came."""

    name: str = "local"
    url: str | None = None
    specs: list[RunSpec] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    ends: list[tuple[RunStatus, str]] = field(default_factory=list)

    def start_run(self, spec: RunSpec) -> Backstage:
        self.specs.append(spec)
        return self

    def log(self, row: Row) -> None:
        self.rows.append(row)

    def finish(self, status: RunStatus, message: str = "") -> None:
        self.ends.append((status, message))
