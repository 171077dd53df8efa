"""Lines of a text that are not rows of its table, and a report of them. Light: no pandas."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import Any

from relay.tables.reading.text_files.head import shortened
from relay.tables.reading.text_files.layout import TextFormat
from relay.tables.reading.text_files.lines import Record
from relay.util.setting_text import setting

log = logging.getLogger("relay")


@dataclass
class LeftOut:
    """Lines of a file that are left out: comments, repeated headers, notes below the table."""

    layout: TextFormat
    comments: int = 0
    repeated: int = 0
    notes: list[Record] = field(default_factory=list)
    notes_in_table: list[str] = field(default_factory=list)
    """Notes that have as many fields as the table."""
    cut_off: Record | None = None
    """The last line, if it lacks fields and its end; it is read, with missing values."""
    _is_reported: bool = False

    def facts(self) -> dict[str, Any]:
        """Return the numbers of lines that were left out, as facts for the artifact."""
        above = self.layout.above
        facts = {
            "lines_above_header": above,
            "comment_lines": self.comments,
            "repeated_headers": self.repeated,
            "lines_below": len(self.notes),
        }
        return {name: value for name, value in facts.items() if value}

    def warn(self) -> None:
        """Warn, once, of lines that were left out and can be a part of the table."""
        if self._is_reported:
            return
        self._is_reported = True
        name = self.layout.source.name
        if self.layout.beside:
            log.warning(
                "%s: the line above the header is left out: '%s'. If it is a part of the "
                "names: %s.",
                name,
                self.layout.beside,
                setting("data.read.header", [self.layout.above, self.layout.header_end]),
            )
        if self.repeated:
            lines = "1 line" if self.repeated == 1 else f"{self.repeated} lines"
            log.warning("%s: left out %s that repeat the header.", name, lines)
        notes = [shortened("".join(note.lines)) for note in self.notes]
        if notes or self.notes_in_table:
            warn_of_notes(name, [*self.notes_in_table, *notes])
        if self.cut_off is not None:
            log.warning(
                "%s: the last line has %d of %d fields and no end, so the file can be cut off. Its "
                "missing fields are read as missing values. Check the file against its source.",
                name,
                len(self.cut_off.fields),
                len(self.layout.header),
            )


def warn_of_notes(name: str, notes: list[str]) -> None:
    """Warn that lines below a table were left out because they are not rows of it."""
    lines = "1 line" if len(notes) == 1 else f"{len(notes)} lines"
    log.warning("%s: left out %s below the table: '%s'.", name, lines, notes[0])
