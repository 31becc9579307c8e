"""A web page as its reader sees it: blocks of text, and tables by their rows."""

from __future__ import annotations

from html.parser import HTMLParser


def read_page(text: str) -> list[str | list[list[str]]]:
    """Read a page: its blocks in order, each a text, or the rows of a table with the text of each cell."""
    reader = _PageReader()
    reader.feed(text)
    reader.finish()
    return reader.read


class _PageReader(HTMLParser):
    """Collects the text of a page: rows of tables together with their cells, else blocks."""

    BLOCKS = frozenset(
        {"p", "div", "li", "dt", "dd", "h1", "h2", "h3", "h4", "h5", "h6", "section", "article", "br", "tr", "table"}
    )
    CELLS = frozenset({"td", "th"})
    HIDDEN = frozenset({"script", "style"})

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.read: list[str | list[list[str]]] = []
        self._rows: list[list[str]] = []
        self._cell: list[str] | None = None
        self._block: list[str] = []
        self._hidden = 0
        self._apart = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._apart = True
        if tag in self.HIDDEN:
            self._hidden += 1
        if tag in self.CELLS or tag == "tr":  # the end tags of both are optional
            self._end_cell()
        if tag == "tr" or (tag in self.CELLS and not self._rows):
            self._rows.append([])
        if tag in self.CELLS:
            self._cell = []
        if tag in self.BLOCKS:
            self._flush()
        for name, value in attrs:
            if name in {"value", "alt", "title", "datetime", "aria-label"} and value:
                self.handle_data(f" {value} ")

    def handle_endtag(self, tag: str) -> None:
        self._apart = True
        if tag in self.HIDDEN:
            self._hidden = max(0, self._hidden - 1)
        if tag in self.CELLS or tag in {"tr", "table"}:
            self._end_cell()
        if tag == "table":
            self.read.append(self._rows)
            self._rows = []
        if tag in self.BLOCKS:
            self._flush()

    def handle_data(self, data: str) -> None:
        if self._hidden or not data:
            return
        into = self._block if self._cell is None else self._cell
        if self._apart and into and into[-1][-1:].isalnum() and data[0].isalnum():
            into.append(" ")  # words of two elements are two words
        self._apart = False
        into.append(data)

    def finish(self) -> None:
        self.close()
        self._end_cell()
        self._flush()
        if self._rows:
            self.read.append(self._rows)

    def _end_cell(self) -> None:
        if self._cell is not None:
            self._rows[-1].append("".join(self._cell))
            self._cell = None

    def _flush(self) -> None:
        if self._cell is not None:
            self._cell.append(" ")
        text = "".join(self._block).strip()
        self._block = []
        if text:
            self.read.append(text)
