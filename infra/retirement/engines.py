"""The two engines for a site that does not fit one process: the same SQL on DuckDB or Spark, over Parquet files."""

from __future__ import annotations

from contextlib import contextmanager
from enum import StrEnum
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol

from infra.retirement.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence


class EngineName(StrEnum):
    """DUCKDB runs in this process and spills to disk; SPARK runs where its settings say, locally if they are silent."""

    DUCKDB = "duckdb"
    SPARK = "spark"


class Engine(Protocol):
    """What census and comparison need of an engine."""

    def parquet(self, name: str, files: Sequence[str]) -> None:
        """Make the rows of Parquet files known under a name."""
        ...

    def table(self, name: str, rows: Sequence[tuple[str, str]]) -> None:
        """Make these rows of `key` and `version_id` known under a name, replacing what had it."""
        ...

    def view(self, name: str, sql: str) -> None:
        """Make the rows of a query known under a name, replacing what had it."""
        ...

    def rows(self, sql: str) -> Iterator[tuple[Any, ...]]:
        """The rows that a query gives, one by one, in bounded memory."""
        ...


@contextmanager
def engine(name: EngineName) -> Generator[Engine]:
    """A running engine.

    Raises:
        BadInputError: it is not installed.
    """
    match name:
        case EngineName.DUCKDB:
            with _module("duckdb", "inventory").connect() as connection:
                yield _DuckDB(connection)
        case EngineName.SPARK:
            session = _module("pyspark.sql", "spark").SparkSession.builder.appName("retirement").getOrCreate()
            try:
                yield _Spark(session)
            finally:
                session.stop()


def _module(name: str, extra: str) -> Any:
    try:
        return import_module(name)
    except ImportError:
        raise BadInputError(f"{name} is not installed; pip install '.[{extra}]' installs it") from None


class _DuckDB:
    def __init__(self, connection: Any) -> None:
        self._connection = connection
        connection.execute("create macro array_join(texts, between) as array_to_string(texts, between)")
        connection.execute("create macro sort_array(texts) as list_sort(texts)")
        connection.execute("create macro sha2(text, bits) as sha256(text)")

    def parquet(self, name: str, files: Sequence[str]) -> None:
        self.view(name, f"select * from read_parquet([{', '.join(map(_quoted, files))}])")  # noqa: S608 - quoted

    def table(self, name: str, rows: Sequence[tuple[str, str]]) -> None:
        self._connection.execute(f"create or replace temp table {name} (key string, version_id string)")
        if rows:
            keys, versions = zip(*rows, strict=True)
            columns = [list(keys), list(versions)]
            self._connection.execute(f"insert into {name} select unnest(?), unnest(?)", columns)

    def view(self, name: str, sql: str) -> None:
        self._connection.execute(f"create or replace temp view {name} as {sql}")

    def rows(self, sql: str) -> Iterator[tuple[Any, ...]]:
        answer = self._connection.execute(sql)
        while batch := answer.fetchmany(1000):
            yield from batch


class _Spark:
    def __init__(self, session: Any) -> None:
        self._session = session

    def parquet(self, name: str, files: Sequence[str]) -> None:
        self._session.read.parquet(*files).createOrReplaceTempView(name)

    def table(self, name: str, rows: Sequence[tuple[str, str]]) -> None:
        frame = self._session.createDataFrame(list(rows), "key string, version_id string")
        frame.createOrReplaceTempView(name)

    def view(self, name: str, sql: str) -> None:
        self._session.sql(f"create or replace temporary view {name} as {sql}")

    def rows(self, sql: str) -> Iterator[tuple[Any, ...]]:
        return map(tuple, self._session.sql(sql).toLocalIterator())


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
