"""How warnings look in a step's log, and a memory of them for the places where people look."""

from __future__ import annotations

import logging

MOST = 20
"""How many are kept; a step that warns more often repeats itself."""


class WarningCollector(logging.Handler):
    """Keeps the texts of warnings in the order in which they came, each once."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        text = record.getMessage()
        if record.levelno == logging.WARNING and text not in self.texts and len(self.texts) < MOST:
            self.texts.append(text)


class LineFormatter(logging.Formatter):
    """Lines of a step's log: the time, `Warning: ` before a warning, and the message."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(look)s%(message)s", "%H:%M:%S", defaults={"look": ""})

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of `record`."""
        if record.levelno == logging.WARNING:
            record.look = "Warning: "
        return super().format(record)
