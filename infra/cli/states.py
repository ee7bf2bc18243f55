"""`python -m infra state`: look into the state of a simulated stack, and mend it by hand.

The subcommands are those of `pulumi state` and `pulumi stack`, and do the same; a resource may be given by its name
where only one has it. The state of a real stack lives in its
own backend and is the ordinary command line's business.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from infra.cli.app import EPILOG, Commands, json_option, refusals, stack_option, workspace_of
from infra.cli.files import replace_file
from infra.cli.refusal import Exit, Refused

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infra.cli.workspace import Workspace
    from infra.engine.resource import Resource
    from infra.engine.state import Deployment

_STACK: Final = "sandbox"
"""Most states that are mended by hand are this one's."""

_URNS = click.argument("urns", nargs=-1, metavar="[URN|NAME]...")
_ALL = click.option("--all", "everything", is_flag=True, help="All resources of the stack.")


@click.group("state", cls=Commands, epilog=EPILOG)
def group() -> None:
    """Look into a simulated stack's state, and mend it."""


@group.command("list")
@stack_option(default=_STACK)
@json_option
def list_command(*, stack: str, as_json: bool) -> None:
    """List the resources: type, name, what is special about them."""
    with refusals(as_json=as_json):
        state = _read(_simulated(stack))
    if as_json:
        click.echo(json.dumps([_document(r) for r in state.resources], indent=2, ensure_ascii=False))
        return
    from infra.engine.display import columns, escape, paper_for, short_type  # noqa: PLC0415 (slow to import)

    rows = [
        (escape(short_type(r.type)), escape(r.name), ", ".join(_specials(r)))
        for r in sorted(state.resources, key=_rank)
    ]
    lines = columns(rows, width=paper_for(sys.stdout).width)
    click.echo("\n".join(lines) if lines else f"The state of {stack} is empty.")


@group.command()
@stack_option(default=_STACK)
@click.argument("urn", metavar="URN|NAME")
def show(*, stack: str, urn: str) -> None:
    """Show one resource as the state has it, secrets encrypted. A name that only one resource has will do."""
    with refusals(as_json=False):
        state = _read(_simulated(stack))
        found = _meant(state, urn)
        from infra.engine.state import dump_resource  # noqa: PLC0415 (slow to import)

        resource = next(r for r in state.resources if r.urn == found)
        click.echo(json.dumps(dump_resource(resource, encrypt=_kept), indent=4, ensure_ascii=False))


@group.command()
@stack_option(default=_STACK)
@click.option(
    "--file", "path", type=click.Path(path_type=Path), metavar="FILE", help="Where to. [default: standard output]"
)
def export(*, stack: str, path: Path | None) -> None:
    """Write the state as `pulumi stack export` does. Secrets stay encrypted."""
    with refusals(as_json=False):
        from infra.engine.state import dump  # noqa: PLC0415 (slow to import)

        state = _read(_simulated(stack))
        text = json.dumps(dump(state, encrypt=_kept), indent=4, ensure_ascii=False)
        if path is not None:
            replace_file(path, text + "\n")
    if path is None:
        click.echo(text)


@group.command("import")
@stack_option(default=_STACK)
@click.option(
    "--file", "path", type=click.Path(path_type=Path), required=True, metavar="FILE", help="An exported state."
)
def import_command(*, stack: str, path: Path) -> None:
    """Replace the state by an exported one of the same stack."""
    with refusals(as_json=False):
        from infra.cli import stored  # noqa: PLC0415 (slow to import)

        workspace = _simulated(stack)
        state, _ = stored.read_export(path)
        stored.refuse_foreign(state, workspace)
        with stored.open_state(workspace, writable=True) as file:
            file.rebase(state)
    click.echo(f"The state of {stack} now has {len(state.resources)} resources.")


@group.command()
@stack_option(default=_STACK)
@_ALL
@_URNS
def protect(*, stack: str, everything: bool, urns: tuple[str, ...]) -> None:
    """Protect resources: nothing deletes or replaces them."""
    _edit(stack, "protect", urns, *_all(everything))


@group.command()
@stack_option(default=_STACK)
@_ALL
@_URNS
def unprotect(*, stack: str, everything: bool, urns: tuple[str, ...]) -> None:
    """Take the protection off, as `destroy` needs it.

    The next `up` puts it back on.
    """
    _edit(stack, "unprotect", urns, *_all(everything))


@group.command()
@stack_option(default=_STACK)
@click.argument("urns", nargs=-1, required=True, metavar="URN|NAME...")
def taint(*, stack: str, urns: tuple[str, ...]) -> None:
    """Have the next run replace resources."""
    _edit(stack, "taint", urns)


@group.command()
@stack_option(default=_STACK)
@_ALL
@_URNS
def untaint(*, stack: str, everything: bool, urns: tuple[str, ...]) -> None:
    """Take back what `taint` said."""
    _edit(stack, "untaint", urns, *_all(everything))


