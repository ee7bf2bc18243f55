"""`python -m infra evidence`: a folder that an auditor takes away; and the check of one."""

from __future__ import annotations

import base64
import binascii
import json
import sys
from dataclasses import replace
from datetime import UTC, date, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

import click

from infra.cli.app import EPILOG, as_of_option, refusals, stack_option, workspace_of
from infra.cli.refusal import Exit, Refused

if TYPE_CHECKING:
    from collections.abc import Callable

    from infra.cli.workspace import Workspace
    from infra.evidence.bundle.bundle import Material
    from infra.residency.receipts import Envelope

_FILE: Final = click.Path(path_type=Path)
_INSTALL: Final = ".venv/bin/uv pip install --python .venv/bin/python -r pyproject.toml --extra evidence"
_KEY_BYTES: Final = 32


@click.group(invoke_without_command=True, epilog=EPILOG)
@stack_option(default="sandbox")
@as_of_option
@click.option("--state", "state_file", type=_FILE, metavar="FILE", help="Of this exported state. [default: its own]")
@click.option("--out", type=_FILE, metavar="DIR", help="A new folder.")
@click.option("--record", type=_FILE, metavar="FILE", help="What `python -m infra.deploy up --record` wrote.")
@click.option("--sign-with", "key", type=_FILE, metavar="PEM", help="Sign the attestation with this ed25519 key.")
@click.pass_context
def evidence(
    ctx: click.Context,
    /,
    *,
    stack: str,
    as_of: date | None,
    state_file: Path | None,
    out: Path | None,
    record: Path | None,
    key: Path | None,
) -> None:
    """Write a stack's evidence bundle.

    Preview, proof, access, receipts, software, controls. Only what is proved has one, and the same inputs give the same
    bytes. Exit 1 if refuted, 3 if undecided.
    """
    if ctx.invoked_subcommand is not None:
        return
    with refusals(as_json=False):
        if out is None:
            raise Refused("nothing says where the bundle goes", allowed="--out DIR, a new folder")
        if out.exists():
            raise Refused("the bundle cannot be written: it is there already", given=str(out), allowed="a new folder")
        signing, others = _signer(key), _record(record)
        from infra.evidence.bundle import bundle  # noqa: PLC0415 (slow to import: `--help` does without)

        material = _material(workspace_of(stack), as_of or datetime.now(UTC).date(), state_file, others)
        files = bundle.contents(material)
        attestation = signing(bundle.attest(material, files))
        try:
            digest = bundle.write(out, files, attestation)
        except OSError as error:
            raise Refused(
                f"the bundle cannot be written: {error.strerror}", given=str(out), allowed="a new folder"
            ) from error
    click.echo(f"usdata: the evidence for stack {stack} is in {out}.")
    click.echo(f"     digest   sha256:{digest}, of its attestation")
    click.echo(f"     check    python3 {out / 'check.py'}, on any machine with Python")


@evidence.command("check", epilog=EPILOG)
@click.argument("folder", type=_FILE, metavar="DIR")
@click.option("--digest", default="", metavar="SHA256", help="The attestation's digest, as it was published.")
@click.option("--signer", "signers", multiple=True, metavar="KEY", help="A public key (base64) that must have signed.")
def check_command(*, folder: Path, digest: str, signers: tuple[str, ...]) -> None:
    """Check a bundle: nothing altered, added or missing; the certificate holds.

    Uses this checkout's own checker, and refuses a bundle that brings another one.
    """
    with refusals(as_json=False):
        from infra.evidence.bundle import check  # noqa: PLC0415 (slow to import)
        from infra.verify import checker  # noqa: PLC0415 (the same)

        trusted = Path(checker.__file__).with_name("checker.py")
        try:
            lines = check.check(folder, trusted)
            _refuse_other_code(folder, {"check.py": Path(check.__file__), check.CHECKER: trusted})
            lines += _refuse_other_attestation((folder / check.ATTESTATION).read_bytes(), digest, signers)
        except (check.RefusedError, KeyError, TypeError, AttributeError) as error:
            raise Refused(f"the bundle is refused: {error}", given=str(folder), code=Exit.FAILED) from error
        except OSError as error:
            raise Refused(f"this is no bundle: {error.strerror}", given=str(folder)) from error
    click.echo("\n".join(["ACCEPTED", *lines]))


def _material(workspace: Workspace, as_of: date, state_file: Path | None, others: dict[str, bytes]) -> Material:
    from infra.cli import digests, runs  # noqa: PLC0415 (the engine is slow to import)
    from infra.cli.access import document as reach  # noqa: PLC0415 (the same)
    from infra.engine.digest import digest  # noqa: PLC0415 (the same)
    from infra.engine.options import Command  # noqa: PLC0415 (the same)
    from infra.engine.state import dump  # noqa: PLC0415 (the same)
    from infra.evidence.bundle.bundle import Material  # noqa: PLC0415 (the same)
    from infra.verify import checker  # noqa: PLC0415 (the same)

    outcome = runs.carry_out(
        runs.Request(command=Command.PREVIEW, workspace=workspace, as_of=as_of, state_file=state_file)
    )
    if outcome.result.exit:
        raise Refused("the preview failed: there is nothing to be evidence for", code=Exit.FAILED)
    preview = _reproducible(digest(outcome.events, show_sames=True))
    theorems, certificate = _proved(workspace, as_of, preview)
    state = dump(replace(outcome.before, pending_operations=[]), encrypt=lambda _text: "")
    return Material(
        stack=workspace.stack,
        as_of=as_of.isoformat(),
        version=_project()["version"],
        source=digests.source(workspace.root),
        state=digests.state(state),
        preview=preview,
        certificate=certificate,
        theorems=theorems,
        access=reach(outcome.loaded, workspace.shown_file),
        checker=Path(checker.__file__).with_name("checker.py").read_bytes(),
        files={**_files(workspace), **others},
        tools={"engine": "embedded", "python": sys.version.split()[0], **_versions()},
    )


