"""The commands that run a stack, and their options."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from infra.cli.refusal import BadStackFile, Exit, Refused, Unproved
from infra.engine.options import Command, Options

if TYPE_CHECKING:
    from infra.cli.runs import Outcome
    from infra.cli.workspace import Workspace

_Function = TypeVar("_Function", bound=Callable[..., object])

EPILOG: Final = """\b
Exit codes: 0 done or proved; 1 refuted, or a deployment failed; 2 bad input,
nothing was planned; 3 undecided; 7 no changes were expected, but there are some."""


class Commands(click.Group):
    """A group that suggests the nearest command for a mistyped one, and lists commands in the order of definition."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """See `click.Group`."""
        del ctx
        return list(self.commands)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """See `click.Group`."""
        if args and not args[0].startswith("-") and args[0] not in self.commands:
            from infra.residency.findings import did_you_mean  # noqa: PLC0415 (only for a mistyped command)

            known = ", ".join(self.commands)
            raise click.UsageError(
                f"there is no command {args[0]!r}: {did_you_mean(args[0], self.commands, known)}", ctx
            )
        return super().resolve_command(ctx, args)


class _Day(click.ParamType[date]):
    """A day as YYYY-MM-DD, and nothing else that Python's parser would also take."""

    name = "YYYY-MM-DD"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """See `click.ParamType`."""
        if isinstance(value, date):
            return value
        try:
            day = date.fromisoformat(value)
        except ValueError:
            day = None
        if day is None or day.isoformat() != value:
            self.fail(f"{value!r} is no day; write it as in 2026-11-23", param, ctx)
        return day


def stack_option(*, default: str | None = None) -> Callable[[_Function], _Function]:
    """The option that names the stack."""
    shown = f" [default: {default}]" if default else ""
    return click.option(
        "-s", "--stack", default=default or "", metavar="NAME", help=f"The stack: stacks/Pulumi.NAME.yaml.{shown}",
        shell_complete=_stacks,
    )  # fmt: skip


def _stacks(_context: click.Context, _parameter: click.Parameter, begun: str) -> list[str]:
    """The names of stacks that begin so."""
    from infra.cli import workspace  # noqa: PLC0415 (reads the settings' code: `--help` does without)

    return [name for name in workspace.settings.stacks(workspace.ROOT) if name.startswith(begun)]


def json_option(function: _Function) -> _Function:
    """The option for machines."""
    return click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output, for machines.")(
        function
    )


def as_of_option(function: _Function) -> _Function:
    """The option that names the day."""
    return click.option(
        "--as-of", type=_Day(), help="The day to plan for; expiries are held against it. [default: today]"
    )(function)


def offline_option(function: _Function) -> _Function:
    """The option that names a state to plan against, without a cloud."""
    return click.option(
        "--state", "state_file", type=click.Path(path_type=Path), metavar="FILE",
        help="Against this exported state, offline. [default: the stack's own; for a real stack none]",
    )(function)  # fmt: skip


def what_if_option(function: _Function) -> _Function:
    """The option that puts something in place of what the stack file says."""
    return click.option(
        "--what-if", "what_if", multiple=True, metavar="PATH=VALUE",
        help="As if the stack file said this; an empty value removes the key. Repeatable; the file stays as it is.",
    )(function)  # fmt: skip


@contextmanager
def refusals(*, as_json: bool) -> Generator[None]:
    """Turn what is refused inside the block into a message and an exit code."""
    try:
        yield
    except (Refused, BadStackFile, Unproved) as error:
        click.echo(error.text(), err=True)
        if as_json:
            click.echo(json.dumps(error.document(), indent=2, sort_keys=True))
        sys.exit(error.code)


def workspace_of(stack: str) -> Workspace:
    """The stack of that name in this project.

    Raises:
        Refused: There is none.
    """
    from infra.cli import workspace  # noqa: PLC0415 (reads the settings' code: `--help` does without)

    return workspace.open_workspace(workspace.ROOT, stack)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]}, epilog=EPILOG)
def main() -> None:
    """US user data in Oracle Cloud in the United States: preview, apply and inspect a stack.

    Stack `sandbox` runs against simulated clouds on this machine. Any other stack is previewed offline, without
    credentials, against an exported state; real clouds are changed by the ordinary `pulumi` only.
    """


_SHOWN = (
    json_option,
    click.option("--diff", is_flag=True, help="Every property that changes, as `pulumi preview --diff` shows it."),
    click.option("--show-sames", is_flag=True, help="List what does not change too."),
)

_COMMON = (
    stack_option(),
    as_of_option,
    *_SHOWN,
    click.option(
        "--parallel", type=click.IntRange(min=1, max=256), default=16, show_default=True, help="Operations at a time."
    ),
    click.option("--expect-no-changes", is_flag=True, help="Exit 7 if anything changes."),
    click.option(
        "--target", "targets", multiple=True, metavar="URN", help="Only this; `*` and `**` match. Repeatable."
    ),
    click.option("--target-dependents", is_flag=True, help="And what depends on the targets."),
    click.option("--exclude", "excludes", multiple=True, metavar="URN", help="All but this. Repeatable."),
    click.option("--exclude-dependents", is_flag=True, help="Nor what depends on the excluded."),
)

_PROGRAM = (
    click.option("--replace", "replaces", multiple=True, metavar="URN", help="Replace this even if it is unchanged."),
    click.option("--refresh", is_flag=True, help="Read every resource first."),
)

