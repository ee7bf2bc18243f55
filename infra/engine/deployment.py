"""One run of a stack: preview, up, refresh or destroy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra.engine.options import Command, Options, Result

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from infra.engine.events import Event
    from infra.engine.provider import ProviderFactory
    from infra.engine.state import Deployment


def run(
    *,
    command: Command,
    program: Callable[[], None] | None,
    project: str,
    stack: str,
    config: Mapping[str, str],
    state: Deployment,
    providers: ProviderFactory | Mapping[str, str],
    root_directory: Path,
    organization: str = "organization",
    secret_keys: frozenset[str] = frozenset(),
    options: Options = Options(),
    on_event: Callable[[Event], None] | None = None,
    on_state: Callable[[Deployment], None] | None = None,
) -> Result:
    """Run one command on a stack.

    Args:
        command: What to do.
        program: The program, called without arguments inside the SDK's stack resource (usually
            `lambda: runpy.run_path("__main__.py", run_name="__main__")`); `None` for refresh and destroy, which do not
            run it.
        project: Name of the project.
        stack: Name of the stack.
        config: The stack's configuration, keys as `<project>:<name>`; values as Pulumi hands them to a program
            (structured ones as JSON).
        state: The state before. It is not changed.
        providers: Makes provider instances, or addresses `host:port` of running provider servers by package.
        root_directory: The project's directory.
        organization: What `pulumi.get_organization()` returns.
        secret_keys: Keys of `config` whose values are secret.
        options: How.
        on_event: Gets every event, one at a time, in order.
        on_state: Gets the state whenever it changed, before and after each provider call that changes something, so
            that whoever holds it on disk can write it down; never called in a preview. The deployment handed over is
            the engine's own: write or copy it before returning.

    Returns:
        How it ended. Failures of the program, a provider or a step are no exceptions: they are diagnostics.

    Raises:
        infra.engine.state.StateError: The state cannot be used.
    """
    raise AssertionError("the engine's parts come with the next step")
