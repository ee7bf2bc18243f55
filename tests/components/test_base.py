"""What a component's children get, whatever its caller wants; and what the recorder that says so refuses itself."""

import pulumi
import pulumi_oci as oci
import pytest

from components.base import Component
from tests.support.recorder import RefusedError, record

GROUP = "oci:Identity/group:Group"
BUCKET = "oci:ObjectStorage/bucket:Bucket"


def group(name: str, opts: pulumi.ResourceOptions) -> oci.identity.Group:
    """Some resource without requirements."""
    return oci.identity.Group(name, description="a group", opts=opts)


class Sample(Component):
    """A component with a plain child and a holder."""

    def __init__(self, name: str, provider: oci.Provider, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("Sample", name, opts)
        first = group("plain", self._child(provider))
        group("holder", self._holder(provider, depends_on=[first], adopt="existing"))
        self.register_outputs({})


@pytest.mark.parametrize("preview", [True, False])
def test_options_of_the_caller_reach_the_component_and_no_child(preview):
    """Parent, protection, provider and import id of a caller stop at the component; a child's are what is written.

    Aliases of a component do reach its children, by the SDK's own rule: a renamed component takes them along.
    """

    def program() -> None:
        mine, other = oci.Provider("oci-us-ashburn-1"), oci.Provider("oci-us-phoenix-1")
        outer = Sample("outer", mine)
        opts = pulumi.ResourceOptions(parent=outer, provider=other, protect=True, retain_on_delete=True)

        class Inner(Component):
            def __init__(self) -> None:
                super().__init__("Inner", "inner", opts)
                group("child", self._child(mine))

        Inner()

    recorded = record(program, preview=preview)
    child = recorded.one(GROUP, "child")
    assert recorded.resources[child.parent].name == "inner"
    assert (child.provider, child.protect, child.retain, child.import_id) == ("oci-us-ashburn-1", False, False, "")


@pytest.mark.parametrize("preview", [True, False])
def test_a_holder_is_protected_kept_and_imported_where_adopted(preview):
    """And depends on exactly what it was told to."""
    recorded = record(lambda: Sample("outer", oci.Provider("oci-us-ashburn-1")) and None, preview=preview)
    plain, holder = recorded.one(GROUP, "plain"), recorded.one(GROUP, "holder")
    assert (holder.protect, holder.retain, holder.import_id) == (True, True, "existing")
    assert (plain.protect, plain.retain, plain.import_id) == (False, False, "")
    assert holder.dependencies == {plain.urn}
    assert holder.key == f"usdata:index:Sample${GROUP}::holder"


def duplicate() -> None:
    """Two resources of one URN."""
    provider = oci.Provider("oci-us-ashburn-1")
    for _ in range(2):
        group("same", pulumi.ResourceOptions(provider=provider))


def implicit() -> None:
    """A resource that leaves its provider to the engine."""
    group("implicit", pulumi.ResourceOptions())


def function() -> None:
    """A call of a provider's function."""
    oci.objectstorage.get_namespace(opts=pulumi.InvokeOptions(provider=oci.Provider("oci-us-ashburn-1")))


def lookup() -> None:
    """A resource that is read, not managed."""
    oci.identity.Group.get("read", "ocid1.group.oc1..x", pulumi.ResourceOptions(provider=oci.Provider("oci")))


@pytest.mark.parametrize(
    ("program", "reason"),
    [
        (duplicate, "registered twice"),
        (implicit, "no explicit provider"),
        (function, "a function was called"),
        (lookup, "a resource was read"),
    ],
)
def test_the_recorder_refuses_what_an_engine_would(program, reason):
    """Each hole that the recorder is to close is closed."""
    with pytest.raises((RefusedError, pulumi.RunError, Exception), match=reason):
        record(program, preview=True)
