"""The state of a stack in a file: locked while it is used, and whole at any moment, whatever happens to the process.

The file is written to a temporary one, made durable and renamed. While a run goes on, each change goes to a log beside
it (`<file>.log`), one JSON document a line, made durable before the run does anything else. The log begins with the
hash of the file that it continues; when a run ends, the file is written anew and the log removed. A log that is left
over says what an interrupted run did after the file was written: it is folded into the state when the file is opened
next. A log that does not continue the file is from before it and is ignored; an unfinished last line never happened.

The lock is a file too (`<file>.lock`) that names its owner, whole from its first moment. Nobody but its owner removes
it, except `unlock` and, once its owner does not run any more, `unlock_dead`.
"""

from __future__ import annotations

import fcntl
import getpass
import hashlib
import json
import os
import socket
import tempfile
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Self, cast

from infra.engine import normalize, state
from infra.engine.resource import Operation, OperationKind
from infra.engine.state import Deployment, StateError

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from infra.engine.resource import Resource
    from infra.engine.secrets import SecretsManager


class LockedError(Exception):
    """Another run uses the state; the text names it."""


class StateFile:
    """A state file in use; also the `journal.Sink` of a run.

    Attributes:
        state: The state as it was when the file was opened.
    """

    def __init__(self, path: Path, manager: SecretsManager) -> None:
        self._path = path
        self._log_path = _beside(path, ".log")
        self._manager = manager
        self._log: int | None = None
        self._waiting: list[str] = []
        self.state, self._had_log = _load(path, self._log_path, manager)

    @classmethod
    @contextmanager
    def open(cls, path: Path, manager: SecretsManager, *, writable: bool = True) -> Generator[Self]:
        """Open a state file; one that does not exist is an empty state.

        Args:
            path: Where it is.
            manager: Encrypts and decrypts its secrets.
            writable: Lock it for a run that changes it; without, it can only be looked at.

        Raises:
            LockedError: Somebody else has locked it.
            StateError: It cannot be read.
            SecretsError: The passphrase is wrong.
        """
        if not writable:
            yield cls(path, manager)
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        _lock(path)
        try:
            file = cls(path, manager)
            if file._had_log:
                file.rebase(file.state)
            try:
                yield file
            finally:
                file._close_log()
        finally:
            _beside(path, ".lock").unlink(missing_ok=True)

    def rebase(self, base: Deployment) -> None:
        """Write the whole state; see `journal.Sink`.

        Raises:
            SecretsError: A new secret cannot be encrypted; the file stays as it was.
        """
        self._close_log()
        document = state.dump(base, encrypt=self._manager.encrypt)
        if self._manager.providers is not None:
            document["deployment"]["secrets_providers"] = self._manager.providers
        _write(self._path, json.dumps(document, indent=4, ensure_ascii=False).encode())
        self._log_path.unlink(missing_ok=True)

    def begin(self, number: int, operation: Operation) -> None:
        """See `journal.Sink`."""
        entry = {"begin": number, "type": str(operation.kind), "resource": self._dumped(operation.resource)}
        self._append(entry, lazy=False)

    def change(self, *, ended: int | None, put: dict[int, Resource], dropped: list[int], lazy: bool) -> None:
        """See `journal.Sink`."""
        records = {str(number): self._dumped(resource) for number, resource in put.items()}
        self._append({"ended": ended, "put": records, "dropped": dropped}, lazy=lazy)

    def _dumped(self, resource: Resource) -> dict[str, Any]:
        return state.dump_resource(resource, encrypt=self._manager.encrypt)

    def _append(self, entry: dict[str, Any], *, lazy: bool) -> None:
        self._waiting.append(json.dumps(entry, ensure_ascii=False, separators=(",", ":")))
        if lazy:
            return
        if self._log is None:
            self._log = os.open(self._log_path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            header = {"continues": _hash(self._path), "secrets_providers": self._manager.providers}
            self._waiting.insert(0, json.dumps(header))
        _write_all(self._log, ("\n".join(self._waiting) + "\n").encode())
        os.fsync(self._log)
        self._waiting = []

    def _close_log(self) -> None:
        self._waiting = []
        if self._log is not None:
            os.close(self._log)
            self._log = None


def unlock(path: Path) -> str:
    """Remove the lock of a state file, whoever holds it.

    Returns:
        Who held it, or the empty string if nobody did.
    """
    lock = _beside(path, ".lock")
    owner = _owner(lock)
    lock.unlink(missing_ok=True)
    return owner


def unlock_dead(path: Path) -> str:
    """Remove the lock of a state file if a process of this machine held it that does not run any more.

    Who finds the same dead lock at the same time takes turns, so that nobody removes the next one's new lock.

    Returns:
        Who held it, or the empty string if nobody did, or somebody who may still run.
    """
    lock = _beside(path, ".lock")
    if not lock.exists():
        return ""
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        return unlock(path) if _is_dead(lock) else ""
    finally:
        os.close(folder)


def _is_dead(lock: Path) -> bool:
    """Whether a lock says that a process of this machine holds it, and there is none with its number."""
    try:
        owner = cast("dict[str, Any]", json.loads(lock.read_text()))
        if owner["host"] == socket.gethostname():
            os.kill(int(owner["pid"]), 0)
    except ProcessLookupError:
        return True
    except (OSError, ValueError, KeyError, TypeError, OverflowError):
        return False
    return False


def _beside(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)


def _lock(path: Path) -> None:
    lock = _beside(path, ".lock")
    owner = {
        "pid": os.getpid(),
        "host": socket.gethostname(),
        "user": getpass.getuser(),
        "since": state.timestamp(datetime.now(UTC)),
    }
    with tempfile.NamedTemporaryFile("w", dir=path.parent, prefix=f"{lock.name}.") as file:
        json.dump(owner, file)
        file.flush()
        try:
            os.link(file.name, lock)
        except FileExistsError as error:
            raise LockedError(
                f"the stack is currently locked by 1 lock(s): {_owner(lock)}. Wait for the other process to end, or "
                "clear the lock with `python -m infra state unlock` if it does not run any more"
            ) from error


def _owner(lock: Path) -> str:
    """Who holds a lock and for how long, in words."""
    try:
        owner = cast("dict[str, Any]", json.loads(lock.read_text()))
        since = datetime.fromisoformat(owner["since"])
        minutes = int((datetime.now(UTC) - since).total_seconds() // 60)
        who = f"process {owner['pid']} of {owner['user']} on {owner['host']}"
    except FileNotFoundError:
        return ""
    except (ValueError, KeyError, TypeError):
        return "somebody who left no name"
    return f"{who}, for {minutes} min (since {owner['since']})"


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes() if path.exists() else b"").hexdigest()


def _write_all(handle: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(handle, view) :]


def _write(path: Path, data: bytes) -> None:
    """Replace a file by another content, so that it is one or the other at any moment."""
    temporary = _beside(path, ".new")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        _write_all(handle, data)
        os.fsync(handle)
    finally:
        os.close(handle)
    temporary.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _load(path: Path, log: Path, manager: SecretsManager) -> tuple[Deployment, bool]:
    """The state in a file, with what a left-over log adds; and whether there was such a log."""
    data = path.read_bytes() if path.exists() else b""
    base = _parse(path, data, manager)
    if not log.exists():
        return base, False
    try:
        return _continued(base, data, log, manager), True
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise StateError(f"{log} is no log of a run: {error}") from error


def _continued(base: Deployment, data: bytes, log: Path, manager: SecretsManager) -> Deployment:
    """The state after what a log adds to it; as it was if the log is from before it."""
    lines = log.read_bytes().split(b"\n")[:-1]  # as bytes: the unfinished line may end within a letter
    if not lines:
        return base
    header = cast("dict[str, Any]", json.loads(lines[0]))
    if header["continues"] != hashlib.sha256(data).hexdigest():
        return base
    if base.secrets_providers is None and header["secrets_providers"] is not None:
        base.secrets_providers = header["secrets_providers"]
        manager.adopt(base.secrets_providers)
    return _fold(base, [cast("dict[str, Any]", json.loads(line)) for line in lines[1:]], manager)


def _parse(path: Path, data: bytes, manager: SecretsManager) -> Deployment:
    if not data:
        manager.adopt(None)
        return Deployment()
    try:
        document = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise StateError(f"{path} is no JSON: {error}") from error
    manager.adopt(state.secrets_providers_of(document))
    try:
        return state.load(document, decrypt=manager.decrypt if manager.can_decrypt else None)
    except StateError as error:
        raise StateError(f"{path}: {error}") from error


def _fold(base: Deployment, entries: list[dict[str, Any]], manager: SecretsManager) -> Deployment:
    """The state after what a log says happened."""
    decrypt = manager.decrypt if manager.can_decrypt else None
    old = dict(enumerate(base.resources))
    new: dict[int, Resource] = {}
    pending: dict[int, Operation] = {}
    for entry in entries:
        if "begin" in entry:
            resource = state.load_resource(entry["resource"], decrypt=decrypt)
            pending[entry["begin"]] = Operation(resource=resource, kind=OperationKind(entry["type"]))
            continue
        pending.pop(entry["ended"], None)
        for number in entry["dropped"]:
            old.pop(number, None)
            new.pop(number, None)
        for text, document in entry["put"].items():
            records = old if int(text) in old else new
            records[int(text)] = state.load_resource(document, decrypt=decrypt)
    kept = [o for o in base.pending_operations if o.kind is OperationKind.CREATING]
    return replace(
        base,
        resources=normalize.current_names([*new.values(), *old.values()]),
        pending_operations=[*pending.values(), *kept],
        manifest=state.new_manifest(),
    )
