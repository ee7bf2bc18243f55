"""Encrypts the secret with which the key manager is asked, for the stack file: with the passphrase of its state.

The passphrase comes from its vault into this process and goes nowhere else, as in every run; who seals a secret neither
sees it nor has it in a file. The secret itself is asked for, and shown nowhere.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from infra.cli.refusal import BadStackFile, Refused
from infra.deploy import passphrase, real

if TYPE_CHECKING:
    from datetime import date

    from infra.cli.workspace import Workspace
    from infra.residency.placement import Plan


def sealed(workspace: Workspace, as_of: date, word: str) -> str:
    """The lines to write into the stack file, below `config`.

    Args:
        workspace: the stack, whose file may want for nothing but this secret.
        as_of: the day on which the plan is made.
        word: the secret.

    Raises:
        BadStackFile: the stack file may not be for another reason.
        Refused: there is nothing to encrypt, or nothing to encrypt it with.
    """
    from infra.engine.secrets import SecretsError, SecretsManager  # noqa: PLC0415 (slow to import)
    from infra.settings.schema import KEY_MANAGER_SECRET  # noqa: PLC0415 (the same)

    if not word or not word.isprintable():
        raise Refused(
            "the secret is none", allowed="printable characters on one line, as the identity domain shows them"
        )
    plan = _planned(workspace, as_of)
    home = real.home_of(workspace, plan)
    salt = real.salt_of(workspace)
    manager = SecretsManager(passphrase.read(real.clients_of(plan, home), home))
    try:
        manager.adopt_salt(salt)
        text = manager.encrypt(word)
    except SecretsError as error:
        raise Refused(f"the salt in {workspace.shown_file} is not of the stack's passphrase: {error}") from error
    return f"  {KEY_MANAGER_SECRET}:\n    secure: {text}"


def _planned(workspace: Workspace, as_of: date) -> Plan:
    """The plan as it will be once the secret is there."""
    from infra.residency.findings import ResidencyError  # noqa: PLC0415 (slow to import)
    from infra.residency.planner import plan  # noqa: PLC0415 (the same)
    from infra.settings import read  # noqa: PLC0415 (the same)
    from infra.settings.evidence import read_records  # noqa: PLC0415 (the same)

    file = read(workspace.file.read_bytes())
    if file.findings:
        raise BadStackFile(file.findings, workspace.shown_file)
    request = replace(file.request, keys=replace(file.request.keys, client_secret=True))
    try:
        return plan(request, as_of, read_records(workspace.root, workspace.stack))
    except ResidencyError as error:
        raise BadStackFile(error.findings, workspace.shown_file) from error
