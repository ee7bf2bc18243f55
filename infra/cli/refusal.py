"""How the command line says no: one sentence first, then what was given, what is allowed and how to mend it."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infra.residency.findings import Finding


class Exit(IntEnum):
    """Exit codes of every command of this project."""

    DONE = 0
    """Done, or proved."""
    FAILED = 1
    """Refuted, or a deployment failed."""
    BAD_INPUT = 2
    """The stack file, an argument or a state cannot be used; nothing was planned."""
    UNDECIDED = 3
    """Neither proved nor refuted."""
    CHANGES = 7
    """No changes were expected, but there are some."""


class Refused(Exception):  # noqa: N818 (reads as what it is where it is raised)
    """A command that cannot be carried out as given; nothing was done.

    Attributes:
        reason: One sentence, without a full stop.
        details: What was given and allowed, why, and how to mend it, as far as known.
        code: The exit code.
    """

    def __init__(
        self,
        reason: str,
        *,
        given: str = "",
        allowed: str = "",
        why: str = "",
        fix: str = "",
        code: Exit = Exit.BAD_INPUT,
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.details = {"given": given, "allowed": allowed, "why": why, "fix": fix}
        self.code = code

    def text(self) -> str:
        """The refusal for people."""
        from infra.engine.display.text import escape  # noqa: PLC0415 (only a refusal needs it)

        rows = [f"     {label:<8} {escape(text)}" for label, text in self.details.items() if text]
        return "\n".join([f"usdata: {escape(self.reason)}.", *rows])

    def document(self) -> dict[str, object]:
        """The refusal for machines."""
        return {"error": self.reason, **{label: text for label, text in self.details.items() if text}}


class Unproved(Exception):  # noqa: N818 (reads as what it is where it is raised)
    """An update whose plan is not proved; nothing was applied.

    Attributes:
        code: The exit code.
    """

    def __init__(self, text: str, document: dict[str, object], code: Exit) -> None:
        super().__init__("the plan is not proved")
        self._text = text
        self._document = document
        self.code = code

    def text(self) -> str:
        """The refusal for people."""
        return self._text

    def document(self) -> dict[str, object]:
        """The refusal for machines."""
        return self._document


class BadStackFile(Exception):  # noqa: N818 (the same)
    """A stack file with findings.

    Attributes:
        findings: Everything that is wrong, in order.
        file: The stack file as a reader opens it.
        code: The exit code.
    """

    def __init__(self, findings: Sequence[Finding], file: str) -> None:
        super().__init__(f"{len(findings)} problems in {file}")
        self.findings = findings
        self.file = file
        self.code = Exit.BAD_INPUT

    def text(self) -> str:
        """The findings for people."""
        from infra.residency.findings import render  # noqa: PLC0415 (only a refusal needs it)

        return render(self.findings, self.file)

    def document(self) -> dict[str, object]:
        """The findings for machines."""
        return {"error": "bad stack file", "file": self.file, "findings": [f.document() for f in self.findings]}
