"""What exists in the simulated clouds, in one SQLite file.

Every effect is one transaction and the journal is write-ahead, so a process killed at any moment leaves either
all of an effect or nothing of it. Time in the clouds is simulated: it stands still during one session (one
deployment, as a rule) and moves on by a minute with the first effect of the next, so that two fresh runs of the
same commands give the same bytes whatever order parallel calls arrive in.
"""

import json
import sqlite3
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from infra.sandbox.values import Json

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
"""The simulated time before anything happened."""

_SCHEMA = """
CREATE TABLE resources (
    cloud TEXT NOT NULL, account TEXT NOT NULL, region TEXT NOT NULL, type TEXT NOT NULL, id TEXT NOT NULL,
    name TEXT, status TEXT NOT NULL, inputs TEXT NOT NULL, outputs TEXT NOT NULL, hidden TEXT NOT NULL,
    PRIMARY KEY (cloud, account, region, type, id)
);
CREATE INDEX by_type ON resources (cloud, type, name);
CREATE TABLE generations (key TEXT PRIMARY KEY, count INTEGER NOT NULL);
CREATE TABLE facts (key TEXT PRIMARY KEY, value TEXT NOT NULL);
"""
_VERSION = 1

ACTIVE = "ACTIVE"
PENDING_DELETION = "PENDING_DELETION"


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One resource that exists in a cloud."""

    cloud: str
    account: str
    """Tenancy OCID or AWS account number."""
    region: str
    """Region that holds it; empty for what belongs to an account as a whole."""
    type: str
    """Pulumi type token."""
    id: str
    name: str | None
    """Physical name, where the service demands unique ones."""
    inputs: Json
    outputs: Json
    status: str = ACTIVE
    """`ACTIVE`, or `PENDING_DELETION`: gone for a provider, but its name and key material still exist."""
    hidden: Json = field(default_factory=dict[str, Any])
    """Facts that no property shows, such as the number of objects in a bucket."""


class SandboxFileError(Exception):
    """The file of the simulated clouds cannot be used; the text says why and what to do."""


class Store:
    """Opens the file at its first use. Safe for threads; several processes take turns."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = None
        self._session_now: str | None = None

    @contextmanager
    def reading(self) -> Generator["Clouds"]:
        """A consistent view; changes made in it are lost."""
        with self._transaction(commit=False) as clouds:
            yield clouds

    @contextmanager
    def changing(self) -> Generator["Clouds"]:
        """A view whose changes are kept together if the block ends well, and lost together if it raises."""
        with self._transaction(commit=True) as clouds:
            yield clouds

    def copy_to(self, path: Path) -> None:
        """Write everything as it is now to a new file."""
        with self._lock:
            copy = sqlite3.connect(path)
            try:
                self._open().backup(copy)
            finally:
                copy.close()

    def close(self) -> None:
        """Release the file."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    @contextmanager
    def _transaction(self, *, commit: bool) -> Generator["Clouds"]:
        with self._lock:
            connection = self._open()
            connection.execute("BEGIN IMMEDIATE" if commit else "BEGIN")
            clouds = Clouds(connection, self._session_now)
            try:
                yield clouds
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT" if commit else "ROLLBACK")
            self._session_now = clouds.session_now if commit else self._session_now

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            try:
                self._connection = _connect(self._path)
            except (sqlite3.Error, OSError) as error:
                raise SandboxFileError(
                    f"{self._path}: cannot be used as the simulated clouds' file ({error}); "
                    "move it away, or run: python -m infra.sandbox reset"
                ) from error
        return self._connection


def _connect(path: Path) -> sqlite3.Connection:
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(path, timeout=30, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.execute("BEGIN IMMEDIATE")
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version == 0:
            for statement in _SCHEMA.split(";"):
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version={_VERSION}")
        connection.execute("COMMIT")
    except BaseException:
        connection.close()
        raise
    return connection


class Clouds:
    """Queries and changes inside one transaction."""

    def __init__(self, connection: sqlite3.Connection, session_now: str | None) -> None:
        self._connection = connection
        self.session_now = session_now

    def now(self) -> datetime:
        """Simulated time of this session; the first call of a session moves it on by a minute."""
        if self.session_now is None:
            latest = self.fact("now")
            moved = EPOCH if latest is None else datetime.fromisoformat(latest) + timedelta(minutes=1)
            self.session_now = moved.isoformat()
            self.set_fact("now", self.session_now)
        return datetime.fromisoformat(self.session_now)

    def version(self) -> int:
        """Changes whenever another connection has changed the file: whoever keeps what it read looks here first."""
        (version,) = self._connection.execute("PRAGMA data_version").fetchone()
        return version

    def fact(self, key: str) -> str | None:
        """A fact about the clouds themselves, such as a tenancy's home region."""
        row = self._connection.execute("SELECT value FROM facts WHERE key = ?", (key,)).fetchone()
        return row and row[0]

    def set_fact(self, key: str, value: str) -> None:
        """Remember a fact about the clouds themselves."""
        self._connection.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (key, value))

    def generation(self, key: str) -> int:
        """How often this was asked for the same key before: makes ids of re-created resources differ."""
        row = self._connection.execute(
            "INSERT INTO generations VALUES (?, 0) ON CONFLICT (key) DO UPDATE SET count = count + 1 RETURNING count",
            (key,),
        ).fetchone()
        return row[0]

    def find(self, **where: str | None) -> Record | None:
        """The first resource whose columns have these values, or None."""
        return next(iter(self.all(**where)), None)

    def all(self, **where: str | None) -> list[Record]:
        """Resources whose columns have these values (None: any), in a stable order."""
        given = {column: value for column, value in where.items() if value is not None}
        condition = " AND ".join(f"{column} = ?" for column in given) or "1"
        rows = self._connection.execute(
            "SELECT cloud, account, region, type, id, name, status, inputs, outputs, hidden FROM resources"  # noqa: S608 - columns are this module's parameter names, values are bound
            f" WHERE {condition} ORDER BY cloud, account, region, type, id",
            tuple(given.values()),
        )
        return [_record(row) for row in rows]

    def put(self, record: Record) -> None:
        """Add the resource, or put it in the place of the one with the same id."""
        self._connection.execute(
            "INSERT OR REPLACE INTO resources VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                record.cloud,
                record.account,
                record.region,
                record.type,
                record.id,
                record.name,
                record.status,
                *(json.dumps(part, sort_keys=True) for part in (record.inputs, record.outputs, record.hidden)),
            ),
        )

    def remove(self, record: Record) -> None:
        """Take the resource away."""
        self._connection.execute(
            "DELETE FROM resources WHERE cloud = ? AND account = ? AND region = ? AND type = ? AND id = ?",
            (record.cloud, record.account, record.region, record.type, record.id),
        )

    def clear(self) -> None:
        """Empty the clouds: no resource, no account, time at its beginning."""
        for table in ("resources", "generations", "facts"):
            self._connection.execute(f"DELETE FROM {table}")  # noqa: S608 - the names stand in the line above


def _record(row: tuple[Any, ...]) -> Record:
    cloud, account, region, type_, id_, name, status, inputs, outputs, hidden = row
    return Record(
        cloud=cloud,
        account=account,
        region=region,
        type=type_,
        id=id_,
        name=name,
        status=status,
        inputs=json.loads(inputs),
        outputs=json.loads(outputs),
        hidden=json.loads(hidden),
    )
