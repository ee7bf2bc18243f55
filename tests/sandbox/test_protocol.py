"""The provider protocol: what each method answers, whatever the resource. Resources are in the other files."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import grpc
import pytest
from google.protobuf import empty_pb2
from pulumi.runtime.proto import plugin_pb2, status_pb2

from infra import sandbox
from infra.sandbox.values import Secret, from_wire, to_wire
from tests.sandbox.client import ACCOUNT, TENANCY, CheckFailed, Client, Pb, Refused, urn

if TYPE_CHECKING:
    from collections.abc import Callable

VCN = "oci:Core/vcn:Vcn"
COMPARTMENT = "oci:Identity/compartment:Compartment"
BUCKET = "aws:s3/bucket:Bucket"
DATA = {"name": "data", "description": "d"}


def test_both_clouds_listen_on_loopback_only(servers: sandbox.Servers):
    """Addresses are loopback with free ports, and the form that the ordinary command line wants is theirs."""
    hosts = {name: address.rpartition(":") for name, address in servers.addresses.items()}
    assert {name: host for name, (host, _, _) in hosts.items()} == {"oci": "127.0.0.1", "aws": "127.0.0.1"}
    assert servers.debug_providers == f"aws:{hosts['aws'][2]},oci:{hosts['oci'][2]}"


@pytest.mark.parametrize(("cloud", "version"), [("oci", "5.5.0"), ("aws", "7.51.1")])
def test_handshake(servers: sandbox.Servers, cloud: str, version: str):
    """Secrets are kept, resource references are not wanted, and the version is the SDK's."""
    client = Client(servers.addresses[cloud], None)
    answer = client.call("Handshake", Pb.ProviderHandshakeRequest(configure_with_urn=True))
    assert (answer.accept_secrets, answer.accept_resources, answer.accept_outputs) == (True, False, False)
    assert client.call("Attach", plugin_pb2.PluginAttach(address="127.0.0.1:1")) == empty_pb2.Empty()
    assert client.call("GetPluginInfo", empty_pb2.Empty()).version == version
    client.close()


def test_cancel_ends_nothing(oci: Callable[..., Client]):
    """A server is shared: one provider's end does not end the others, nor itself."""
    one, two = oci(), oci("us-phoenix-1")
    one.call("Cancel", empty_pb2.Empty())
    assert two.check(VCN, {"compartmentId": "c"})["compartmentId"] == "c"
    assert one.check(VCN, {"compartmentId": "c"})["compartmentId"] == "c"


def test_an_unbound_connection_is_refused(servers: sandbox.Servers, oci: Callable[..., Client]):
    """After a reconnect nobody knows the region: refused, although another provider is configured."""
    oci()
    stranger = Client(servers.addresses["oci"], None)
    with pytest.raises(Refused) as refusal:
        stranger.check(VCN, {"compartmentId": "c"})
    assert refusal.value.code is grpc.StatusCode.FAILED_PRECONDITION
    assert "another region" in refusal.value.details
    stranger.close()


def test_connections_are_told_apart(oci: Callable[..., Client]):
    """Two providers on one server: each creates in its own region."""
    ids = [oci(region).create(VCN, {"compartmentId": TENANCY, "cidrBlocks": ["10.0.0.0/16"]})[0].split(".")[3]
           for region in ("us-ashburn-1", "us-phoenix-1", "us-chicago-1")]  # fmt: skip
    assert ids == ["iad", "phx", "us-chicago-1"]


@pytest.mark.parametrize(
    ("settings", "words"),
    [({"tenancyOcid": TENANCY}, "configuration for region"), ({"region": "us-ashburn-1"}, "configuration for tenancy")],
)
def test_an_oracle_provider_that_says_too_little(servers: sandbox.Servers, settings: dict[str, Any], words: str):
    """As in reality the provider itself is accepted, and its first resource fails."""
    client = Client(servers.addresses["oci"], None)
    answer = client.call("CheckConfig", Pb.CheckRequest(news=to_wire(settings)))
    assert (from_wire(answer.inputs), len(answer.failures)) == (settings, 0)
    client.call("Configure", Pb.ConfigureRequest(args=to_wire(settings)))
    with pytest.raises(Refused, match=words):
        client.check(VCN, {"compartmentId": "c"})
    client.close()


