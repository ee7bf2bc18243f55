"""Every modelled type, in one world: what is made can be read, is where it should be, and can be taken apart again."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from infra import facts, sandbox
from infra.sandbox.oci.object_api import Bucket, ObjectApi
from infra.sandbox.server import clouds
from infra.sandbox.values import UNKNOWN
from tests.sandbox.client import TENANCY, Client
from tests.sandbox.world import build

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.sandbox.world import World

HOME = {
    "oci:Audit/configuration:Configuration",
    "oci:Identity/compartment:Compartment", "oci:Identity/dynamicGroup:DynamicGroup", "oci:Identity/group:Group",
    "oci:Identity/networkSource:NetworkSource", "oci:Identity/customerSecretKey:CustomerSecretKey",
    "oci:Identity/domainsIdentityPropagationTrust:DomainsIdentityPropagationTrust",
    "oci:Identity/user:User", "oci:Identity/userGroupMembership:UserGroupMembership",
    "oci:Identity/policy:Policy", "oci:Identity/tag:Tag", "oci:Identity/tagDefault:TagDefault",
    "oci:Identity/tagNamespace:TagNamespace", "oci:Limits/quota:Quota",
    "oci:SecurityAttribute/securityAttribute:SecurityAttribute",
    "oci:SecurityAttribute/securityAttributeNamespace:SecurityAttributeNamespace", "oci:Zpr/zprPolicy:ZprPolicy",
}  # fmt: skip
TENANCY_WIDE = {
    "oci:CloudGuard/cloudGuardConfiguration:CloudGuardConfiguration", "oci:CloudGuard/securityRecipe:SecurityRecipe",
    "oci:CloudGuard/securityZone:SecurityZone", "oci:CloudGuard/target:Target", "oci:Zpr/configuration:Configuration",
    "oci:Dns/rrset:Rrset", "oci:Dns/steeringPolicy:SteeringPolicy",
    "oci:Dns/steeringPolicyAttachment:SteeringPolicyAttachment", "oci:Dns/zone:Zone",
    "oci:HealthChecks/httpMonitor:HttpMonitor", "oci:HealthChecks/pingMonitor:PingMonitor",
}  # fmt: skip
GLOBAL = {
    "aws:iam/openIdConnectProvider:OpenIdConnectProvider",
    "aws:iam/policy:Policy", "aws:iam/role:Role", "aws:iam/rolePolicy:RolePolicy",
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
    "aws:organizations/policy:Policy", "aws:organizations/policyAttachment:PolicyAttachment",
}  # fmt: skip


def test_the_world_has_every_modelled_type(world: World):
    """No type with behaviour escapes the tests of this file."""
    assert {made.token for made in world.made.values()} == {token for cloud in clouds() for token in cloud.models}


def test_what_is_created_can_be_read(world: World):
    """Read gives id, inputs and outputs of the creation, for every type; what others changed since is named."""
    changed = {
        "primary": {"replicationEnabled"},
        "replica": {"isReadOnly"},
        "far-peering": {"peeringStatus", "peerId", "peerRegionName"},
        "address": {"privateIpId", "assignedEntityId", "assignedEntityType", "state"},
        "address6": {"vnicId", "ipState"},
    }
    taken = {"address": {"privateIpId"}, "address6": {"vnicId"}}
    for name, made in world.made.items():
        checked = made.client.check(made.token, made.inputs, name=name)
        id_, outputs, inputs = made.client.read(made.token, made.id, made.outputs, checked)
        assert (name, id_, {key: inputs[key] for key in checked}) == (name, made.id, checked)
        assert (name, inputs.keys() - checked.keys()) == (name, taken.get(name, set()))
        different = {key for key in outputs.keys() | made.outputs.keys() if outputs.get(key) != made.outputs.get(key)}
        assert (name, different) == (name, changed.get(name, set()))


def test_every_declared_output_is_returned(world: World):
    """A program that reads an output after a create gets it: none of the facts is left out, with stated exceptions."""
    absent = {
        "oci:Kms/vault:Vault": {"restoredFromVaultId"},
        "oci:Kms/key:Key": {"restoredFromKeyId"},
        "aws:s3/bucket:Bucket": {"websiteDomain", "websiteEndpoint"},
        "oci:Core/publicIp:PublicIp": {"availabilityDomain"},
    }
    missing = {}
    for made in world.made.values():
        known = facts.facts_of(made.token)
        assert known is not None
        left_out = known.outputs_only - made.outputs.keys() - {"inactiveState"}
        if left_out:
            missing[made.token] = set(left_out)
    assert missing == absent


def test_regions_do_not_see_each_other(world: World, oci: Callable[..., Client], aws: Callable[..., Client]):
    """A provider of another region reads nothing of a regional type, by the very id; identity and DNS are global."""
    others = {"oci": oci("us-chicago-1"), "aws": aws("ap-southeast-1")}
    seen = {
        made.token
        for made in world.made.values()
        if others[made.token.partition(":")[0]].read(made.token, made.id)[0] != ""
    }
    assert seen == HOME | TENANCY_WIDE | GLOBAL


def test_accounts_do_not_see_each_other(world: World, oci: Callable[..., Client], aws: Callable[..., Client]):
    """Another tenancy or account reads nothing at all."""
    others = {
        "oci": oci("us-ashburn-1", tenancyOcid="ocid1.tenancy.oc1..other"),
        "aws": aws("us-east-1", account="999999999999"),
    }
    seen = {m.token for m in world.made.values() if others[m.token.partition(":")[0]].read(m.token, m.id)[0] != ""}
    assert seen == set()


def test_nothing_differs_from_itself(world: World):
    """Diff of checked inputs with themselves is empty, for every type."""
    for name, made in world.made.items():
        checked = made.client.check(made.token, made.inputs, name=name)
        answer = made.client.diff(made.token, checked, checked, state=made.outputs)
        assert (name, answer.changes, list(answer.diffs)) == (name, answer.DIFF_NONE, [])


def test_a_second_check_of_the_same_inputs_changes_nothing(world: World):
    """Check is stable: checked inputs, checked again with themselves as old ones, differ in nothing."""
    for name, made in world.made.items():
        once = made.client.check(made.token, made.inputs, name=name)
        again = made.client.check(made.token, made.inputs, once, name=name)
        assert (name, again) == (name, once)


def test_an_update_without_change_keeps_outputs(world: World):
    """Update with the same inputs keeps what the cloud filled in, but for what it counts or stamps anew."""
    stamped = {"etag", "status", "serial", "version"}
    for name, made in world.made.items():
        known = facts.facts_of(made.token)
        if known is None or known.no_update:
            continue
        before = made.client.read(made.token, made.id, made.outputs, made.inputs)[1]
        after = made.client.update(made.token, made.id, before, made.inputs, name=name)
        assert (name, {k for k in before.keys() | after.keys() if before.get(k) != after.get(k)} - stamped) == (
            name,
            set(),
        )


def test_it_can_be_taken_apart_in_reverse_order(world: World, servers: sandbox.Servers, tmp_path: Path):
    """Deleting in reverse order of creation is never refused; what stays is scheduled or was only let go.

    But for the replica: it stays read-only without its policy, until somebody makes it writable.
    """
    for made in reversed(world.made.values()):
        if made is world["replica"]:
            replica = Bucket("us-phoenix-1", "axexample", "profiles-phx")
            ObjectApi(tmp_path / "clouds.sqlite").make_writable(replica)
        made.client.delete(made.token, made.id, made.outputs, name=made.name)
    with servers.store.reading() as rest:
        left = {(record.type, record.status) for record in rest.all()}
    assert left == {
        ("oci:CloudGuard/cloudGuardConfiguration:CloudGuardConfiguration", "ACTIVE"),  # it cannot be deleted
        ("oci:Zpr/configuration:Configuration", "ACTIVE"),  # nor this
        ("oci:Identity/compartment:Compartment", "ACTIVE"),  # without enableDelete a compartment stays
        ("oci:Kms/vault:Vault", "PENDING_DELETION"),
        ("oci:Kms/key:Key", "PENDING_DELETION"),
        ("aws:kms/key:Key", "PENDING_DELETION"),
    }


def test_two_fresh_runs_are_equal(tmp_path: Path):
    """Same commands from an empty file, same bytes: nothing depends on a clock, a random number or a port."""
    worlds = []
    for run in ("one", "two"):
        with sandbox.serve(tmp_path / run / "clouds.sqlite") as servers:
            clients = [
                Client(servers.addresses["oci"], {"region": region, "tenancyOcid": TENANCY})
                for region in ("us-ashburn-1", "us-phoenix-1")
            ]
            account = Client(servers.addresses["aws"], {"region": "us-east-1", "allowedAccountIds": '["222222222222"]'})
            made = build(clients[0], clients[1], account)
            worlds.append({name: (thing.id, thing.outputs) for name, thing in made.made.items()})
            for client in (*clients, account):
                client.close()
    assert worlds[0] == worlds[1]


def test_ids_look_real(world: World):
    """OCIDs carry kind, realm and region; ARNs carry partition, region and account."""
    assert world.id("vcn").startswith("ocid1.vcn.oc1.iad.")
    assert world.id("far-drg").startswith("ocid1.drg.oc1.phx.")
    assert world.id("data").startswith("ocid1.compartment.oc1..")
    assert world.id("primary") == "n/axexample/b/profiles-iad"
    assert world["key"].id.split(".")[4] == world["vault"].id.split(".")[4]
    assert world["aws-key"].outputs["arn"] == f"arn:aws:kms:us-east-1:222222222222:key/{world.id('aws-key')}"
    assert json.loads(world["aws-key"].outputs["policy"])["Statement"][0]["Effect"] == "Allow"


def test_previews_leave_output_only_values_unknown(world: World, oci: Callable[..., Client]):
    """A preview invents no id and no output: unknown is unknown, and what was given is as it was given."""
    id_, outputs = oci().create("oci:Core/vcn:Vcn", {"compartmentId": "c", "cidrBlocks": ["banana"]}, preview=True)
    assert id_ == ""
    assert outputs["cidrBlocks"] == ["banana"]
    assert {outputs[name] for name in ("defaultRouteTableId", "state", "timeCreated", "displayName")} == {UNKNOWN}
    bucket = world["primary"]
    updated = bucket.client.update(
        bucket.token, bucket.id, bucket.outputs, bucket.inputs | {"metadata": {"a": "1"}}, preview=True
    )
    assert updated["etag"] == bucket.outputs["etag"]
    assert updated["metadata"] == {"a": "1"}
