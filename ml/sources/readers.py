"""A retailer's CSV and Parquet files as Arrow tables or DuckDB relations, every cell as text."""

from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.parquet as pq

from ml.errors import SourceError
from ml.sources.mapping import TableMapping


def find_files(folder: Path, pattern: str) -> list[Path]:
    """The files below `folder` that match, in the order of their names.

    Raises:
        SourceError: there is none, or the pattern or a link leads out of the folder.
    """
    if Path(pattern).is_absolute() or ".." in Path(pattern).parts:
        raise SourceError(
            f"`files` in mapping.yml is {pattern!r}; expected files below {folder}: name them by "
            "a path from there"
        )
    paths = sorted(path for path in folder.glob(pattern) if path.is_file())
    if not paths:
        raise SourceError(
            f"{folder / pattern}: no such file; expected at least one: check `files` in "
            "mapping.yml, or wait for the export"
        )
    inside = folder.resolve()
    if linked := [path for path in paths if not path.resolve().is_relative_to(inside)]:
        raise SourceError(
            f"{linked[0]} is a link to {linked[0].resolve()}; expected files in {folder} itself: "
            "copy them there, or name the folder they lie in as the source"
        )
    return paths


def read_files(
    connection: duckdb.DuckDBPyConnection, folder: Path, mapped: TableMapping
) -> duckdb.DuckDBPyRelation:
    """The mapped columns of a table's files, in the order of file names and lines.

    Raises:
        SourceError: a file is missing, lacks a column, is truncated or in another encoding.
    """
    paths = find_files(folder, mapped.files)
    wanted = sorted(set(mapped.columns.values()))
    if all(path.suffix == ".parquet" for path in paths):
        for path in paths:
            _require(path, wanted, _parquet_columns(path))
        return connection.read_parquet([str(path) for path in paths], union_by_name=True)
    tables = [_read_csv(path, mapped, wanted) for path in paths]
    return connection.from_arrow(pa.concat_tables(tables))


def check_parquet(path: Path) -> pq.ParquetFile:
    """The file, opened.

    Raises:
        SourceError: it is missing or is not whole.
    """
    if not path.is_file():
        raise SourceError(f"{path} is missing; expected a Parquet file: export it again")
    try:
        return pq.ParquetFile(path)
    except pa.ArrowInvalid as error:
        raise SourceError(
            f"{path} is not a whole Parquet file ({path.stat().st_size} bytes: {error}); "
            "it may be truncated: copy or export it again"
        ) from error


def _parquet_columns(path: Path) -> list[str]:
    return list(check_parquet(path).schema_arrow.names)


def _read_csv(path: Path, mapped: TableMapping, wanted: list[str]) -> pa.Table:
    parse = pc.ParseOptions(delimiter=mapped.delimiter, newlines_in_values=True)
    text = pc.ConvertOptions(
        include_columns=wanted,
        column_types=dict.fromkeys(wanted, pa.string()),
        include_missing_columns=True,
        strings_can_be_null=True,
        null_values=[""],
    )
    try:
        encoding = pc.ReadOptions(encoding=mapped.encoding)
        with pc.open_csv(path, read_options=encoding, parse_options=parse) as head:
            names = head.schema.names
        _require(path, wanted, names)
        return pc.read_csv(path, encoding, parse, text)
    except LookupError as error:
        raise SourceError(
            f"{path}: encoding {mapped.encoding!r} is not known; write utf-8, cp1252, latin-1 ..."
        ) from error
    except (UnicodeError, pa.ArrowInvalid) as error:
        raise SourceError(
            f"{path} could not be read as {mapped.encoding} CSV with delimiter "
            f"{mapped.delimiter!r}: {error}; set `encoding` (cp1252 and latin-1 are common) or "
            "`delimiter` of the table in mapping.yml, or export the file again"
        ) from error


def _require(path: Path, wanted: list[str], present: list[str]) -> None:
    if missing := [name for name in wanted if name not in present]:
        raise SourceError(
            f"{path}: columns {missing} are missing; the file has {present}: correct `columns` "
            "in mapping.yml, or export them"
        )
