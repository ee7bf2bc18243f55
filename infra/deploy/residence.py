"""The state of a real stack: in its bucket in the United States, and on this machine for the length of one run.

`pulumi` keeps states on disk, in a hosted service, or in a bucket through an interface that takes long-lived keys only.
So a run brings the state into a private folder, has `pulumi` keep it there (`file://`), and brings every change back
while it goes on: the bucket is at most a few seconds behind. Each write names what it replaces (`bucket`), and what it
replaces is kept first, under its own SHA-256. A lock in the bucket lets one run in at a time.
"""

from __future__ import annotations

import getpass
import hashlib
import json
import os
import socket
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast

from infra.cli.refusal import Exit, Refused
from infra.cli.workspace import PROJECT
from infra.deploy.bucket import Bucket, ChangedError, Stored
from infra.engine.encoding import SECRET, SIGNATURE_KEY

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Mapping
    from pathlib import Path


@dataclass(slots=True, kw_only=True)
class Checkout:
    """A state on this machine.

    Attributes:
        stored: what the bucket has, or None where it has none yet.
        folder: the folder of the file backend.
    """

    bucket: Bucket
    stack: str
    folder: Path
    stored: Stored | None

    @property
    def file(self) -> Path:
        """Where `pulumi` keeps the state."""
        return self.folder / ".pulumi" / "stacks" / PROJECT / f"{self.stack}.json"

    def save(self) -> None:
        """Bring what is new back into the bucket.

        Raises:
            Refused: Somebody else wrote the state, whose lock this is; what this run knows stays in the folder.
        """
        if not self.file.exists():
            return
        data = self.file.read_bytes()
        if not data or (self.stored is not None and data == self.stored.data):
            return
        refuse_plain(data)
        if self.stored is not None:
            keep(self.bucket, self.stack, self.stored.data)
        try:
            etag = self.bucket.write(
                _state(self.stack), data, replacing=self.stored.etag if self.stored is not None else None
            )
        except ChangedError as error:
            raise Refused(
                "the state in the bucket is not the one that this run began with",
                given=f"{self.bucket.name}/{_state(self.stack)}",
                why="something wrote it past the lock; which of the two is right, a person has to say",
                fix=f"what this run knows is in {self.file}; compare, then `python -m infra.deploy restore`",
                code=Exit.FAILED,
            ) from error
        self.stored = Stored(data=data, etag=etag)


@contextmanager
def checked_out(bucket: Bucket, stack: str, folder: Path, *, writable: bool) -> Generator[Checkout]:
    """The state in a folder until the block ends; locked if it is to be written.

    Raises:
        Refused: Another run has the lock, or the state holds a secret in the clear.
    """
    if not writable:
        yield _brought(bucket, stack, folder)
        return
    with locked(bucket, stack):
        checkout = _brought(bucket, stack, folder)
        try:
            yield checkout
        finally:
            checkout.save()


def _brought(bucket: Bucket, stack: str, folder: Path) -> Checkout:
    checkout = Checkout(bucket=bucket, stack=stack, folder=folder, stored=bucket.read(_state(stack)))
    checkout.file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if checkout.stored is not None:
        refuse_plain(checkout.stored.data)
        checkout.file.write_bytes(checkout.stored.data)
    return checkout


@contextmanager
def locked(bucket: Bucket, stack: str) -> Generator[None]:
    """The stack's lock, held until the block ends.

    Raises:
        Refused: Another run holds it.
    """
    owner = {"host": socket.gethostname(), "process": os.getpid(), "since": _now(), "user": getpass.getuser()}
    run = os.environ.get("GITHUB_RUN_ID")
    text = json.dumps(owner | ({"run": run} if run else {}), sort_keys=True)
    try:
        etag = bucket.write(_lock(stack), text.encode(), replacing=None)
    except ChangedError as error:
        raise Refused(
            f"another run has the state of {stack}",
            given=_owner(bucket, stack),
            why="two runs at once would each undo what the other writes",
            fix=f"wait for it; if it is gone for good: python -m infra.deploy unlock --stack {stack}",
            code=Exit.FAILED,
        ) from error
    try:
        yield
    finally:
        bucket.remove(_lock(stack), etag=etag)