@pytest.mark.parametrize(
    ("settings", "properties"),
    [
        ({}, ["region", "allowedAccountIds"]),
        ({"region": "us-east-1"}, ["allowedAccountIds"]),
        ({"region": "us-east-1", "allowedAccountIds": '["1","2"]'}, ["allowedAccountIds"]),
        ({"region": "us-east-1", "allowedAccountIds": f'["{ACCOUNT}"]'}, []),
    ],
)
def test_an_aws_provider_is_checked(servers: sandbox.Servers, settings: dict[str, Any], properties: list[str]):
    """A region and exactly one account, or the provider is refused; an incomplete one cannot be used."""
    client = Client(servers.addresses["aws"], None)
    answer = client.call("CheckConfig", Pb.CheckRequest(news=to_wire(settings)))
    assert [failure.property for failure in answer.failures] == properties
    client.call("Configure", Pb.ConfigureRequest(args=to_wire(settings)))
    if properties:
        with pytest.raises(Refused, match="not configured"):
            client.check(BUCKET, {})
    else:
        assert client.check(BUCKET, {"bucket": "b"})["region"] == "us-east-1"
    client.close()


@pytest.mark.parametrize(
    ("cloud", "settings", "diffs", "replaces"),
    [
        ("oci", ({"region": "us-ashburn-1"}, {"region": "us-phoenix-1"}), ["region"], []),
        ("aws", ({"region": "us-east-1"}, {"region": "us-west-2"}), ["region"], ["region"]),
        ("aws", ({"region": "r", "version": "1"}, {"region": "r", "version": "2"}), [], []),
        ("oci", ({"region": "r", "profile": "a"}, {"region": "r", "auth": "b"}), ["auth", "profile"], []),
    ],
)
def test_diff_of_configurations(servers: sandbox.Servers, cloud, settings, diffs, replaces):
    """The hazard: a changed Oracle region is an update in place. AWS replaces its provider and all it made."""
    client = Client(servers.addresses[cloud], None)
    old, new = map(to_wire, settings)
    answer = client.call("DiffConfig", Pb.DiffRequest(old_inputs=old, olds=old, news=new))
    assert (sorted(answer.diffs), list(answer.replaces)) == (diffs, replaces)
    assert answer.changes == (answer.DIFF_SOME if diffs else answer.DIFF_NONE)
    client.close()


def test_resources_are_out_of_sight_after_a_region_change(oci: Callable[..., Client]):
    """What a provider made in one region, the same provider does not find when it works in another."""
    id_, outputs = oci("us-ashburn-1").create(VCN, {"compartmentId": TENANCY, "cidrBlocks": ["10.0.0.0/16"]})
    moved = oci("us-phoenix-1")
    assert moved.read(VCN, id_, outputs)[0] == ""
    moved.delete(VCN, id_, outputs)  # says nothing, and deletes nothing
    assert oci("us-ashburn-1").read(VCN, id_, outputs)[0] == id_
    with pytest.raises(Refused, match="404-NotAuthorizedOrNotFound"):
        moved.update(VCN, id_, outputs, {"compartmentId": TENANCY, "cidrBlocks": ["10.0.0.0/16"]})


@pytest.mark.parametrize("region", ["us-nowhere-1", "us-gov-ashburn-1", "US-ASHBURN-1"])
def test_no_such_oracle_region(oci: Callable[..., Client], region: str):
    """A region that does not exist passes until something is created; another realm does not know the tenancy."""
    with pytest.raises(Refused, match=r"no such host|401-NotAuthenticated"):
        oci(region).create(VCN, {"compartmentId": TENANCY, "cidrBlocks": ["10.0.0.0/16"]})


def test_no_such_aws_region(aws: Callable[..., Client]):
    """The same for AWS."""
    with pytest.raises(Refused, match="no such host"):
        aws("us-east-9").create(BUCKET, {"bucket": "b-1"})


def test_identity_is_written_in_the_home_region(oci: Callable[..., Client], servers: sandbox.Servers):
    """Elsewhere: 403, with the name of the home region. It can be told before first use."""
    with pytest.raises(Refused, match="403-NotAllowed, Please go to your home region us-ashburn-1"):
        oci("us-phoenix-1").create(COMPARTMENT, DATA)
    with servers.store.changing() as clouds:
        clouds.set_fact("oci ocid1.tenancy.oc1..west home", "us-phoenix-1")
    west = oci("us-phoenix-1", tenancyOcid="ocid1.tenancy.oc1..west")
    assert west.create(COMPARTMENT, DATA)[0].startswith("ocid1.compartment.oc1..")


