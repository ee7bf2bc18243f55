"""How the tool says no: one exception per exit code, each with what is wrong and what to do."""

from __future__ import annotations


class RetirementError(Exception):
    """A step that did not happen or did not end well; `lines` are shown as they are, one problem each."""

    exit_code = 2

    def __init__(self, *lines: str) -> None:
        self.lines = lines
        super().__init__("; ".join(lines))


class BadInputError(RetirementError):
    """Something given is wrong: a file, a flag, a setting, a key."""


class RefusedError(RetirementError):
    """What was found speaks against going on; the step that says so deleted and wrote nothing in a bucket."""

    exit_code = 1


class UnfinishedError(RetirementError):
    """The step did what it could; the rest needs another run, a date to pass, or a service to answer."""

    exit_code = 3