@group.command()
@stack_option(default=_STACK)
@click.option("--force", is_flag=True, help="Protected resources too.")
@click.option("--target-dependents", is_flag=True, help="And what depends on them.")
@click.argument("urns", nargs=-1, required=True, metavar="URN|NAME...")
def delete(*, stack: str, force: bool, target_dependents: bool, urns: tuple[str, ...]) -> None:
    """Forget resources; they stay in their cloud."""
    flags = [*(["--force"] if force else []), *(["--target-dependents"] if target_dependents else [])]
    _edit(stack, "delete", urns, *flags)


@group.command()
@stack_option(default=_STACK)
@click.argument("urn", metavar="URN|NAME")
@click.argument("name", metavar="NEW-NAME")
def rename(*, stack: str, urn: str, name: str) -> None:
    """Give a resource another logical name."""
    with refusals(as_json=False):
        if not name or not name.isprintable():
            raise Refused("the new name is no name", given=name, allowed="a text of printable characters")
    _edit(stack, "rename", (urn,), name)


@group.command()
@stack_option(default=_STACK)
def repair(*, stack: str) -> None:
    """Put the state in order; drop references to what is gone."""
    _edit(stack, "repair", ())


@group.command()
@stack_option(default=_STACK)
def unlock(*, stack: str) -> None:
    """Remove the lock that a killed run left. Look first whether that run is really gone."""
    with refusals(as_json=False):
        from infra.engine.store import unlock as remove  # noqa: PLC0415 (slow to import)

        owner = remove(_simulated(stack).state)
    click.echo(f"Unlocked. It was held by {owner}." if owner else f"The state of {stack} was not locked.")


def _simulated(stack: str) -> Workspace:
    workspace = workspace_of(stack)
    if not workspace.is_simulated:
        raise Refused(
            f"the state of {stack} is not kept here",
            why="a real stack's state lives in its own backend",
            fix=f"use `pulumi state` and `pulumi stack` with -s {stack}",
        )
    return workspace


def _read(workspace: Workspace) -> Deployment:
    from infra.cli import stored  # noqa: PLC0415 (slow to import)

    with stored.open_state(workspace, writable=False) as file:
        return file.state


def _all(everything: bool) -> list[str]:
    return ["--all"] if everything else []


def _edit(stack: str, command: str, given: Sequence[str], *others: str) -> None:
    with refusals(as_json=False):
        from infra.cli import stored  # noqa: PLC0415 (slow to import)
        from infra.engine import edits  # noqa: PLC0415 (the same)

        with stored.open_state(_simulated(stack), writable=True) as file:
            try:
                urns = [_meant(file.state, urn) for urn in given]
                edited = edits.apply(file.state, [command, *urns, *others])
            except edits.EditError as error:
                said = " ".join(str(error).split()).removesuffix(".")
                raise Refused(f"the state was not changed: {said}") from error
            file.rebase(edited)
        before = {id(r): r for r in file.state.resources}
    left = len(before) - len(edited.resources)
    changed = left or sum(
        _specials(a) != _specials(b) for a, b in zip(file.state.resources, edited.resources, strict=False)
    )
    click.echo(f"{command}: {changed} of {len(before)} resources.")


def _meant(state: Deployment, given: str) -> str:
    """The URN that somebody means: the one given, or that of the only resource of that name.

    Raises:
        Refused: None is meant, or several are.
    """
    if any(r.urn == given for r in state.resources):
        return given
    found = sorted({r.urn for r in state.resources if r.name == given})
    if len(found) == 1:
        return found[0]
    if found:
        raise Refused(f"{len(found)} resources are called {given!r}", allowed=f"the URN of one: {', '.join(found)}")
    from infra.residency.findings import did_you_mean  # noqa: PLC0415 (only for a mistyped name)

    names = {r.name for r in state.resources} | {r.urn for r in state.resources}
    raise Refused(
        f"no resource {given!r} is in the state",
        fix=did_you_mean(given, names, "python -m infra state list shows what is"),
    )


def _specials(resource: Resource) -> list[str]:
    """What sets a resource apart, in words."""
    words = {
        "protected": resource.protect,
        "retained": resource.retain_on_delete,
        "tainted": resource.taint,
        "to be deleted": resource.delete,
        "deleted, to be created again": resource.pending_replacement,
        "only read": resource.external,
        "unhealthy": bool(resource.init_errors),
    }
    return [word for word, holds in words.items() if holds]


def _document(resource: Resource) -> dict[str, Any]:
    return {"urn": resource.urn, "type": resource.type, "id": resource.id, "is": _specials(resource)}


def _rank(resource: Resource) -> tuple[str, str, str]:
    return (resource.type, resource.name, resource.urn)


def _kept(_text: str) -> str:
    """Every secret that a state file held has its ciphertext, which is written again as it was."""
    raise Refused("the state holds a secret that was never encrypted", code=Exit.FAILED)
