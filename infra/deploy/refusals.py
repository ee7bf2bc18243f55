"""What `preview` and `up` do not take: every way to apply less, more or something else than what was reviewed.

Flags and environment variables alike (the ordinary command line reads both). What is refused with a reason stands here;
what is not known at all is refused without one. The engine gets an environment of its own, made of a short list
(`PASSED`), so that a variable nobody thought of here decides nothing either.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from infra.cli.refusal import Refused

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_PART: Final = "it applies a part of the review, and the proof is about all of it"
_OTHER: Final = "it changes the configuration that was reviewed, and writes that into the stack file"

FLAGS: Final = {
    "--target": _PART,
    "-t": _PART,
    "--target-dependents": _PART,
    "--target-replace": _PART,
    "--exclude": _PART,
    "-x": _PART,
    "--exclude-dependents": _PART,
    "--replace": "it replaces what the review leaves alone",
    "--refresh": "it changes the state that the review starts from; drift is looked for every night instead",
    "-r": "it changes the state that the review starts from; drift is looked for every night instead",
    "--continue-on-error": "it goes on past a failure into a state that nobody reviewed and no theorem is about",
    "--ignore-protect": "it deletes what holds data; that needs receipts and a phase move instead",
    "-c": _OTHER,
    "--config": _OTHER,
    "--config-path": _OTHER,
    "--config-file": "it takes the stack file from elsewhere than where it was reviewed",
    "--env": "an environment can change what the stack file says from outside",
    "--override-env": "an environment can change what the stack file says from outside",
    "--skip-checkpoints": "a run that dies without checkpoints leaves resources that no state knows",
    "--plan": "the plan is the review's own; name the review",
    "--save-plan": "the plan is part of the review that is written",
    "--secrets-provider": "the passphrase in the US vault is the only one that the state is encrypted with",
    "--show-secrets": "secrets would stand in the log of the run",
}
"""Flag -> why it is refused."""

VARIABLES: Final = {
    "PULUMI_SKIP_CHECKPOINTS": FLAGS["--skip-checkpoints"],
    "PULUMI_CONTINUE_ON_ERROR": FLAGS["--continue-on-error"],
    "PULUMI_DIY_BACKEND_DISABLE_CHECKPOINT_BACKUPS": FLAGS["--skip-checkpoints"],
    "PULUMI_DISABLE_VALIDATION": "resources that the provider's own schema refuses would be applied",
    "PULUMI_DISABLE_PROVIDER_PREVIEW": "the review would not show what the provider says",
    "PULUMI_CONFIG": _OTHER,
    "PULUMI_ACCESS_TOKEN": "the state would be in a hosted service, outside Oracle Cloud in the United States",
    "PULUMI_API": "the state would be in a hosted service, outside Oracle Cloud in the United States",
    "PULUMI_DEBUG_GRPC": "it writes every value that passes, secrets included, into a file",
    "PULUMI_FALLBACK_TO_STATE_SECRETS_MANAGER": "the state could name another way to encrypt its secrets",
}
"""Environment variable -> why a run under it is refused."""

OPTIONS_PREFIX: Final = "PULUMI_OPTION_"
"""The ordinary command line takes every flag from a variable of this prefix, too."""

PASSED: Final = frozenset(
    {
        "PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TZ", "SSL_CERT_FILE", "HTTPS_PROXY", "NO_PROXY",
        "AWS_WEB_IDENTITY_TOKEN_FILE", "PULUMI_HOME",
    }
)  # fmt: skip
"""What the engine gets of the environment; the rest is set for it, or not there."""


def refuse(arguments: Sequence[str], environment: Mapping[str, str]) -> None:
    """Nothing, where neither arguments nor environment bend a run.

    Raises:
        Refused: with every one that does, and why.
    """
    found: dict[str, str] = {}
    for argument, before in zip(arguments, ("", *arguments), strict=False):
        if argument.startswith("-") or not before.startswith("-"):  # else it is the value of the flag before it
            flag = _flag(argument)
            found[flag] = FLAGS.get(flag, "it is no option of this command")
    for name in environment:
        if name in VARIABLES:
            found[name] = VARIABLES[name]
        elif name.startswith(OPTIONS_PREFIX):
            flag = "--" + name.removeprefix(OPTIONS_PREFIX).lower().replace("_", "-")
            found[name] = FLAGS.get(flag, f"it is {flag} for the engine, which was not part of the review")
    if found:
        raise Refused(
            "this run would not do what was reviewed",
            given=", ".join(found),
            allowed="the options that --help lists; a review is applied whole or not at all",
            why="; ".join(f"{name}: {reason}" for name, reason in found.items()),
            fix="take " + ("it" if len(found) == 1 else "them") + " away",
        )


def _flag(argument: str) -> str:
    """The flag in an argument; of a short one that carries its value (`-ckey=value`) the first two characters."""
    if argument.startswith("-") and not argument.startswith("--"):
        return argument[:2]
    return argument.partition("=")[0]


def passed_on(environment: Mapping[str, str]) -> dict[str, str]:
    """The part of the environment that the engine gets."""
    return {name: value for name, value in environment.items() if name in PASSED}
