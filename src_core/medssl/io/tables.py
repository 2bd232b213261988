"""Tables as people and spreadsheets write them: CSV with a header, comma or semicolon."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path

from medssl.errors import FileRefusedError
from medssl.io.formats import unreadable


def table_rows(path: Path, needed: Sequence[str]) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield line number and values of each row; names of columns in lower case, text stripped.

    Raises
    ------
    FileRefusedError
        If it cannot be read as a text, or a column is missing.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise unreadable(path, error) from error
    except UnicodeDecodeError as error:
        raise FileRefusedError(path, "it is not a UTF-8 text", "Save it as CSV, UTF-8.") from error
    first = text.partition("\n")[0]
    delimiter = ";" if ";" in first and "," not in first else ","
    rows = io.StringIO(text, newline="")  # a quoted field may hold a line break
    reader = csv.DictReader(rows, delimiter=delimiter, skipinitialspace=True)
    reader.fieldnames = [name.strip().lower() for name in reader.fieldnames or ()]
    missing = [name for name in needed if name not in reader.fieldnames]
    if missing:
        raise FileRefusedError(
            path,
            f"the column {', '.join(missing)} is missing (found: {', '.join(reader.fieldnames)})",
            f"The first line must name the columns {','.join(needed)}.",
        )
    for values in reader:
        yield (
            reader.line_num,
            {k: (v or "").strip() for k, v in values.items() if isinstance(k, str)},
        )
