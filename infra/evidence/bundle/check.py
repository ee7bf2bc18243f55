"""Checks an evidence bundle. Needs Python and nothing else:  python3 check.py [FOLDER]  (default: where it lies).

1. The attestation names every file by its SHA-256: one altered, added or missing file, and the bundle is refused.
2. The certificate is checked against the preview by `checker.py`, which shares no code with what proved it.
3. Attestation, certificate and preview speak of one stack.

What it cannot do with Python alone is verify a signature; `python -m infra evidence check --signer KEY` does. Without
one compare the digest that is printed with the one that the release or the deploy job shows.

Exit codes: 0 accepted, 1 refused, 2 no bundle.
"""

import base64
import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

ATTESTATION, CERTIFICATE, PREVIEW, CHECKER = "attestation.json", "certificate.json", "preview.json", "checker.py"
PAYLOAD_TYPE = "application/vnd.in-toto+json"
STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE = "urn:usdata:evidence:v1"


class RefusedError(Exception):
    """The bundle is not what it says."""


def check(folder: Path, checker: Path) -> list[str]:
    """What was found right, line by line.

    Args:
        folder: The bundle.
        checker: The certificate's checker that is trusted.

    Raises:
        RefusedError: Anything is not right.
        OSError: This is no bundle.
    """
    data = (folder / ATTESTATION).read_bytes()
    statement = statement_of(data)
    named = subjects(statement)
    present = dict(files(folder))
    for name in sorted({*named, *present}):
        if name not in present:
            raise RefusedError(f"{name} is missing")
        if name not in named:
            raise RefusedError(f"{name} was added")
        if hashlib.sha256(present[name].read_bytes()).hexdigest() != named[name]:
            raise RefusedError(f"{name} was altered")
    about = statement["predicate"]
    certificate = read(folder / CERTIFICATE)
    if certificate.get("stack") != about["stack"] or about["certificate"] != named[CERTIFICATE]:
        raise RefusedError("the certificate is of another stack than the attestation")
    done = subprocess.run(  # noqa: S603 - this interpreter, and the checker that the caller trusts
        [sys.executable, "-I", str(checker), str(folder / CERTIFICATE), str(folder / PREVIEW)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RefusedError(f"the certificate does not hold: {(done.stdout or done.stderr).strip()}")
    return [
        f"attestation  sha256:{hashlib.sha256(data).hexdigest()}",
        f"files        {len(named)}, each as it was attested",
        f"stack        {about['stack']}, as of {about['asOf']}",
        f"state        {about['state']}",
        *done.stdout.splitlines(),
    ]


def statement_of(data: bytes) -> dict[str, Any]:
    """The in-toto statement in an envelope.

    Raises:
        RefusedError: It is none, or of another kind.
    """
    try:
        envelope = json.loads(data)
        statement = json.loads(base64.b64decode(envelope["payload"], validate=True))
        kinds = (envelope["payloadType"], statement["_type"], statement["predicateType"])
    except (ValueError, KeyError, TypeError) as error:
        raise RefusedError(f"the attestation cannot be read ({type(error).__name__})") from None
    if kinds != (PAYLOAD_TYPE, STATEMENT_TYPE, PREDICATE_TYPE):
        raise RefusedError(f"the attestation is of another kind: {', '.join(map(str, kinds))}")
    return statement


def subjects(statement: Mapping[str, Any]) -> dict[str, str]:
    """The SHA-256 of each file that a statement names.

    Raises:
        RefusedError: A name stands twice, leads out of the folder, or has no digest.
    """
    found: dict[str, str] = {}
    for subject in statement["subject"]:
        name, digest = str(subject["name"]), str(subject["digest"].get("sha256", ""))
        if name in found or name.startswith("/") or ".." in name.split("/") or not digest:
            raise RefusedError(f"the attestation names {name!r} wrongly")
        found[name] = digest
    return found


def files(folder: Path) -> Iterator[tuple[str, Path]]:
    """Every file of the bundle but the attestation, by its name.

    Raises:
        RefusedError: Something in the folder is no plain file.
    """
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink() or not (path.is_file() or path.is_dir()):
            raise RefusedError(f"{name} is no plain file")
        if path.is_file() and name != ATTESTATION:
            yield name, path


def read(path: Path) -> dict[str, Any]:
    """The JSON object in a file of the bundle.

    Raises:
        RefusedError: There is none in it.
    """
    try:
        found: dict[str, Any] = json.loads(path.read_bytes())
        found.keys()
    except (ValueError, AttributeError):
        raise RefusedError(f"{path.name} holds no JSON object") from None
    return found


def main(arguments: list[str]) -> int:
    """The command line."""
    folder = Path(arguments[0]) if arguments else Path(__file__).resolve().parent
    try:
        print("\n".join(["ACCEPTED", *check(folder, folder / CHECKER)]))
    except (RefusedError, KeyError, TypeError, AttributeError) as error:
        print(f"REFUSED   {error}")
        return 1
    except OSError as error:
        print(f"this is no bundle: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.dont_write_bytecode = True  # a compiled file beside the bundle's own would be one too many
    sys.exit(main(sys.argv[1:]))
