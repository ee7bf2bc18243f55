"""Reads what a plan rests on beside the stack file: its receipts, its approvals, and its holders lock.

Receipts are the files `stacks/receipts/<stack>/<site>.<number>-<step>.json`, approvals of break-glass any JSON files in
`stacks/receipts/<stack>/break-glass/`, the lock is `stacks/<stack>.holders.lock`.
Nothing is judged here; what cannot be read is a finding, and a stack without a lock is one too.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from infra.residency.evidence import Evidence
from infra.residency.findings import Finding, ResidencyError, Rule
from infra.residency.holders_lock import Lock, UnreadableLockError, lock_of

_MOST_BYTES = 1 << 22


def lock_file(root: Path, stack: str) -> Path:
    """Where the holders lock of a stack is."""
    return root / "stacks" / f"{stack}.holders.lock"


def read_evidence(root: Path, stack: str) -> Evidence:
    """A stack's evidence.

    Raises:
        ResidencyError: there is no lock, or a file cannot be read.
    """
    lock = read_lock(root, stack)
    if lock is None:
        raise ResidencyError([_unreadable(lock_file(root, stack), "there is no such file", stack)])
    return replace(read_records(root, stack), deployed=lock.deployed)


def read_records(root: Path, stack: str) -> Evidence:
    """A stack's receipts and approvals, without what has been deployed.

    Raises:
        ResidencyError: a file cannot be read.
    """
    return Evidence(
        stack=stack,
        receipts=read_receipts(root, stack),
        verify=verify_ed25519,
        approvals=tuple(_records(root, stack, "break-glass/*.json")),
    )


def approvals_folder(root: Path, stack: str) -> Path:
    """Where the approvals of break-glass of a stack are."""
    return root / "stacks" / "receipts" / stack / "break-glass"


def read_lock(root: Path, stack: str) -> Lock | None:
    """The holders lock of a stack; None where there is none.

    Raises:
        ResidencyError: it cannot be read.
    """
    path = lock_file(root, stack)
    try:
        return lock_of(_text(path), stack)
    except FileNotFoundError:
        return None
    except OSError as error:
        problem = error.strerror or type(error).__name__
    except UnreadableLockError as error:
        problem = str(error)
    except ValueError as error:
        problem = f"it is no text ({error})"
    raise ResidencyError([_unreadable(path, problem, stack)])


def read_receipts(root: Path, stack: str) -> Mapping[str, tuple[tuple[str, str], ...]]:
    """(file name, content) of each site's receipts, oldest first, by site.

    Raises:
        ResidencyError: a file cannot be read.
    """
    receipts: dict[str, tuple[tuple[str, str], ...]] = {}
    for name, text in _records(root, stack, "*.[0-9][0-9][0-9][0-9]-*.json"):
        site = name.partition(".")[0]
        receipts[site] = (*receipts.get(site, ()), (name, text))
    return receipts


def _records(root: Path, stack: str, pattern: str) -> Iterator[tuple[str, str]]:
    for path in sorted((root / "stacks" / "receipts" / stack).glob(pattern)):
        try:
            yield path.name, _text(path)
        except (OSError, ValueError) as error:
            raise ResidencyError([_bad_receipt(path, error)]) from error


def verify_ed25519(public_key: bytes, signature: bytes, message: bytes) -> bool:
    """Whether a signature over a message was made with the private half of a raw public key."""
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415 - only where there are receipts
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey  # noqa: PLC0415 - the same

    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def _text(path: Path) -> str:
    with path.open("rb") as file:
        content = file.read(_MOST_BYTES + 1)
    if len(content) > _MOST_BYTES:
        raise ValueError(f"more than {_MOST_BYTES} bytes")
    return content.decode("utf-8")


def _unreadable(path: Path, problem: str, stack: str) -> Finding:
    return Finding(
        path="",
        rule=Rule.HOLDERS_LOCK,
        given=f"{path.name}: {problem}",
        allowed="a holders lock beside the stack file, as the lock command writes it",
        why="without it nobody knows what an update must not delete",
        fix=f"restore it from version control; for a new stack write it: python -m infra lock --stack {stack}",
    )


def _bad_receipt(path: Path, error: Exception) -> Finding:
    return Finding(
        path="",
        rule=Rule.RECEIPT,
        given=f"{path.name}: {error}",
        allowed="receipts that can be read",
        fix="restore the file from version control",
    )
