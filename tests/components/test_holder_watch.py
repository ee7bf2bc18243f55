"""What the program makes of holders is held against the plan before an engine hears of it.

Each test edits a component as a person might, runs the program under the recorder, and sees the edit refused and every
holder that was registered before registered as planned. It proves that constructed holders are looked at; that a plan
keeps what is deployed is the planner's (`tests/residency/test_holders.py`), and that an engine then deletes none is
`tests/campaign`'s.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pulumi
import pulumi_aws as aws
import pulumi_oci as oci
import pytest

from components.base import Component
from infra.program import provision
from infra.residency.holders import OCI_VAULT, TYPES, holders
from infra.residency.planner import plan
from tests.residency.samples import GOOD, with_oci
from tests.support import custody
from tests.support.programs import AS_OF, sample
from tests.support.recorder import Recorded, Registration, record

STORE = "usdata:index:DatasetStore$oci:ObjectStorage/bucket:Bucket::profiles-us-ashburn-1"
BACKUP = "usdata:index:LegacyBackup$usdata:index:LegacyBucket$aws:s3/bucket:Bucket::profiles-virginia"


SMALL = with_oci(
    replace(GOOD, datasets={"profiles": GOOD.datasets["profiles"]}, sites={"virginia": GOOD.sites["virginia"]}),
    regions={name: GOOD.oci.regions[name] for name in ("us-ashburn-1", "us-phoenix-1")},
)


def identity(recorded: Recorded, resource: Registration) -> tuple[object, ...]:
    """Physical name, place and fixed inputs, as an engine hears them."""
    kind = TYPES[resource.type]
    place = resource.inputs.get("region") or recorded.providers()[resource.provider].inputs["region"]
    name = resource.name if kind.named_by is None else resource.inputs[kind.named_by]
    return name, place, kind.identity(lambda path: at(resource.inputs, path))


def at(inputs: Any, path: str) -> Any:
    """What inputs have at a dotted path, whatever of it the SDK marks as a secret."""
    for name in path.split("."):
        inputs = inputs.get("value", inputs).get(name) if isinstance(inputs, Mapping) else None
    return inputs


def test_the_holders_of_a_plan_are_those_that_are_registered():
    """Key, physical name, place and fixed inputs of each, as an engine hears them; and no other of their types."""
    recorded = sample(preview=False)
    registered = {it.key: identity(recorded, it) for it in recorded.managed() if it.type in TYPES}
    assert registered == {it.key: (it.name, it.place, it.fixed) for it in holders(plan(GOOD, AS_OF))}


def test_so_are_those_whose_keys_are_outside():
    """Vaults and keys say what they refer to; only where the vaults' secret stands are changes ignored."""
    recorded = custody.recorded(preview=False)
    registered = {it.key: identity(recorded, it) for it in recorded.managed() if it.type in TYPES}
    wanted = holders(plan(custody.request(), AS_OF))
    assert registered == {it.key: (it.name, it.place, it.fixed) for it in wanted}
    assert {len(it.fixed) for it in wanted if "RegionalKeys" in it.key} == {2, 4}
    ignored = {(it.type, it.ignore_changes) for it in recorded.managed() if it.type in TYPES and it.ignore_changes}
    assert ignored == {(OCI_VAULT, ("externalKeyManagerMetadata.oauthMetadata.clientAppSecret",))}


def refused() -> str:
    """Why the small sample's program is refused; no holder is registered but as planned."""
    seen: list[Recorded] = []
    with pytest.raises(pulumi.RunError) as caught:
        record(lambda: provision(plan(SMALL, AS_OF)), preview=True, seen=seen)
    (recorded,) = seen
    planned = {it.key: it for it in holders(plan(SMALL, AS_OF))}
    for resource in recorded.managed():
        if resource.type in TYPES:
            it = planned[resource.key]
            assert identity(recorded, resource) == (it.name, it.place, it.fixed)
            assert (resource.protect, resource.retain) == (True, True)
    return str(caught.value)


def edited(monkeypatch: pytest.MonkeyPatch, cls: type, name: str, edit: Any) -> None:
    """Has a resource's constructor called with something else, for one logical name."""
    original = cls.__init__

    def init(self: Any, resource_name: str, *args: Any, **kwargs: Any) -> None:
        if resource_name == name:
            resource_name, kwargs = edit(resource_name, kwargs)
        original(self, resource_name, *args, **kwargs)

    monkeypatch.setattr(cls, "__init__", init)


