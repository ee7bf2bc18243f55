"""What the embedded engine lacks it refuses by name.

Proves for each feature that a program which uses it, real SDK included, is refused in an update as in a preview, with
the feature and the resource in the text, that the resource never reaches a provider and that the state holds nothing of
it. It does not prove the list complete: what the SDK has no call for cannot be refused.
"""

from pathlib import Path

import pulumi
import pulumi.dynamic
import pytest

from infra.engine import deployment
from infra.engine.options import Command, Exit
from infra.engine.provider import ProviderError
from infra.engine.state import Deployment


class Thing(pulumi.CustomResource):
    """A resource of a package with a default provider."""

    def __init__(self, name, props=None, opts=None) -> None:
        super().__init__("lab:index:Thing", name, props or {}, opts)


class Far(pulumi.ComponentResource):
    """A component that a provider's process would make."""

    def __init__(self, name) -> None:
        super().__init__("lab:index:Far", name, {}, None, remote=True)


class Nothing(pulumi.dynamic.ResourceProvider):
    """A provider written in the program."""


class Dynamic(pulumi.dynamic.Resource):
    """A resource of that provider."""

    def __init__(self, name) -> None:
        super().__init__(Nothing(), name, {})


def hooked():
    """A resource with a hook before its creation."""
    hook = pulumi.ResourceHook("audit", lambda _args: None)
    Thing("t", opts=pulumi.ResourceOptions(hooks=pulumi.ResourceHookBinding(before_create=[hook])))


def transformed():
    """A resource whose registration the program would change on its way."""
    Thing("t", opts=pulumi.ResourceOptions(transforms=[lambda _args: None]))


def stack_transformed():
    """A stack whose registrations the program would change on their way."""
    pulumi.runtime.register_resource_transform(lambda _args: None)
    Thing("t")


def called():
    """A method of a resource."""
    pulumi.runtime.call("lab:index:Thing/reboot", {}, Thing("t"))


SEEN: list[str] = []


def no_provider(package):
    """No package has a provider: a resource that gets that far fails for another reason."""
    SEEN.append(package)
    raise ProviderError(f"no provider of {package} was to be asked")


@pytest.mark.parametrize("command", [Command.PREVIEW, Command.UP])
@pytest.mark.parametrize(
    ("program", "refusal"),
    [
        pytest.param(lambda: Far("f"), "lab:index:Far 'f' uses a remote component, which", id="remote component"),
        pytest.param(
            lambda: Dynamic("d"),
            "pulumi-python:dynamic:Resource 'd' uses a dynamic provider (pulumi.dynamic), which",
            id="dynamic",
        ),
        pytest.param(
            lambda: pulumi.StackReference("org/p/s"),
            "reading pulumi:pulumi:StackReference is not supported by the embedded engine",
            id="stack reference",
        ),
        pytest.param(hooked, "resource hooks are not supported by the embedded engine", id="hooks"),
        pytest.param(transformed, "lab:index:Thing 't' uses resource transforms, which", id="transforms"),
        pytest.param(
            stack_transformed, "stack transforms are not supported by the embedded engine", id="stack transforms"
        ),
        pytest.param(
            lambda: Thing("t", {"zip": pulumi.FileArchive(".")}),
            "archives and assets from a URI are not supported by the embedded engine",
            id="archive",
        ),
        pytest.param(
            lambda: Thing("t", {"page": pulumi.RemoteAsset("https://example.com/")}),
            "archives and assets from a URI are not supported by the embedded engine",
            id="remote asset",
        ),
    ],
)
def test_refused_by_name(program, refusal, command):
    """One error that names it; no provider is asked, and nothing but the stack itself can have come into the state."""
    SEEN.clear()
    result = deployment.run(
        command=command,
        program=program,
        project="p",
        stack="s",
        config={},
        state=Deployment(),
        providers=no_provider,
        root_directory=Path(__file__).parent,
    )

    errors = [d.message for d in result.diagnostics if d.severity == "error"]
    assert result.exit is Exit.FAILED
    assert [e for e in errors if refusal in e] != [], errors
    assert {r.type for r in result.state.resources} <= {"pulumi:pulumi:Stack"}
