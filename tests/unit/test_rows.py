"""Rows of published data sets: the same from every format, and one line for every way a file can be damaged."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from tests.conftest import missing
from verireason.data.rows import HUB, Source, parse_json, read_rows
from verireason.errors import MissingError, UserError

SOURCE = Source(hub="owner/numbers", parts=("train", "test"), hub_files=("data/test-*.jsonl",))
ROWS = [{"name": "one", "value": {"list": [1, 2]}}, {"name": "zwölf", "value": {"list": []}}]


def write(path: Path, rows: list[dict[str, object]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    if path.suffix == ".parquet":
        arrow_table(rows, path)
    elif path.suffix == ".arrow":
        arrow_stream(rows, path)
    elif path.suffix == ".gz":
        path.write_bytes(gzip.compress(lines.encode()))
    else:
        path.write_text(json.dumps(rows, indent=1) if path.suffix == ".json" else lines)


def arrow_table(rows: list[dict[str, object]], path: Path) -> None:
    pyarrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    parquet.write_table(pyarrow.Table.from_pylist(rows), path)


def arrow_stream(rows: list[dict[str, object]], path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    table = pyarrow.Table.from_pylist(rows)
    with pyarrow.OSFile(str(path), "wb") as file, pyarrow.ipc.new_stream(file, table.schema) as stream:
        stream.write_table(table)


@pytest.mark.parametrize(
    "name", ["test.jsonl", "test-00000-of-00001.jsonl.gz", "test.json", "data/test-0.parquet", "test/data-0.arrow"]
)
def test_every_format_gives_the_same_rows(tmp_path: Path, name: str) -> None:
    write(tmp_path / name, ROWS)
    assert [row.fields for row in read_rows(tmp_path, SOURCE)] == ROWS


def test_rows_are_counted_by_part_and_directory(tmp_path: Path) -> None:
    for name in ("a/test.jsonl", "a/test2.jsonl", "a/train.jsonl", "b/test.jsonl"):
        write(tmp_path / name, ROWS[:1])
    found = [(row.directory, row.part, row.index) for row in read_rows(tmp_path, SOURCE)]
    assert found == [("a", "test", 0), ("a", "test", 1), ("a", "train", 0), ("b", "test", 0)]


def test_files_of_something_else_are_not_read(tmp_path: Path) -> None:
    write(tmp_path / "train.jsonl", ROWS)
    write(tmp_path / "output.jsonl", ROWS)
    write(tmp_path / "train" / "dataset_info.json", ROWS)
    (tmp_path / "train.py").write_text("raise SystemExit")
    assert len(list(read_rows(tmp_path, SOURCE))) == len(ROWS)


def test_of_two_formats_one_is_read(tmp_path: Path) -> None:
    write(tmp_path / "ALL" / "test-0.parquet", ROWS)
    write(tmp_path / "test" / "data-0.arrow", ROWS)
    assert len(list(read_rows(tmp_path, SOURCE))) == len(ROWS)


def test_ints_of_any_length_are_read() -> None:
    digits = "9" * 9999
    assert parse_json(f"[{digits}, -{digits}, 12]") == [10**9999 - 1, -(10**9999 - 1), 12]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("test.jsonl", b'{"name": "one"}\n{"name": \n', "test.jsonl:2: not JSON (Expecting value"),
        ("test.jsonl", b'{"name": "one"}\n\xff\n', "test.jsonl:2: not JSON ('utf-8' codec can't decode"),
        ("test.jsonl", b'{"name": "one"}\n[1]\n', "test.jsonl:2: found a list; every row is an object"),
        ("test.jsonl", b"[" * 100_000, "test.jsonl: not JSON (nested too deep)"),
        ("test.json", b'[{"name": "one"}, 3]', "test.json row 2: found an int; every row is an object"),
        ("test.json", b'[{"name": "one"}', "test.json: not JSON (Expecting ',' delimiter"),
        ("test.jsonl", b"\n", "its files hold no rows"),
        (
            "test.jsonl.gz",
            gzip.compress(b'{"name": "one"}\n' * 99, mtime=0)[:-9],
            "test.jsonl.gz: cannot be read (Compressed",
        ),
        ("test.jsonl.gz", b"not gzip", "test.jsonl.gz: cannot be read (Not a gzipped file"),
        ("test.parquet", b"PAR1, and no more", "test.parquet: not parquet, or a part of it ("),
        ("test.arrow", b"no arrow", "test.arrow: not an arrow stream, or a part of one ("),
        ("other.jsonl", b"{}\n", "no file train*, test* (.jsonl, .jsonl.gz, .json, .parquet, .arrow) in it"),
    ],
)
def test_a_damaged_file_is_one_line_that_names_it(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UserError) as raised:
        list(read_rows(tmp_path, SOURCE))
    assert str(tmp_path) in str(raised.value)
    assert message in str(raised.value)
    assert "\n" not in str(raised.value)


def test_fields_of_the_wrong_type_name_the_row(tmp_path: Path) -> None:
    write(tmp_path / "test.jsonl", [{"name": 3, "tests": "[1, "}])
    (row,) = read_rows(tmp_path, SOURCE)
    with pytest.raises(UserError, match=r"test\.jsonl:1: field name is an int; expected a text"):
        row.text("name")
    with pytest.raises(UserError, match=r"test\.jsonl:1: field absent is null; expected a text"):
        row.text("absent")
    with pytest.raises(UserError, match=r"test\.jsonl:1: field tests is not JSON \(Expecting value"):
        row.json("tests")
    assert row.text_or_none("absent") is None
    assert row.json("absent") is None


def test_the_hub_is_read_through_datasets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    try:
        import datasets
    except ImportError:
        missing("datasets is not installed")
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    write(tmp_path / "hub" / "owner" / "numbers" / "data" / "test-0.jsonl", ROWS)
    rows = list(read_rows(HUB, SOURCE, hub_url=f"{tmp_path}/hub/"))
    assert [row.fields for row in rows] == ROWS
    assert rows[1].where == f"{tmp_path}/hub/owner/numbers/data/test-*.jsonl row 2"
    assert [row.part for row in rows] == ["test", "test"]


def test_a_hub_that_cannot_be_read_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(MissingError) as raised:
        list(read_rows(HUB, SOURCE, hub_url=f"{tmp_path}/hub/"))
    assert f"{tmp_path}/hub/owner/numbers/data/test-*.jsonl: " in str(raised.value)
    assert "\n" not in str(raised.value)
