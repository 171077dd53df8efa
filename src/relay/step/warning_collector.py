"""Remembers what was warned of, so that it can be told again where people look."""

from __future__ import annotations

import logging

MOST = 20
"""So many are kept; a step that warns more often has said it before."""


class WarningCollector(logging.Handler):
    """Keeps the texts of warnings in the order in which they came, each once."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        text = record.getMessage()
        if record.levelno == logging.WARNING and text not in self.texts and len(self.texts) < MOST:
            self.texts.append(text)
