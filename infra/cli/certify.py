"""The proof of a review: made with it, and made again, from the same bytes, before it is applied."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from infra.cli.refusal import Exit, Refused

if TYPE_CHECKING:
    from datetime import date

    from infra.cli.workspace import Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class Proved:
    """A proof in which every theorem is proved: as a document, and as a certificate that others can check."""

    document: dict[str, Any]
    certificate: bytes


def prove(preview: bytes, workspace: Workspace, as_of: date) -> Proved:
    """The proof of a preview.

    Raises:
        Refused: It is refuted (exit 1), undecided (3), or there is nothing to decide on (2).
    """
    from infra.verify import certificate  # noqa: PLC0415 (only a review needs the proof)
    from infra.verify.inputs import Asked, load  # noqa: PLC0415 (the same)
    from infra.verify.proof import prove as decide  # noqa: PLC0415 (the same)
    from infra.verify.report import document, text  # noqa: PLC0415 (the same)
    from infra.verify.sources.loaded import UnusableError  # noqa: PLC0415 (the same)
    from infra.verify.verdict import Answer  # noqa: PLC0415 (the same)

    with tempfile.TemporaryDirectory(prefix="usdata-proof-") as folder:
        path = Path(folder) / "preview.json"
        path.write_bytes(preview)
        receipts = workspace.root / "stacks" / "receipts" / workspace.stack
        asked = Asked(preview=path, state=None, stack_file=None, receipts=receipts, as_of=as_of, project=workspace.root)
        try:
            loaded, context = load(asked)
        except UnusableError as error:
            raise Refused(f"the preview cannot be proved: {error}") from error
    found = decide(context)
    if found.answer is not Answer.PROVED:
        print("\n".join(text.render(found, name="the preview", certificate="")), file=sys.stderr)
        raise Refused(
            f"residency is {found.answer.value}",
            why="what is not proved is neither reviewed nor applied",
            fix="mend what is named above, and preview again",
            code=Exit.FAILED if found.answer is Answer.REFUTED else Exit.UNDECIDED,
        )
    made = certificate.certificate(found, kind=loaded.kind)
    digest = certificate.digest(made)
    return Proved(document=document.document(found, certificate=digest), certificate=certificate.text(made).encode())


def check(certificate: Path, preview: Path) -> None:
    """Nothing, where the checker, which shares no code with the prover, accepts a certificate of a preview.

    Raises:
        Refused: It does not.
    """
    from infra.verify import checker  # noqa: PLC0415 (only a review needs it)

    program = Path(checker.__file__).with_name("checker.py")
    done = subprocess.run(  # noqa: S603 (this interpreter, our own file)
        [sys.executable, "-I", str(program), str(certificate), str(preview)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise Refused(
            "the certificate does not hold for the preview",
            given=(done.stdout or done.stderr).strip().splitlines()[0],
            fix="make and review a new one",
            code=Exit.FAILED,
        )