def with_options(**options: Any) -> Any:
    """An edit that adds options."""

    def edit(name: str, kwargs: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        return name, kwargs | {"opts": pulumi.ResourceOptions.merge(kwargs["opts"], pulumi.ResourceOptions(**options))}

    return edit


def with_inputs(**inputs: Any) -> Any:
    """An edit that changes inputs."""
    return lambda name, kwargs: (name, kwargs | inputs)


EDITS = {
    "renamed": (lambda name, kwargs: (f"{name}-2", kwargs), "profiles-us-ashburn-1-2 holds data and is not planned"),
    "another physical name": (with_inputs(name="usds-profile-iad"), "planned is 'usds-profiles-iad'"),
    "another tier": (with_inputs(storage_tier="Archive"), "has storageTier 'Archive'"),
    "another parent": (
        lambda name, kwargs: (name, kwargs | {"opts": _reparented(kwargs["opts"])}),
        "oci:ObjectStorage/bucket:Bucket::profiles-us-ashburn-1 holds data and is not planned",
    ),
    "an alias": (with_options(aliases=[pulumi.Alias(name="profile")]), "has the alias"),
    "an alias by URN": (with_options(aliases=["urn:pulumi:s::usdata::t::n"]), "has the alias"),
    "replaced on changes": (with_options(replace_on_changes=["*"]), "has the option replace_on_changes"),
    "deleted first": (with_options(delete_before_replace=True), "has the option delete_before_replace"),
    "changes ignored": (with_options(ignore_changes=["kmsKeyId"]), "has the option ignore_changes"),
    "unprotected": (with_options(protect=False), "is not protected and retained, against the plan"),
    "unprotected and given up": (
        with_options(protect=False, retain_on_delete=False),
        "is not protected and retained, against the plan",
    ),
}


def _reparented(opts: pulumi.ResourceOptions) -> pulumi.ResourceOptions:
    copied = pulumi.ResourceOptions.merge(opts, None)
    copied.parent = None
    return copied


@pytest.mark.parametrize(("edit", "said"), EDITS.values(), ids=EDITS)
def test_an_edit_of_a_component_is_refused_before_anything_is_registered(monkeypatch, edit, said):
    """Whatever an engine would delete, replace, forget or take for another one."""
    edited(monkeypatch, oci.objectstorage.Bucket, "profiles-us-ashburn-1", edit)
    assert said in refused()


def test_another_provider_is_another_place(monkeypatch):
    """A resource of Oracle Cloud is where its provider is."""
    other = {}
    original = oci.Provider.__init__

    def keep(self: Any, name: str, *args: Any, **kwargs: Any) -> None:
        other[name] = self
        original(self, name, *args, **kwargs)

    monkeypatch.setattr(oci.Provider, "__init__", keep)
    edited(
        monkeypatch,
        oci.objectstorage.Bucket,
        "profiles-us-ashburn-1",
        lambda name, kwargs: (name, with_options(provider=other["oci-us-phoenix-1"])(name, kwargs)[1]),
    )
    assert f"{STORE} has place 'us-phoenix-1', planned is 'us-ashburn-1'" in refused()


def test_a_region_of_its_own_is_its_place(monkeypatch):
    """A resource of AWS says where it is, whatever its provider says."""
    edited(monkeypatch, aws.s3.Bucket, "profiles-virginia", with_inputs(region="ap-southeast-1"))
    assert f"{BACKUP} has place 'ap-southeast-1', planned is 'us-east-1'" in refused()


def test_a_holder_that_is_not_planned_is_refused(monkeypatch):
    """Whatever has a holder's type holds data, and must be in the plan and in the lock."""
    original = Component.register_outputs

    def more(self: Component, outputs: Any) -> None:
        if self.pulumi_resource_name == "virginia":
            provider = next(iter(self._childResources))._provider
            options = pulumi.ResourceOptions(parent=self, provider=provider, protect=True, retain_on_delete=True)
            aws.s3.Bucket("more", region="us-east-1", bucket="more", opts=options)
        original(self, outputs)

    monkeypatch.setattr(Component, "register_outputs", more)
    assert "aws:s3/bucket:Bucket::more holds data and is not planned" in refused()


def test_a_holder_that_is_planned_and_not_made_is_refused(monkeypatch):
    """A component that is left out would have its holders deleted."""
    monkeypatch.setattr("infra.program.DatasetStore", lambda *_: None)
    assert f"{STORE} is planned and not made: it would be deleted" in refused()
