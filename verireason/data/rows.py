"""Rows of a published data set: from its files in a directory, or by its name from the hub.

Files are JSON lines (also compressed with gzip), one JSON list, parquet, or arrow as `datasets` saves it. Nothing in
them is executed or unpickled.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sim.inbox.values import describe
from verireason.errors import MissingError, UserError
from verireason.extraction.answer import encodable

HUB = Path("hub")
"""Given as a root: not a directory but the data set of that benchmark on the hub."""
_HUB_URL = "hf://datasets/"
_KINDS = {".jsonl": "json", ".jsonl.gz": "json", ".json": "json", ".parquet": "parquet", ".arrow": "arrow"}
"""How a file's name ends to what `datasets` calls its format."""
_MAX_DIGITS = 4000
"""Of an int that Python reads in one go; its own limit is 4,300."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a data set stands.

    Example:
        Source(hub="deepmind/code_contests", parts=("train", "valid", "test"), hub_files=("data/test-*.parquet",))
    """

    hub: str
    """Its name on the hub."""
    parts: tuple[str, ...]
    """A file belongs to it when its name begins with one of these; or that of its directory, if it is not JSON:
    `datasets` saves descriptions beside its data."""
    hub_files: tuple[str, ...]
    """Files in the hub's repository that are read when the root is `HUB`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row, and where it stands."""

    fields: Mapping[str, Any]
    where: str
    """File and line, or file and row."""
    part: str
    """One of the source's parts."""
    index: int
    """Among the rows of its part in its directory, from 0."""
    directory: str
    """The directory that its file is in."""

    def text(self, name: str) -> str:
        """A field that must be there and a text, without lone surrogates: no file can hold them."""
        value = self.fields.get(name)
        if not isinstance(value, str):
            raise self.wrong(f"field {name} is {_words(value)}; expected a text")
        return encodable(value)

    def text_or_none(self, name: str) -> str | None:
        """A field that may lack, be null or be empty."""
        return (self.text(name) or None) if self.fields.get(name) is not None else None

    def json(self, name: str) -> Any:
        """A field that holds JSON in a text, or is such data already."""
        value = self.fields.get(name)
        if not isinstance(value, str):
            return value
        try:
            return parse_json(value)
        except ValueError as err:
            raise self.wrong(f"field {name} is not JSON ({err})") from err

    def wrong(self, what: str) -> UserError:
        """An error about this row."""
        return UserError(f"{self.where}: {what}")


def parse_json(text: str | bytes) -> Any:
    """JSON with ints of any length. ValueError says in one line what is wrong."""
    try:
        return json.loads(text, parse_int=_int)
    except RecursionError as err:
        raise ValueError("nested too deep") from err


def _int(digits: str) -> int:
    if len(digits) <= _MAX_DIGITS:
        return int(digits)
    sign, digits = (-1, digits[1:]) if digits[0] == "-" else (1, digits)
    value = 0
    for start in range(0, len(digits), _MAX_DIGITS):
        chunk = digits[start : start + _MAX_DIGITS]
        value = value * 10 ** len(chunk) + int(chunk)
    return sign * value


def read_rows(root: Path, source: Source, *, hub_url: str = _HUB_URL) -> Iterator[Row]:
    """Every row, file by file in the order of their paths. UserError when there is none or a file is damaged.

    With `HUB` as the root they come through `datasets`; MissingError when it, or the network, is not there.
    """
    listed = _hub_files(source, hub_url) if root == HUB and not root.is_dir() else _local_files(root, source)
    seen: Counter[tuple[str, str]] = Counter()
    for path, name, rows in listed:
        part = _part(name, source.parts) or source.parts[0]
        directory = name.parent.name or root.resolve().name
        for place, fields in rows:
            if not isinstance(fields, dict):
                raise UserError(f"{path}{place}: found {_words(fields)}; every row is an object")
            yield Row(
                fields=fields,
                where=f"{path}{place}",
                part=part,
                index=seen[directory, part],
                directory=directory,
            )
            seen[directory, part] += 1
    if not seen:
        raise UserError(f"{root}: its files hold no rows; give a full copy of {source.hub}")


_Rows = Iterator[tuple[str, Any]]
"""Place in the file, as ":3", and the row."""


