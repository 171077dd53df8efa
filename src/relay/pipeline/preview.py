"""The output before a run: its store and inputs, and the steps that would run and why."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from relay.pipeline.run_summary import StepSummary
from relay.tracking import Backend


def show_store(
    console: Console, backend: Backend, references: Sequence[str], warnings: Sequence[str]
) -> None:
    """Print the store of a run, the exact inputs that it takes from it, and warnings about them."""
    place = backend.url() or "the local store"
    console.print(f"Tracking: {place}", markup=False, highlight=False, soft_wrap=True)
    if references:
        text = f"Inputs from the store: {', '.join(references)}"
        console.print(Text(text), soft_wrap=True)
    for warning in warnings:
        console.print(Text(f"Warning: {warning}", style="yellow"), soft_wrap=True)


def show_reasons(console: Console, steps: Sequence[StepSummary]) -> None:
    """Print of each selected step whether it is cached or would run, and why."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("Step", no_wrap=True)
    table.add_column("Plan", no_wrap=True)
    table.add_column("Reason", overflow="fold")
    for step in steps:
        if step.status == "cached":
            table.add_row(step.name, Text("cached", style="cyan"), ", ".join(step.outputs.values()))
        elif step.status == "not_started":
            why = step.why or "an upstream step runs; cached if that makes the same output again"
            table.add_row(step.name, Text("run", style="yellow"), Text(why))
    console.print(table)
