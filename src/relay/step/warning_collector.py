"""The look of warnings in a step's log, and their collection for the report."""

from __future__ import annotations

import logging

MOST = 20
"""The number of texts that are kept."""


class WarningCollector(logging.Handler):
    """A log handler that keeps the texts of warnings in their order, each once."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the text of `record` if it is a new warning."""
        text = record.getMessage()
        if record.levelno == logging.WARNING and text not in self.texts and len(self.texts) < MOST:
            self.texts.append(text)


class LineFormatter(logging.Formatter):
    """Lines of a step's log: the time, `Warning: ` before a warning, and the message."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(look)s%(message)s", "%H:%M:%S", defaults={"look": ""})

    def format(self, record: logging.LogRecord) -> str:
        """Return the log's line for `record`."""
        if record.levelno == logging.WARNING:
            record.look = "Warning: "
        return super().format(record)
