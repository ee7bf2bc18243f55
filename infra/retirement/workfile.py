"""The work file of a site: what was seen and done, in one SQLite file that survives being killed at any moment.

Every step writes its progress in the same transaction as what it learned, so that a rerun goes on where the last
commit left off. One process at a time: a second one finds the file locked. The file holds object names, which are user
data: it is made readable by its owner only, and belongs on an encrypted disk.
"""

from __future__ import annotations

import json
import os
import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from infra.residency.receipts import BucketCensus
from infra.retirement import merkle
from infra.retirement.entry import Entry, Kind
from infra.retirement.errors import BadInputError, UnfinishedError
from infra.retirement.pages import Mark, Page

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator, Sequence
    from pathlib import Path

CENSUS = "census"
FRESH = "fresh"
ORACLE = "oracle"

SHARD = "shard"
"""Under this name stands which shard of a census the file holds, if it is not a whole one."""

_SCHEMA = """
create table if not exists fact (name text primary key, value text not null) without rowid;
create table if not exists entry (
  listing text, bucket text, key text, version text, kind text, size integer, checksum text, modified text, latest
  integer, leaf text, primary key (listing, bucket, key, version, kind)) without rowid;
create table if not exists mark (
  listing text, bucket text, kind text, key text, version text, done integer,
  primary key (listing, bucket, kind)) without rowid;
create table if not exists verdict (
  bucket text, leaf text, outcome text, sha256 text, oracle_bucket text, oracle_key text, etag text, encryption text,
  primary key (bucket, leaf)) without rowid;
create table if not exists copy (
  bucket text, leaf text, oracle_bucket text, oracle_key text, upload text,
  primary key (bucket, leaf)) without rowid;
create table if not exists hold (
  bucket text, leaf text, until text, legal integer, primary key (bucket, leaf)) without rowid;
create table if not exists deletion (bucket text, leaf text, state text, primary key (bucket, leaf)) without rowid;
"""