def test_a_resource_region_beats_the_providers(aws: Callable[..., Client]):
    """AWS resources carry a region: given, it decides; left out, the provider writes its own into the inputs."""
    client = aws("us-east-1")
    _, there = client.create(BUCKET, {"bucket": "there", "region": "ap-southeast-1"}, name="there")
    _, here = client.create(BUCKET, {"bucket": "here"}, name="here")
    assert (there["bucketRegion"], here["bucketRegion"]) == ("ap-southeast-1", "us-east-1")
    assert client.read(BUCKET, "there")[0] == ""
    assert client.read(BUCKET, "there@ap-southeast-1")[0] == "there"
    assert aws("ap-southeast-1").read(BUCKET, "there")[0] == "there"


def test_bucket_names_are_global(aws: Callable[..., Client]):
    """The same name is refused in any other account and region."""
    aws("us-east-1").create(BUCKET, {"bucket": "taken"})
    with pytest.raises(Refused, match="BucketAlreadyExists"):
        aws("eu-west-1", account="333333333333").create(BUCKET, {"bucket": "taken"})
    with pytest.raises(Refused, match="AccessDenied"):
        aws("us-east-1", account="333333333333").create(
            "aws:s3/bucketOwnershipControls:BucketOwnershipControls",
            {"bucket": "taken", "rule": {"objectOwnership": "ObjectWriter"}},
        )
    with pytest.raises(Refused, match="PermanentRedirect"):
        aws("eu-west-1").create(
            "aws:s3/bucketOwnershipControls:BucketOwnershipControls",
            {"bucket": "taken", "rule": {"objectOwnership": "ObjectWriter"}},
        )


def test_names_are_generated_and_kept(oci: Callable[..., Client], aws: Callable[..., Client]):
    """A name left out is the logical name and seven digits; the next check keeps it; a given one is never touched."""
    client, token = oci(), "oci:Identity/group:Group"
    first = client.check(token, {"description": "d"}, name="ops")
    assert first["name"].startswith("ops-")
    assert len(first["name"]) == len("ops-") + 7
    assert first["__defaults"] == ["name"]
    assert client.check(token, {"description": "e"}, first, name="ops")["name"] == first["name"]
    assert client.check(token, {"description": "e", "name": "own"}, first)["name"] == "own"
    assert aws().check(BUCKET, {}, name="Upper")["bucket"].startswith("upper-")
    assert aws().check("aws:kms/alias:Alias", {"targetKeyId": "k"}, name="a")["name"].startswith("alias/a-")
    assert "bucket" not in aws().check(BUCKET, {"bucketPrefix": "p"})


def test_defaults_are_filled_in_and_listed(aws: Callable[..., Client]):
    """Defaults stand in the checked inputs at every level, and `__defaults` names them."""
    checked = aws().check(
        "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock", {"bucket": "b", "blockPublicAcls": True}
    )
    assert checked == {
        "__defaults": ["blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"],
        "blockPublicAcls": True, "blockPublicPolicy": False, "bucket": "b", "ignorePublicAcls": False,
        "region": "us-east-1", "restrictPublicBuckets": False,
    }  # fmt: skip


def test_diff_answers(aws: Callable[..., Client]):
    """Kinds with and without replacement, the deletion order of a named resource, and ignored changes."""
    client = aws()
    old = client.check(BUCKET, {"bucket": "a", "tags": {"x": "1", "y": "1"}})
    new = client.check(BUCKET, {"bucket": "b", "tags": {"x": "2", "z": "1"}})
    answer = client.diff(BUCKET, old, new)
    kinds = {path: Pb.PropertyDiff.Kind.Name(entry.kind) for path, entry in answer.detailedDiff.items()}
    assert kinds == {"bucket": "UPDATE_REPLACE", "tags.x": "UPDATE", "tags.y": "DELETE", "tags.z": "ADD"}
    assert (list(answer.replaces), list(answer.diffs)) == (["bucket"], ["bucket", "tags"])
    assert answer.deleteBeforeReplace
    assert not client.diff(BUCKET, old, new, ignore=("bucket",)).deleteBeforeReplace
    generated = client.check(BUCKET, {}, name="n")
    assert not client.diff(BUCKET, generated, generated | {"bucket": "n-0000000"}).deleteBeforeReplace


def test_a_property_without_facts_replaces(oci: Callable[..., Client]):
    """Where nothing says that a change is harmless, the answer is a replacement."""
    answer = oci().diff("oci:Adm/remediationRecipe:RemediationRecipe", {"networkConfiguration": {"subnetId": "a"}},
                        {"networkConfiguration": {"subnetId": "b"}})  # fmt: skip
    assert list(answer.replaces) == ["networkConfiguration"]


