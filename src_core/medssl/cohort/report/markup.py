"""HTML of tables and texts; whatever comes from a cohort is escaped here."""

from __future__ import annotations

import html
import unicodedata
from collections.abc import Iterable, Sequence


def text(value: object) -> str:
    """Escape a text for elements and attributes; control characters become spaces."""
    plain = "".join(
        " "
        if unicodedata.category(c) == "Cc"
        else "\N{REPLACEMENT CHARACTER}"
        if _is_half(c)
        else c
        for c in str(value)
    )
    return html.escape(plain, quote=True)


def name(value: object) -> str:
    """Escape a name that people gave, whichever way its alphabet runs."""
    return f"<bdi>{text(value)}</bdi>"


def table(
    caption: str, heads: Sequence[str], rows: Iterable[Sequence[str]], numbers: Iterable[int] = ()
) -> str:
    """Give a table; `rows` hold HTML, `numbers` says which columns stand to the right."""
    right = set(numbers)

    def kind(column: int) -> str:
        return ' class="n"' if column in right else ""

    head = "".join(f'<th scope="col"{kind(i)}>{text(h)}</th>' for i, h in enumerate(heads))
    body = "".join(
        "<tr>"
        + "".join(
            f'<th scope="row">{cell}</th>' if i == 0 else f"<td{kind(i)}>{cell}</td>"
            for i, cell in enumerate(row)
        )
        + "</tr>\n"
        for row in rows
    )
    return (
        f'<div class="wide"><table><caption>{text(caption)}</caption>\n'
        f"<thead><tr>{head}</tr></thead>\n<tbody>\n{body}</tbody></table></div>\n"
    )


def section(mark: str, title: str, *parts: str) -> str:
    """Give a section with its heading; nothing where it has no content."""
    content = "".join(parts)
    if not content:
        return ""
    return f'<section id="{mark}">\n<h2>{text(title)}</h2>\n{content}</section>\n'


def paragraph(content: str) -> str:
    """Give a paragraph of HTML."""
    return f"<p>{content}</p>\n"


def counted(count: int, what: str) -> str:
    """Give ``1 case``, ``2 cases``."""
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def _is_half(character: str) -> bool:
    """Whether it is half of a character, as in names of files that are no Unicode."""
    return unicodedata.category(character) == "Cs"
