"""Where a stack's own state is kept, and who can open its secrets: a state is data of the stack, too.

Read from what is committed (the stack file, Pulumi.yaml) and from a state itself. What the environment of some later
run says is not looked at; the deploy script refuses it.
"""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple, cast

from infra.residency.regions import UsRegion
from infra.verify.graph import SECRET
from infra.verify.values import record

if TYPE_CHECKING:
    from pathlib import Path

PASSPHRASE: Final = frozenset({"", "default", "passphrase"})
"""Providers of secrets that keep no key anywhere but where the deploy script takes it from."""

CONFIGURED: Final = "usdata:keyManagerSecret"
"""The configuration key of the only secret: with it Oracle asks the manager of keys that are held outside."""

_HOSTED: Final = frozenset({"http", "https"})


class Home(NamedTuple):
    """What is known of where a state is kept.

    Attributes:
        backend: the address that Pulumi.yaml names, without what follows a question mark; empty where it names none.
        committed: the provider of secrets that the stack file names; empty where it names none.
        stored: the one that a state says; empty where there is no state, or it has no secret.
        plain: how many secrets were in the clear in what was read.
        exposed: whether the one secret of the configuration stands in the clear in the stack file, or in what was read.
    """

    backend: str = ""
    committed: str = ""
    stored: str = ""
    plain: int = 0
    exposed: bool = False


class Astray(NamedTuple):
    """One way in which the state, or what opens it, is not where it must be."""

    path: str
    what: str
    because: str
    fix: str
    region: str = ""


def named(folder: "Path", stack_file: "Path") -> tuple[str, str]:
    """The backend in a project's Pulumi.yaml, and the secrets provider in a stack file; empty where nothing is named.

    A file that is not there names nothing, and one that is no YAML is for whoever needs it to complain about.
    """
    address = str(record(_yaml(folder / "Pulumi.yaml").get("backend")).get("url") or "")
    scheme, divider, rest = address.partition("?")[0].partition("://")
    # An address may carry a password.
    return f"{scheme}{divider}{rest.rpartition('@')[2]}", str(_yaml(stack_file).get("secretsprovider") or "")


def exposes(configuration: Mapping[str, Any]) -> bool:
    """Whether a configuration, of a stack file or of a preview, has its secret in the clear."""
    value = configuration.get(CONFIGURED)
    encrypted = isinstance(value, Mapping) and set(cast("Mapping[str, Any]", value)) == {"secure"}
    return value is not None and value != SECRET and not encrypted


def configuration(stack_file: "Path") -> Mapping[str, Any]:
    """The configuration in a stack file; empty where there is none."""
    return record(_yaml(stack_file).get("config"))


def _yaml(path: "Path") -> Mapping[str, Any]:
    import yaml  # noqa: PLC0415 (the policy pack reads no file, and does without)

    try:
        return record(yaml.load(path.read_bytes(), getattr(yaml, "CSafeLoader", yaml.SafeLoader)))  # noqa: S506 (a safe one)
    except (OSError, yaml.YAMLError):
        return {}


def astray(home: Home, deployment: Mapping[str, Any]) -> Iterator[Astray]:
    """Everything that is wrong with where a state is kept.

    Args:
        home: what is known of it.
        deployment: what the stack file declares; its `state` says where the deploy script keeps the state.
    """
    declared = deployment.get("state") is not None
    region = str(record(deployment.get("state")).get("region", ""))
    if declared and region not in set(UsRegion):
        yield Astray(
            path="state.region",
            what="the stack's own state would lie outside the US regions of this tenancy",
            because=f'state.region = "{region}"',
            fix=f"change it to one of {', '.join(sorted(UsRegion))}",
            region=region,
        )
    scheme = home.backend.partition(":")[0]
    if home.backend and (scheme != "file" or declared):
        kept = "a hosted service" if scheme in _HOSTED else "a backend that no stack file says the place of"
        yield Astray(
            path="backend.url",
            what=f"the stack's own state would be kept by {kept}",
            because=f'Pulumi.yaml names the backend "{home.backend}"',
            fix="take it away: the stack file's `state` says where the state is",
        )
    for place, provider in (("the stack file", home.committed), ("the state", home.stored)):
        if provider not in PASSPHRASE:
            yield Astray(
                path="secretsprovider",
                what=f"secrets in the stack's own state can be opened by {_opener(provider)}",
                because=f'{place} names the secrets provider "{provider.partition("?")[0]}"',
                fix="pulumi stack change-secrets-provider passphrase",
            )
    if home.plain:
        yield Astray(
            path="secrets",
            what=f"{home.plain} of the stack's secrets stand in the clear",
            because="what was read has their plain text",
            fix="export without --show-secrets, and rotate what was in the clear",
        )
    if home.exposed:
        yield Astray(
            path=CONFIGURED,
            what="the secret with which the key manager is asked stands in the clear",
            because=f"{CONFIGURED} is not encrypted (what it is, is not shown)",
            fix="replace it where it is made, and write what python -m infra.deploy seal prints",
        )


def _opener(provider: str) -> str:
    return (
        "the hosted service that kept it" if provider == "service" else "a key that nothing here decides the place of"
    )