class Workfile:
    """An open work file; made by `open_workfile`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    @contextmanager
    def transaction(self) -> Generator[None]:
        """Everything inside is committed together, or not at all."""
        self._connection.execute("begin immediate")
        try:
            yield
        except BaseException:
            self._connection.execute("rollback")
            raise
        self._connection.execute("commit")

    def rows(self, sql: str, *parameters: object) -> list[Any]:
        """The rows that a query gives, all of them: ask for a bounded number."""
        return self._connection.execute(sql, parameters).fetchall()

    def stream(self, sql: str, *parameters: object) -> Iterator[Any]:
        """The rows that a query gives, one by one; nothing may be written meanwhile."""
        return iter(self._connection.execute(sql, parameters))

    def run(self, sql: str, rows: Iterable[Sequence[object]] = ((),)) -> None:
        """Run a statement once for each row of parameters, inside a transaction."""
        self._connection.executemany(sql, rows)

    def fact(self, name: str) -> Any:
        """The value noted under this name, or None."""
        found = self.rows("select value from fact where name = ?", name)
        return json.loads(found[0][0]) if found else None

    def note(self, name: str, value: object) -> None:
        """Note a value under a name, inside a transaction; None forgets it."""
        if value is None:
            self.run("delete from fact where name = ?", [(name,)])
        else:
            self.run("insert or replace into fact values (?, ?)", [(name, json.dumps(value, sort_keys=True))])

    # Listings ---------------------------------------------------------------------------------------------------------

    def forget_listing(self, listing: str) -> None:
        """Forget all entries and marks of a listing, inside a transaction."""
        self.run("delete from entry where listing = ?", [(listing,)])
        self.run("delete from mark where listing = ?", [(listing,)])

    def mark(self, listing: str, bucket: str, kind: Kind) -> tuple[Mark | None, bool]:
        """Where to go on with a listing, and whether it is complete."""
        found = self.rows(
            "select key, version, done from mark where (listing, bucket, kind) = (?, ?, ?)", listing, bucket, kind
        )
        if not found:
            return None, False
        key, version, done = found[0]
        return Mark(key=key, version=version), bool(done)

    def add_page(self, listing: str, bucket: str, kind: Kind, page: Page) -> None:
        """Note a page and where the next begins, in one transaction.

        Raises:
            UnfinishedError: an entry was listed twice with different content.
        """
        after = page.after or Mark(key="", version="")
        rows = [
            (listing, bucket, e.key, e.version, e.kind, e.size, e.checksum, e.modified, int(e.latest), e.leaf)
            for e in page.entries
        ]
        with self.transaction():
            before = self._connection.total_changes
            self.run("insert or ignore into entry values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
            if self._connection.total_changes - before != len(rows):
                self._same_as_before(listing, bucket, page)
            self.run(
                "insert or replace into mark values (?, ?, ?, ?, ?, ?)",
                [(listing, bucket, kind, after.key, after.version, int(page.after is None))],
            )

    def _same_as_before(self, listing: str, bucket: str, page: Page) -> None:
        for entry in page.entries:
            where = (listing, bucket, entry.key, entry.version, entry.kind)
            found = self.rows(
                "select leaf from entry where (listing, bucket, key, version, kind) = (?, ?, ?, ?, ?)", *where
            )
            if found[0][0] != entry.leaf:
                raise UnfinishedError(
                    f"{bucket}: {entry.key!r} version {entry.version!r} was listed twice with different content: "
                    "it is being written; stop the writer and take the census again"
                )

    def entries(self, bucket: str, where: str, after: Entry | None, limit: int, *parameters: object) -> list[Entry]:
        """The next entries of the census for which a condition on `e` holds, in the order of keys and versions."""
        start = (after.key, after.version, after.kind) if after else ("", "", "")
        found = self.rows(
            "select e.kind, e.key, e.version, e.size, e.checksum, e.modified, e.latest from entry e"  # noqa: S608 - own text
            f" where e.listing = 'census' and e.bucket = ? and (e.key, e.version, e.kind) > (?, ?, ?) and ({where})"
            " order by e.key, e.version, e.kind limit ?",
            bucket,
            *start,
            *parameters,
            limit,
        )
        return [_entry(row) for row in found]

    def each_entry(self, bucket: str, where: str, *parameters: object) -> Iterator[Entry]:
        """All entries of the census for which a condition holds, in bounded memory; writes are allowed meanwhile."""
        last: Entry | None = None
        while batch := self.entries(bucket, where, last, 1000, *parameters):
            yield from batch
            last = batch[-1]

    def leaves(self, listing: str, bucket: str) -> Iterator[str]:
        """The leaves of a listing in ascending order; nothing may be written meanwhile."""
        rows = self.stream("select leaf from entry where listing = ? and bucket = ? order by leaf", listing, bucket)
        return (row[0] for row in rows)

    def census(self, listing: str, bucket: str) -> BucketCensus:
        """Root and counts of a complete listing."""
        root = merkle.root(self.leaves(listing, bucket))
        ((versions, markers, uploads, size),) = self.rows(
            "select coalesce(sum(kind = 'version'), 0), coalesce(sum(kind = 'marker'), 0),"
            " coalesce(sum(kind = 'upload'), 0), coalesce(sum(size), 0) from entry where listing = ? and bucket = ?",
            listing,
            bucket,
        )
        return BucketCensus(bucket=bucket, root=root, versions=versions, markers=markers, uploads=uploads, size=size)

    def count(self, listing: str, where: str = "true", *parameters: object) -> int:
        """How many entries `e` a listing has so far that fulfil a condition."""
        sql = f"select count(*) from entry e where e.listing = ? and ({where})"  # noqa: S608 - own text
        return int(self.rows(sql, listing, *parameters)[0][0])


def _entry(row: Sequence[Any]) -> Entry:
    kind, key, version, size, checksum, modified, latest = row
    return Entry(
        kind=Kind(kind),
        key=key,
        version=version,
        size=size,
        checksum=checksum,
        modified=modified,
        latest=bool(latest),
    )


@contextmanager
def open_workfile(path: Path) -> Generator[Workfile]:
    """Open a site's work file, making it where there is none, and keep every other process out of it.

    Raises:
        BadInputError: another run is using it, or it is no work file.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    connection = sqlite3.connect(path, timeout=0, isolation_level=None)
    try:
        connection.execute("pragma locking_mode = exclusive")
        connection.execute("pragma journal_mode = wal")
        connection.execute("pragma synchronous = full")
        connection.execute("pragma temp_store = file")
        connection.execute("pragma cache_size = -8192")  # 8 MiB, however large the file grows
        connection.executescript(_SCHEMA)
    except sqlite3.OperationalError as problem:
        connection.close()
        if "locked" in str(problem):
            raise BadInputError(f"{path}: another run is using it; wait for it or end it") from None
        raise BadInputError(f"{path}: {problem}") from None
    except sqlite3.DatabaseError as problem:
        connection.close()
        raise BadInputError(f"{path}: not a work file ({problem}); remove it and take the census again") from None
    try:
        yield Workfile(connection)
    finally:
        connection.close()