_CHANGING = (
    click.option("--continue-on-error", is_flag=True, help="Go on with what does not depend on a failed resource."),
    click.option("--preview-only", is_flag=True, help="Show what it would do, and do nothing."),
)


def _with(*groups: tuple[Callable[[Any], Any], ...]) -> Callable[[_Function], _Function]:
    def decorate(function: _Function) -> _Function:
        for option in reversed([option for group in groups for option in group]):
            function = option(function)
        return function

    return decorate


@main.command(epilog=EPILOG)
@_with(
    _COMMON,
    _PROGRAM,
    (
        offline_option,
        what_if_option,
        click.option(
            "--save-plan", type=click.Path(path_type=Path), metavar="FILE", help="Write a plan for `up --plan`."
        ),
    ),
)  # fmt: skip
def preview(**options: Any) -> None:
    """Show what `up` would do. Nothing is changed.

    Needs no credentials, no network and no pulumi.
    """
    _run(Command.PREVIEW, **options)


@main.command(epilog=EPILOG)
@_with(
    _COMMON,
    _PROGRAM,
    _CHANGING,
    (
        click.option(
            "--plan", "plan_file", type=click.Path(path_type=Path), metavar="FILE",
            help="Do what this plan of a preview says, and nothing else.",
        ),
    ),
)  # fmt: skip
def up(**options: Any) -> None:
    """Apply a stack to the simulated clouds."""
    _run(Command.UP, **options)


@main.command(epilog=EPILOG)
@_with(
    _COMMON,
    _CHANGING,
    (click.option("--clear-pending-creates", is_flag=True, help="Forget creations whose end an interruption hid."),),
)
def refresh(**options: Any) -> None:
    """Read what is in the simulated clouds into the state."""
    _run(Command.REFRESH, **options)


@main.command(epilog=EPILOG)
@_with(
    _COMMON,
    _CHANGING,
    (
        click.option("--refresh", is_flag=True, help="Read every resource first."),
        click.option("--exclude-protected", is_flag=True, help="Leave protected resources and what they need."),
        click.option("-y", "--yes", is_flag=True, help="Do not ask."),
    ),
)
def destroy(*, yes: bool, **options: Any) -> None:
    """Delete what a stack has in the simulated clouds.

    What holds data is protected: `state unprotect --all` first. It is also retained: it stays in the clouds and
    leaves the state only (`python -m infra.sandbox reset` empties the clouds).
    """
    asks = sys.stdin.isatty() and not (yes or options["preview_only"])
    if asks and not click.confirm(f"Delete everything that stack {options['stack']} has?"):
        click.echo("Nothing was deleted.", err=True)
        sys.exit(Exit.BAD_INPUT)
    _run(Command.DESTROY, **options)


def _run(
    command: Command,
    *,
    stack: str,
    as_of: date | None,
    as_json: bool,
    diff: bool,
    show_sames: bool,
    state_file: Path | None = None,
    save_plan: Path | None = None,
    plan_file: Path | None = None,
    what_if: tuple[str, ...] = (),
    **engine: Any,
) -> None:
    with refusals(as_json=as_json):
        if what_if and save_plan:
            raise Refused(
                "a plan of what the stack file does not say cannot be saved",
                given="--what-if with --save-plan",
                why="`up --plan` applies what was reviewed, and what is reviewed is the file",
                fix="write the edit into the stack file",
            )
        from infra.cli import plans, runs  # noqa: PLC0415 (the engine is slow to import: `--help` does without)

        options = Options(**engine, generate_plan=save_plan is not None, plan=plans.read(plan_file))
        request = runs.Request(
            command=command,
            workspace=workspace_of(stack),
            as_of=as_of or datetime.now(UTC).date(),
            state_file=state_file,
            edits=runs.edits(what_if),
            options=options,
        )
        outcome = runs.carry_out(request)
        if save_plan is not None and outcome.result.plan is not None:
            plans.write(save_plan, outcome.result.plan)
    _show(outcome, as_json=as_json, diff=diff, show_sames=show_sames)
    sys.exit(_exit_code(outcome))


def _exit_code(outcome: Outcome) -> Exit:
    """The run's own; where that went well and shows a plan, what is decided about the plan."""
    own = Exit(outcome.result.exit)
    return Exit(outcome.proof.answer.exit_code) if own is Exit.DONE and outcome.proof is not None else own


def _show(outcome: Outcome, *, as_json: bool, diff: bool, show_sames: bool) -> None:
    if as_json:
        from infra.cli.preview_document import document  # noqa: PLC0415 (the engine is slow to import)

        click.echo(json.dumps(document(outcome, show_sames=show_sames), indent=4, ensure_ascii=False))
        return
    from infra.cli import report  # noqa: PLC0415 (the same)
    from infra.engine.display import paper_for  # noqa: PLC0415 (the same)

    click.echo(report.render(outcome, paper_for(sys.stdout), diff=diff, show_sames=show_sames), color=True)


def _add_others() -> None:
    from infra.cli import access, break_glass, completion, cost, doctor, evidence, failover, init, lock, publish, states  # noqa: PLC0415 (they use what is defined here)

    main.add_command(publish.report)
    main.add_command(access.access)
    main.add_command(cost.cost)
    main.add_command(evidence.evidence)
    main.add_command(break_glass.break_glass)
    main.add_command(states.group)
    main.add_command(lock.lock)
    main.add_command(failover.failover)
    main.add_command(init.init)
    main.add_command(doctor.doctor)
    main.add_command(completion.completion)


_add_others()
