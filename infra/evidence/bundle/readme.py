"""What stands first in a bundle: for an auditor who has never seen one."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from infra.evidence.bundle.controls import Judged


_FOUND = {True: "satisfied", False: "not satisfied"}


def readme(
    *, stack: str, as_of: str, state: str, theorems: Sequence[Mapping[str, object]], judged: Sequence[Judged]
) -> str:
    """The text."""
    proofs = "\n".join(f"| {it['id']} {it['title']} | {it['answer']} | {it['examined']} |" for it in theorems)
    found = "\n".join(
        f"| {it.control.framework} {it.control.id} | {_FOUND[it.satisfied]} | {it.because} |" for it in judged
    )
    return f"""\
# Evidence for stack {stack}, as of {as_of}

Check it first, on a machine of your own, with Python 3.11 or newer and nothing else:

    python3 check.py

It says ACCEPTED, or REFUSED with the reason. Compare the digest of the attestation that it prints with the one that the
deploy job shows; where the attestation is signed, `python -m infra evidence check FOLDER --signer KEY` verifies that.

| file | what it is |
|---|---|
| `attestation.json` | an in-toto statement in a DSSE envelope: every other file by its SHA-256 |
| `preview.json` | what the engine said it would do, from a state with the hash {state} |
| `certificate.json` | why each theorem holds, to be checked against the preview |
| `checker.py` | checks the certificate: 500 lines of Python, no code in common with what proved it |
| `theorems.json` | the theorems' answers and what each assumes |
| `access.json` | who can do what to which data, from where, by which statement |
| `stack/` | the stack file and the lock that names every holder of data |
| `receipts/` | signed receipts of what was done to legacy sites |
| `oscal/` | the same in OSCAL: component definition and assessment results |
| `sbom.cdx.json`, `tools.json` | what software planned and proved this |

## Theorems
| theorem | answer | examined |
|---|---|---|
{proofs}

## Controls
Only controls that a theorem or a resource itself evidences; what people do, other evidence must show.

| control | finding | evidence |
|---|---|---|
{found}

## What this does not claim
Legal compliance; what a cloud replicates inside a region; access by a cloud's own staff; resources that nobody manages
here; that the clouds have what the state says (the nightly look for drift does). `theorems.json` lists all assumptions.
"""