def unlock(bucket: Bucket, stack: str) -> str:
    """Remove the lock that a dead run left; returns whose it was, or nothing where there was none."""
    found = bucket.read(_lock(stack))
    if found is None:
        return ""
    bucket.remove(_lock(stack), etag=found.etag)
    return found.data.decode(errors="replace")


def keep(bucket: Bucket, stack: str, data: bytes) -> str:
    """Keep a copy of a state under its own digest; returns the copy's name. One that is there already will do."""
    name = f"{stack}/kept/{hashlib.sha256(data).hexdigest()}.json"
    with suppress(ChangedError):
        bucket.write(name, data, replacing=None)
    return name


def restore(bucket: Bucket, stack: str, copy: str) -> None:
    """Make a kept copy the state again; what it replaces is kept, too.

    Raises:
        Refused: There is no such copy, it is not what its name says, or another run has the state.
    """
    with locked(bucket, stack):
        found, now = bucket.read(copy), bucket.read(_state(stack))
        if found is None or copy != f"{stack}/kept/{hashlib.sha256(found.data).hexdigest()}.json":
            known = bucket.names(f"{stack}/kept/")
            raise Refused(
                "there is no such copy of the state" if found is None else "the copy is not what its name says",
                given=copy,
                allowed=", ".join(known) or "none: nothing was ever replaced",
                fix="name one of these; the bucket's own versions are older ones",
            )
        refuse_plain(found.data)
        if now is not None:
            keep(bucket, stack, now.data)
        bucket.write(_state(stack), found.data, replacing=now.etag if now is not None else None)


def refuse_plain(data: bytes) -> None:
    """Nothing, where every secret of a state is encrypted with the passphrase.

    Raises:
        Refused: One is not, another provider encrypts them, or this is no state.
    """
    try:
        document = cast("Mapping[str, Any]", json.loads(data))
        latest = cast("Mapping[str, Any]", document["checkpoint"].get("latest") or {})
        provider = (cast("Mapping[str, Any] | None", latest.get("secrets_providers")) or {}).get("type")
        secrets = list(_secrets(latest))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise Refused(
            f"this is no state of the file backend ({type(error).__name__}: {error})",
            fix="python -m infra.deploy restore lists the copies that are kept",
            code=Exit.FAILED,
        ) from error
    plain = any("ciphertext" not in secret for secret in secrets)
    if plain or provider not in {None, "passphrase"} or (provider is None and secrets):
        raise Refused(
            "the state holds secrets that its passphrase does not guard",
            given="a secret in the clear" if plain else f"secrets of provider {provider}",
            allowed="secrets encrypted with the passphrase in the state's own region",
            why="whoever reads the state would read them, or a service elsewhere could open them",
            fix="pulumi stack change-secrets-provider passphrase, and rotate what was in the clear",
            code=Exit.FAILED,
        )


def _secrets(value: Any) -> Iterator[Mapping[str, Any]]:
    """Every secret in a state."""
    if isinstance(value, dict):
        fields = cast("dict[str, Any]", value)
        if fields.get(SIGNATURE_KEY) == SECRET:
            yield fields
        else:
            for item in fields.values():
                yield from _secrets(item)
    elif isinstance(value, list):
        for item in cast("list[Any]", value):
            yield from _secrets(item)


def _state(stack: str) -> str:
    return f"{stack}/state.json"


def _lock(stack: str) -> str:
    return f"{stack}/lock.json"


def _owner(bucket: Bucket, stack: str) -> str:
    found = bucket.read(_lock(stack))
    return found.data.decode(errors="replace") if found is not None else "gone in this moment; try again"


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
