"""placeholder"""

from pathlib import Path


def measure_large(folder: Path, rows: int) -> str:
    return ""