def _local_files(root: Path, source: Source) -> list[tuple[str, Path, _Rows]]:
    """Path, path below the root, and rows. A root that is a file is all there is."""
    if root.is_file():
        return [(str(root), Path(root.name), _file_rows(root))]
    names = sorted(path.relative_to(root) for path in root.rglob("*") if path.is_file() and _kind(path.name))
    found = [name for name in names if _part(name, source.parts)]
    # A copy of a whole repository may hold the same rows in two formats.
    first = next(
        (kind for kind in ("parquet", "arrow", "json") if any(_kind(name.name) == kind for name in found)), None
    )
    found = [name for name in found if _kind(name.name) == first]
    if not found:
        wanted = ", ".join(f"{part}*" for part in source.parts)
        raise UserError(
            f"{root}: no file {wanted} ({', '.join(_KINDS)}) in it; give the directory of a copy of {source.hub}"
        )
    return [(str(root / name), name, _file_rows(root / name)) for name in found]


def _part(name: Path, parts: tuple[str, ...]) -> str | None:
    """The part that the file, or the nearest of its directories, is named for."""
    words = name.parts[-1:] if _kind(name.name) == "json" else name.parts
    return next((part for word in reversed(words) for part in parts if word.startswith(part)), None)


def _kind(name: str) -> str | None:
    return next((kind for ending, kind in _KINDS.items() if name.endswith(ending)), None)


def _file_rows(path: Path) -> _Rows:
    try:
        match _kind(path.name):
            case "parquet":
                yield from _parquet_rows(path)
            case "arrow":
                yield from _arrow_rows(path)
            case _:
                yield from _json_rows(path)
    except (OSError, EOFError, zlib.error) as err:
        raise UserError(f"{path}: cannot be read ({_first_line(err)}); copy it again") from err


def _json_rows(path: Path) -> _Rows:
    with gzip.open(path) if path.name.endswith(".gz") else path.open("rb") as file:
        first = file.read(1)
        file.seek(0)
        if first == b"[":
            yield from ((f" row {number}", row) for number, row in enumerate(_parsed(file.read(), str(path)), start=1))
            return
        for number, line in enumerate(file, start=1):
            if line.strip():
                yield f":{number}", _parsed(line, f"{path}:{number}")


def _parsed(text: bytes, where: str) -> Any:
    try:
        return parse_json(text)
    except ValueError as err:
        raise UserError(f"{where}: not JSON ({_first_line(err)})") from err


def _parquet_rows(path: Path) -> _Rows:
    arrow = _pyarrow(path)
    from pyarrow import parquet  # type: ignore[import-untyped]

    try:
        batches = parquet.ParquetFile(path).iter_batches(batch_size=64)
        yield from _batched(batches)
    except arrow.ArrowException as err:
        raise UserError(f"{path}: not parquet, or a part of it ({_first_line(err)}); copy it again") from err


def _arrow_rows(path: Path) -> _Rows:
    arrow = _pyarrow(path)
    try:
        with arrow.OSFile(str(path)) as file, arrow.ipc.open_stream(file) as batches:
            yield from _batched(batches)
    except arrow.ArrowException as err:
        raise UserError(f"{path}: not an arrow stream, or a part of one ({_first_line(err)}); copy it again") from err


def _batched(batches: Any) -> _Rows:
    number = 0
    for batch in batches:
        for fields in batch.to_pylist():
            number += 1
            yield f" row {number}", fields


def _pyarrow(path: Path) -> Any:
    try:
        import pyarrow
    except ImportError as err:
        raise MissingError(f"{path} needs pyarrow; run `pip install 'verireason[train]'`") from err
    return pyarrow


def _hub_files(source: Source, hub_url: str) -> list[tuple[str, Path, _Rows]]:
    try:
        import datasets
    except ImportError as err:
        raise MissingError(f"{source.hub} needs datasets; run `pip install 'verireason[train]'`") from err
    listed: list[tuple[str, Path, _Rows]] = []
    for name in source.hub_files:
        url = f"{hub_url}{source.hub}/{name}"
        try:
            rows = datasets.load_dataset(_kind(name), data_files=url, split="train")
        except Exception as err:  # whatever lies between here and the hub: network, name, rights, disk
            raise MissingError(
                f"{url}: {_first_line(err)}; give a directory with a copy of it where there is no network"
            ) from err
        listed.append((url, Path(name), ((f" row {number}", fields) for number, fields in enumerate(rows, start=1))))
    return listed


def _first_line(err: BaseException) -> str:
    return (str(err).strip().splitlines() or [type(err).__name__])[0][:200]


def _words(value: object) -> str:
    return "null" if value is None else describe(type(value))