def _reproducible(document: dict[str, Any]) -> bytes:
    """A preview without what another run of the same has otherwise: how long it took, in which order, by which call."""
    document.pop("duration", None)
    steps = cast("list[dict[str, Any]]", document["steps"])
    steps.sort(key=_urn)
    for step in steps:
        for state in (step.get("oldState"), step.get("newState")):
            if state is not None:
                state.pop("stackTrace", None)
    return (json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode()


def _urn(step: dict[str, Any]) -> str:
    return str(step["urn"])


def _proved(workspace: Workspace, as_of: date, preview: bytes) -> tuple[dict[str, Any], bytes]:
    """The theorems' answers, and the certificate.

    Raises:
        Refused: Not all are proved.
    """
    from infra.cli import certify  # noqa: PLC0415 (the engine is slow to import)

    proved = certify.prove(preview, workspace, as_of)
    return proved.document, proved.certificate


def _files(workspace: Workspace) -> dict[str, bytes]:
    from infra.evidence.bundle.sbom import pins, sbom  # noqa: PLC0415 (slow to import)

    root, stack = workspace.root, workspace.stack
    project = _project()
    lines = [*(root / "requirements.txt").read_text(encoding="utf-8").splitlines()]
    lines += cast("list[str]", project["optional-dependencies"]["cli"])
    try:
        found = {"sbom.cdx.json": sbom("usdata", project["version"], pins(lines))}
    except ImportError as error:
        raise Refused("evidence needs the package cyclonedx-python-lib", fix=_INSTALL) from error
    found[f"stack/{workspace.file.name}"] = workspace.file.read_bytes()
    lock = root / "stacks" / f"{stack}.holders.lock"
    if lock.exists():
        found[f"stack/{lock.name}"] = lock.read_bytes()
    for path in sorted((root / "stacks" / "receipts" / stack).glob("*.json")):
        found[f"receipts/{path.name}"] = path.read_bytes()
    return found


def _record(path: Path | None) -> dict[str, bytes]:
    if path is None:
        return {}
    try:
        return {"deployment.json": path.read_bytes()}
    except OSError as error:
        raise Refused(f"the record cannot be read: {error.strerror}", given=str(path)) from error


def _project() -> dict[str, Any]:
    import tomllib  # noqa: PLC0415 (only here)

    from infra.cli.workspace import ROOT  # noqa: PLC0415 (slow to import)

    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def _versions() -> dict[str, str]:
    return {name: version(name) for name in ("pulumi", "pulumi-aws", "pulumi-oci", "click")}


def _signer(key: Path | None) -> Callable[[Envelope], Envelope]:
    """What signs an attestation: with a key, or not at all."""
    if key is None:
        return lambda attestation: attestation
    from infra.retirement.errors import BadInputError  # noqa: PLC0415 (only for a signature)
    from infra.retirement.signing import load_private_key, sign  # noqa: PLC0415 (the same)

    try:
        private = load_private_key(key, None)
    except BadInputError as error:
        raise Refused(str(error)) from error
    return lambda attestation: sign(attestation, private)


def _refuse_other_code(folder: Path, ours: dict[str, Path]) -> None:
    for name, path in ours.items():
        if (folder / name).read_bytes() != path.read_bytes():
            raise Refused(
                f"the bundle's {name} is not this release's",
                given=str(folder / name),
                why="a bundle that brings its own checker could bring one that accepts anything",
                fix="check it with the release that made it (tools.json, README.md)",
                code=Exit.FAILED,
            )


def _refuse_other_attestation(data: bytes, digest: str, signers: tuple[str, ...]) -> list[str]:
    from infra.cli.digests import sha256  # noqa: PLC0415 (slow to import)
    from infra.residency.receipts import (  # noqa: PLC0415 (the same)
        UnreadableError,
        envelope_of,
        pre_authentication_encoding,
    )
    from infra.settings.evidence import verify_ed25519  # noqa: PLC0415 (the same)

    if digest and sha256(data) != digest.removeprefix("sha256:"):
        raise Refused(
            "this is another bundle than the one that was published",
            given=f"sha256:{sha256(data)}", allowed=digest, code=Exit.FAILED,
        )  # fmt: skip
    try:
        envelope = envelope_of(data.decode())
    except (UnreadableError, UnicodeDecodeError) as error:
        raise Refused(f"the attestation cannot be read: {error}", code=Exit.FAILED) from error
    message = pre_authentication_encoding(envelope.payload)
    for signer in signers:
        try:
            key = base64.b64decode(signer, validate=True)
        except binascii.Error:
            key = b""
        if len(key) != _KEY_BYTES:
            raise Refused("a signer is no ed25519 public key", given=signer, allowed="base64 of 32 bytes")
        if not any(verify_ed25519(key, entry.signature, message) for entry in envelope.signatures):
            raise Refused("a signer has not signed the bundle", given=signer, code=Exit.FAILED)
    return [f"signed       by {signer}" for signer in signers]