def test_secrets_stay_secret_and_are_not_stored(oci: Callable[..., Client], servers: sandbox.Servers, tmp_path):
    """A secret comes back as a secret, also from Read; the file holds no trace of its text."""
    client, token = oci(), "oci:Core/drg:Drg"
    id_, outputs = client.create(token, {"compartmentId": TENANCY, "displayName": Secret("hunter2")})
    assert outputs["displayName"] == Secret("hunter2")
    _, again, inputs = client.read(token, id_, outputs, {"displayName": Secret("hunter2")})
    assert again["displayName"] == inputs["displayName"] == Secret("hunter2")
    _, stranger, _ = client.read(token, id_)
    assert "unreadable" in stranger["displayName"].value
    servers.store.close()
    assert all(b"hunter2" not in path.read_bytes() for path in tmp_path.iterdir())


def test_files_are_refused(oci: Callable[..., Client]):
    """Assets have no place here."""
    asset = {"4dabf18193072939515e22adb298388d": "c44067f5952c0a294b673a41bacd8c17", "text": "x"}
    with pytest.raises(Refused, match="not simulated"):
        oci().check(VCN, {"compartmentId": "c", "displayName": asset})


@pytest.mark.parametrize(
    ("method", "request_", "words"),
    [
        ("Invoke", Pb.InvokeRequest(tok="oci:ObjectStorage/getNamespace:getNamespace"), "stack file"),
        ("Call", Pb.CallRequest(tok="oci:a/b:C/d"), "no methods"),
        ("Construct", Pb.ConstructRequest(type="oci:a/b:C"), "no components"),
    ],
)
def test_what_is_not_simulated_says_so(oci: Callable[..., Client], method: str, request_: Any, words: str):
    """Functions, methods and remote components are refused by name."""
    with pytest.raises(Refused) as refusal:
        oci().call(method, request_)
    assert refusal.value.code is grpc.StatusCode.UNIMPLEMENTED
    assert words in refusal.value.details


def test_unmodelled_types_are_stored_plainly(aws: Callable[..., Client], oci: Callable[..., Client]):
    """A type without behaviour still has its schema, an id, and create, read, update and delete."""
    queue = aws()
    id_, outputs = queue.create("aws:sqs/queue:Queue", {"name": "q"})
    assert (id_, outputs["arn"]) == ("q", f"arn:aws:sqs:us-east-1:{ACCOUNT}:q")
    with pytest.raises(CheckFailed, match="Invalid or unknown key"):
        queue.check("aws:sqs/queue:Queue", {"nosuch": 1})
    updated = queue.update("aws:sqs/queue:Queue", id_, outputs, {"name": "q", "delaySeconds": 5})
    assert updated["delaySeconds"] == 5
    queue.delete("aws:sqs/queue:Queue", id_, outputs)
    assert queue.read("aws:sqs/queue:Queue", id_)[0] == ""
    stream, made = oci().create("oci:Streaming/stream:Stream", {"compartmentId": TENANCY, "name": "t", "partitions": 1})
    assert stream.startswith("ocid1.stream.oc1.iad.")
    assert made["state"] == "ACTIVE"
    assert aws().create("aws:cloudwatch/dashboard:Dashboard", {"dashboardBody": "{}", "dashboardName": "d"})[0]


def test_calls_about_types_that_do_not_exist(oci: Callable[..., Client]):
    """Every method but Check, which reports it as a failure, ends with an error."""
    with pytest.raises(Refused, match="unrecognized resource type"):
        oci().diff("oci:a/b:C", {}, {})


def test_requests_without_name_and_type(oci: Callable[..., Client]):
    """Older engines send only the URN."""
    answer = oci().call(
        "Check", Pb.CheckRequest(urn=urn(f"lab:c:Comp${VCN}", "net"), news=to_wire({"compartmentId": 1}))
    )
    assert [failure.reason for failure in answer.failures] == [
        "expected string type, got number type. Examine values at 'net.compartmentId'."
    ]


