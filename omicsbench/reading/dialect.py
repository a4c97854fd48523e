"""How a text table is written: encoding, separator, decimals, comments, header.

Told from the first lines, so that it costs nothing for large files. What is certain is read so;
what is not is refused with what was seen. pandas does the parsing.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import islice, pairwise
from pathlib import Path

from omicsbench.errors import DataError
from omicsbench.reading.opening import open_text
from omicsbench.reading.tokens import ENOUGH

SEPARATORS = {",": "comma", "\t": "tab", ";": "semicolon", "|": "vertical bar", " ": "space"}
LINES, CHARACTERS = 40, 1 << 25  # looked at
NUMBER = re.compile(r"\s*[+-]?(\d+([.,]\d*)*|[.,]\d+)([eE][+-]?\d+)?\s*")
_DECIMAL_COMMA = re.compile(r"[+-]?\d*,\d+([eE][+-]?\d+)?")
_DECIMAL_POINT = re.compile(r"[+-]?\d*\.\d+([eE][+-]?\d+)?")
_BOTH = re.compile(r"[+-]?\d{1,3}(\.\d{3})+,\d+")
_WHOLE = re.compile(r"[+-]?\d+")
_GROUPS = re.compile(r"[+-]?[1-9]\d{0,2}(,\d{3})+")  # of thousands, or else decimals
_SEP = re.compile(r'"?sep=(.)"?', re.IGNORECASE)  # written by Excel as a first line


@dataclass(frozen=True)
class Dialect:
    """How a text table is written.

    Attributes
    ----------
    encoding : such as ``utf-8``.
    separator : one character; a space stands for any number of them.
    decimal : ``.`` or ``,``.
    names : of all columns; empty for one without, such as the row names that R leaves unnamed.
    skip : lines before the first row of cells.
    comments : how many of them are comments.
    trailing : every line ends with a separator, so that the last column is empty.
    short : the header has a name fewer than there are columns, as R writes it.
    gct : numbers of columns and of rows that annotate, where it is a GCT file.
    """

    encoding: str
    separator: str
    decimal: str
    names: tuple[str, ...]
    skip: int
    comments: int = 0
    trailing: bool = False
    short: bool = False
    gct: tuple[int, int] | None = None

    @property
    def seen(self) -> str:
        """In words, such as ``semicolon-separated, decimal comma, Latin-1``."""
        said = [f"{SEPARATORS[self.separator]}-separated"]
        said += ["decimal comma"] if self.decimal == "," else []
        said += [self.encoding.upper()] if not self.encoding.startswith("utf-8") else []
        said += ["comment lines"] if self.comments else []
        said += ["an empty last column"] if self.trailing else []
        said += ["row names without a name"] if self.short else []
        return ", ".join((["GCT"] if self.gct else []) + said)

    def differs_from(self, separator: str) -> bool:
        """Whether a file is written in another way than its suffix promises."""
        usual = self.encoding.startswith("utf-8") and self.decimal == "." and not self.comments
        return self.separator != separator or not usual


def find_dialect(
    path: Path, expected: str, columns: Sequence[str] = (), encoding: str = "utf-8"
) -> Dialect:
    """The dialect of a text file in ``encoding``, told from its first lines.

    ``expected`` is the separator that the suffix promises; ``columns`` are known to be names.

    Raises DataError, saying what was seen, for an empty file, for one that is no text, for lines
    of unequal length, and for one without a header.
    """
    with open_text(path, encoding) as stream:
        lines = _first(stream)
        whole = not stream.readline()
    before = _preamble(lines)
    if before == len(lines):
        held = "only comments" if lines else "nothing"
        raise DataError(f"{path} is empty (it holds {held}): expected a header and one cell a row.")
    told = _SEP.fullmatch(lines[0].strip())
    version = lines[0][:4] if lines[0].startswith(("#1.2", "#1.3")) else ""
    if version:
        return _gct(path, lines, before, encoding)
    candidates = [told[1]] if told else [expected, *(s for s in SEPARATORS if s != expected)]
    separator = _separator(path, lines[before:], candidates, whole)
    dialect = Dialect(encoding, separator, ".", (), before, before - bool(told))
    return _with_header(path, dialect, lines, whole, columns)


def _first(stream: Iterable[str]) -> list[str]:
    lines: list[str] = []
    size = 0
    for line in islice(stream, LINES):
        lines.append(line)
        size += len(line)
        if size > CHARACTERS:
            break
    return lines


def _preamble(lines: Sequence[str]) -> int:
    """How many lines come before the header: blank, comments, ``sep=;``."""
    for place, line in enumerate(lines):
        text = line.strip()
        if text and not text.startswith("#") and not (place == 0 and _SEP.fullmatch(text)):
            return place
    return len(lines)


def _records(lines: Iterable[str], separator: str) -> list[list[str]]:
    if separator == " ":
        lines = [" ".join(line.split()) for line in lines]
    csv.field_size_limit(1 << 30)
    try:
        return [record for record in csv.reader(lines, delimiter=separator) if record]
    except csv.Error:
        return []


def _body(lines: Sequence[str], separator: str, whole: bool) -> list[list[str]]:
    """Records of the first lines, without a last one that may go on."""
    records = _records(lines, separator)
    return records if whole or len(records) < 3 else records[:-1]


def _width(records: list[list[str]]) -> tuple[int, float]:
    """Fields of most lines below the header, and the share of lines that have so many."""
    widths = Counter(len(record) for record in records[1:])
    width, count = widths.most_common(1)[0]
    return width, count / widths.total()


def _separator(path: Path, lines: list[str], candidates: list[str], whole: bool) -> str:
    """The separator that makes lines of one length with the most numbers in them."""
    best, score = candidates[0], -1.0
    for separator in candidates:
        records = _body(lines, separator, whole)
        if len(records) < 2:
            fit = len(records[0]) / 1e6 if records else -1.0  # a header only
        else:
            width, share = _width(records)
            header = len(records[0])
            fitting = header in (width, width - 1, width + 1) and min(header, width) > 1
            numbers = sum(bool(NUMBER.fullmatch(field)) for r in records[1:] for field in r[:500])
            fit = share**4 * (0.1 + numbers / len(records[1:])) if fitting else -1.0
        if fit > score:
            best, score = separator, fit
    if score < 0:
        records = _body(lines, candidates[0], whole)
        width = _width(records)[0] if len(records) > 1 else 1
        if len(records[0]) != width:
            raise DataError(
                f"{path}: its first line has {_fields(len(records[0]))}, those below have {width} "
                f"({SEPARATORS[candidates[0]]}-separated): remove what is above the header, or "
                "begin it with #."
            )
        if not all(NUMBER.fullmatch(record[0]) for record in records[1:]):
            known = ", ".join(SEPARATORS.values())
            raise DataError(
                f"{path}: its lines hold one field each: expected fields separated by one of "
                f"{known}."
            )
    return best


def _with_header(
    path: Path, dialect: Dialect, lines: list[str], whole: bool, columns: Sequence[str]
) -> Dialect:
    """With names, decimals and what is odd about the lines."""
    before = dialect.skip
    records = _body(lines[before:], dialect.separator, whole)
    header, rows = records[0], records[1:]
    commented = _commented_header(lines[:before], dialect.separator, records)
    if commented:
        header, rows = commented, records
        used = 0
    else:
        used = _lines_of_header(lines[before:], dialect.separator)
    if not rows:
        raise DataError(f"{path} holds no cells: expected a header and one cell a row.")
    width = Counter(map(len, rows)).most_common(1)[0][0]
    if len(header) == width + 1 and not header[-1].strip():
        header = header[:-1]
    trailing = all(not record[-1].strip() for record in rows if len(record) == width)
    short = len(header) == width - 1 and not trailing
    names = ["", *header] if short else list(header)
    if trailing and len(names) == width - 1:
        names.append("")
    trailing = trailing and not names[-1].strip()
    _require_equal(path, records if not commented else [names, *rows], len(names), lines, dialect)
    names = [name.strip() for name in names]
    _require_header(path, names, rows, columns)
    return replace(
        dialect,
        names=tuple(names),
        skip=before + used,
        comments=dialect.comments - bool(commented),
        decimal=_decimal(path, rows, dialect.separator),
        trailing=trailing,
        short=short,
    )


def _lines_of_header(lines: Sequence[str], separator: str) -> int:
    """Lines of the first record: several if a name in quotation marks holds a line end."""
    reader = csv.reader(iter(lines), delimiter=separator)
    next(reader)
    return reader.line_num


def _commented_header(
    before: Sequence[str], separator: str, records: list[list[str]]
) -> list[str] | None:
    """The last comment, if it is the header: of the same length, above a line of numbers."""
    comments = [line for line in before if line.strip().startswith("#")]
    if not comments or len(records[0]) < 3:
        return None
    fields = _records([comments[-1].strip("\r\n").lstrip("# ")], separator)
    if not fields or len(fields[0]) != len(records[0]):
        return None
    numbers = [bool(NUMBER.fullmatch(field)) for field in records[0]]
    return fields[0] if 2 * sum(numbers) > len(numbers) else None


def _require_equal(
    path: Path, records: list[list[str]], width: int, lines: Sequence[str], dialect: Dialect
) -> None:
    """Raise DataError, naming the line, unless all lines have as many fields as there are names."""
    for place, record in enumerate(records[1:], start=1):
        if len(record) != width and not record[0].startswith("#"):
            line = _line_of(lines, dialect, place)
            if any("\n" in field or "\r" in field for field in record):
                raise DataError(
                    f"{path}: a quotation mark that is open in line {line:,} is never closed."
                )
            raise unequal(path, line, len(record), width, dialect)


def _line_of(lines: Sequence[str], dialect: Dialect, place: int) -> int:
    """The line at which a record ends, counted from 1."""
    reader = csv.reader(iter(lines[dialect.skip :]), delimiter=dialect.separator)
    found = -1
    for record in reader:
        found += bool(record)
        if found == place:
            break
    return dialect.skip + reader.line_num


def unequal(path: Path, line: int, found: int, width: int, dialect: Dialect) -> DataError:
    """Says which line has another number of fields than there are columns."""
    separator = SEPARATORS[dialect.separator]
    return DataError(
        f"{path} cannot be read as {separator}-separated text: line {line:,} has {_fields(found)}, "
        f"the header has {width}; mend that line, or put fields that hold a {separator} in "
        "quotation marks."
    )


def _fields(count: int) -> str:
    return "1 field" if count == 1 else f"{count:,} fields"


def _require_header(
    path: Path, names: list[str], rows: list[list[str]], columns: Sequence[str]
) -> None:
    """Raise DataError if the first line holds numbers as the others do, or names repeat."""
    stated = [name for name in names if name]
    numbers = [name for name in names[1:] if NUMBER.fullmatch(name)]
    if 2 * len(numbers) > len(names[1:]) and numbers and not _may_be_names(names, numbers, columns):
        raise DataError(
            f"{path} has no header: its first line holds numbers ({', '.join(numbers[:3])}, ...) "
            "as the others do; give the columns names in a first line."
        )
    twice = [name for name, count in Counter(stated).items() if count > 1]
    if twice:
        raise DataError(f"{path} has two columns {twice[0]!r}: make the names unique.")


def _may_be_names(names: list[str], numbers: list[str], columns: Sequence[str]) -> bool:
    """Numbers that may be names: masses or positions that increase, identifiers, an index."""
    if not names[0] or set(columns) & set(names):
        return True
    if len(set(numbers)) < len(numbers):
        return False
    values = [float(number.replace(",", ".")) for number in numbers if number.count(",") < 2]
    return len(values) > 2 and all(b > a for a, b in pairwise(values))


def _decimal(path: Path, rows: list[list[str]], separator: str) -> str:
    """What separates decimals. Raises DataError if numbers are written in two ways."""
    fields = [field.strip() for row in rows for field in row[1:]]
    odd = [field for field in fields if "," in field or "." in field]
    points = [field for field in odd if _DECIMAL_POINT.fullmatch(field)]
    grouped = [field for field in points if _GROUPS.fullmatch(field.replace(".", ","))]
    commas = [field for field in odd if _DECIMAL_COMMA.fullmatch(field)]
    both = [field for field in odd if _BOTH.fullmatch(field)]
    whole = [field for field in fields if _WHOLE.fullmatch(field)]
    if len(grouped) == len(points) >= ENOUGH and not commas and not both and len(whole) >= ENOUGH:
        # 1.234 and 12: with decimals some would have fewer digits
        return "," if max(len(field.lstrip("+-")) for field in whole) <= 3 else "."
    if separator == "," or not (commas or both):
        return "."
    if len(grouped) < len(points):
        if all(_GROUPS.fullmatch(field) for field in commas) and not both:
            return "."  # 1,234 beside 0.5: thousands
        raise DataError(
            f"{path} has numbers with a decimal comma ({(commas or both)[0]}) and others with a "
            f"point ({points[0]}): write all in one way."
        )
    certain = both or any(not _GROUPS.fullmatch(field) for field in commas)
    return "," if certain or not whole else "."  # what 1,234 is, all numbers tell


def _gct(path: Path, lines: list[str], before: int, encoding: str) -> Dialect:
    """Of a GCT file: two lines, then a header, features in rows."""
    sizes = [int(part) if part.isdigit() else -1 for part in lines[before].split()]
    wanted = 2 if lines[0].startswith("#1.2") else 4
    if len(sizes) < wanted or min(sizes) < 0 or len(lines) < before + 3:
        raise DataError(f"{path} begins as GCT, but its second line is no size: mend the file.")
    annotations = (1, 0) if wanted == 2 else (sizes[2], sizes[3])
    header = [name.strip() for name in _records(lines[before + 1 : before + 2], "\t")[0]]
    width = 1 + annotations[0] + sizes[1]
    if len(header) != width:
        raise DataError(
            f"{path} begins as GCT with {sizes[1]:,} samples, so that {width:,} columns are "
            f"expected, but its header has {len(header):,}: mend the file."
        )
    rows = _records(lines[before + 2 + annotations[1] :], "\t")
    decimal = _decimal(path, [row[annotations[0] :] for row in rows], "\t")
    names = tuple(header)
    return Dialect(encoding, "\t", decimal, names, before + 2, gct=annotations)