@pytest.mark.parametrize(("moment", "exists"), [(sandbox.Moment.BEFORE, False), (sandbox.Moment.AFTER, True)])
def test_a_failure_before_or_after_the_effect(oci: Callable[..., Client], faults: sandbox.Faults, moment, exists):
    """The call fails either way; whether the resource exists is the difference. The next call is not struck."""
    faults.faults.append(sandbox.Fault(action=sandbox.Action.FAIL, moment=moment, operation="create", message="boom"))
    client = oci()
    with pytest.raises(Refused, match="boom"):
        client.create("oci:Identity/group:Group", {"name": "g", "description": "d"})
    if exists:
        with pytest.raises(Refused, match="AlreadyExists"):
            client.create("oci:Identity/group:Group", {"name": "g", "description": "d"})
    else:
        client.create("oci:Identity/group:Group", {"name": "g", "description": "d"})
    assert [event.operation for event in faults.events] == ["check", "create", "check", "create"]


def test_a_partial_failure_names_what_exists(oci: Callable[..., Client], faults: sandbox.Faults):
    """The error carries id, outputs and inputs, so that an engine can keep the resource."""
    faults.faults.append(
        sandbox.Fault(action=sandbox.Action.PARTIAL, moment=sandbox.Moment.AFTER, type=VCN, message="not ready")
    )
    client = oci()
    with pytest.raises(Refused, match="not ready") as refusal:
        client.create(VCN, {"compartmentId": TENANCY, "cidrBlocks": ["10.0.0.0/16"]})
    status = status_pb2.Status.FromString(refusal.value.metadata["grpc-status-details-bin"])
    detail = Pb.ErrorResourceInitFailed()
    assert status.details[0].Unpack(detail)
    assert client.read(VCN, detail.id)[0] == detail.id
    assert (list(detail.reasons), from_wire(detail.inputs)["cidrBlocks"]) == (["not ready"], ["10.0.0.0/16"])


def test_a_hanging_call_blocks_no_other(oci: Callable[..., Client], faults: sandbox.Faults):
    """One call hangs until it is released; others go on meanwhile."""
    faults.faults.append(sandbox.Fault(action=sandbox.Action.HANG, operation="create", name="slow"))
    client = oci()
    checked = client.check(VCN, {"compartmentId": TENANCY, "cidrBlocks": ["10.0.0.0/16"]}, name="slow")
    request = Pb.CreateRequest(urn=urn(VCN, "slow"), properties=to_wire(checked), name="slow", type=VCN)
    pending = client.stub.Create.future(request)
    client.create(VCN, {"compartmentId": TENANCY, "cidrBlocks": ["10.1.0.0/16"]}, name="quick")
    assert not pending.done()
    faults.release()
    assert pending.result(timeout=10).id


def test_faults_strike_by_number(oci: Callable[..., Client], faults: sandbox.Faults):
    """The n-th agreeing call, and as many after it as asked for."""
    faults.faults.append(sandbox.Fault(action=sandbox.Action.FAIL, operation="create", nth=2, count=2))
    client, outcomes = oci(), []
    for number in range(4):
        try:
            client.create("oci:Identity/group:Group", {"name": f"g{number}", "description": "d"}, name=f"g{number}")
            outcomes.append("ok")
        except Refused:
            outcomes.append("failed")
    assert outcomes == ["ok", "failed", "failed", "ok"]


def test_a_damaged_file_is_named(tmp_path):
    """A file that is no database is not touched, and the error says what to do."""
    path = tmp_path / "clouds.sqlite"
    path.write_text("not a database, " * 100)
    with sandbox.serve(path) as servers:
        client = Client(servers.addresses["oci"], {"region": "us-ashburn-1", "tenancyOcid": TENANCY})
        with pytest.raises(Refused, match=r"python -m infra\.sandbox reset") as refusal:
            client.create(VCN, {"compartmentId": TENANCY, "cidrBlocks": ["10.0.0.0/16"]})
        client.close()
    assert refusal.value.code is grpc.StatusCode.UNAVAILABLE
    assert path.read_text().startswith("not a database")


def test_the_assumed_role_is_no_stranger(aws: Callable[..., Client]):
    """A policy may name the role that the provider acts as, though no stack made it."""
    role = f"arn:aws:iam::{ACCOUNT}:role/deployer"
    allow = {"Effect": "Allow", "Principal": {"AWS": role}, "Action": "kms:*", "Resource": "*"}
    policy = {"policy": json.dumps({"Version": "2012-10-17", "Statement": [allow]})}
    with pytest.raises(Refused, match="MalformedPolicyDocument"):
        aws().create("aws:kms/key:Key", policy)
    assert aws(assumeRoles=json.dumps([{"roleArn": role}])).create("aws:kms/key:Key", policy)[0]
