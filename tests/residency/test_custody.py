"""Keys held outside Oracle, as planned; and every way in which a stack file may not say who holds them."""

from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network

import pytest

from infra.residency.dataset import DataClass
from infra.residency.evidence import NO_EVIDENCE
from infra.residency.findings import ResidencyError
from infra.residency.holders import Deployed, holders
from infra.residency.holders_lock import with_planned
from infra.residency.keys import ExternalCustody
from infra.residency.keys_request import KeysRequest
from infra.residency.planner import plan
from infra.residency.regions import UsRegion
from tests.residency.samples import TODAY, found
from tests.support import custody

GOOD = custody.request()
HERE, THERE = custody.REGIONS
EXTERNAL, REGIONS = "keys.external", "keys.external.regions"
SECRET = f"config.{custody.SECRET_KEY}"


def with_external(**changes: object):
    """The request with changes of who holds the keys."""
    return replace(GOOD, keys=replace(GOOD.keys, external=replace(GOOD.keys.external, **changes)))


def with_manager(region=HERE, **changes: object):
    """The request with changes of one region's manager."""
    regions = dict(GOOD.keys.external.regions)
    return with_external(regions={**regions, region: replace(regions[region], **changes)})


def keys(**changes: str | None):
    """The ids of a region's keys, with changes; what is None is left out."""
    all_ = {**GOOD.keys.external.regions[HERE].keys, **changes}
    return {name: id_ for name, id_ in all_.items() if id_ is not None}


def test_what_is_asked_for_is_planned():
    """The third eighth of each region's range is for its key manager's endpoint, and nothing of the stack is in it."""
    planned = plan(GOOD, TODAY)
    held = planned.key_care.vault
    assert isinstance(held, ExternalCustody)
    assert (held.holder, set(held.managers)) == ("Example Custody LLC", {UsRegion.ASHBURN, UsRegion.PHOENIX})
    here = held.managers[UsRegion.ASHBURN]
    assert (here.address, here.port) == (IPv4Address("192.168.20.10"), 443)
    assert (here.vcn, here.subnet) == (IPv4Network("10.16.64.0/19"), IPv4Network("10.16.64.0/20"))
    assert here.keys == {data_class: custody.key_of(HERE, data_class.value) for data_class in DataClass}
    for network in planned.networks:
        ours = [network.vcn, *(it.vcn for it in planned.traffic.edges)]
        assert not any(it.overlaps(held.managers[network.region].vcn) for it in ours)


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (replace(GOOD, keys=KeysRequest(vault="external")), {EXTERNAL, SECRET}),
        (replace(GOOD, keys=replace(GOOD.keys, client_secret=False)), {SECRET}),
        (replace(GOOD, keys=replace(GOOD.keys, vault="shared")), {EXTERNAL, SECRET}),
        (replace(GOOD, keys=KeysRequest(vault="private", client_secret=True)), {SECRET}),
        (replace(GOOD, keys=replace(GOOD.keys, vault="shared", client_secret=False)), {EXTERNAL}),
        (with_external(held_in="DE"), {f"{EXTERNAL}.heldIn"}),
        (with_external(holder="<b>bold</b>"), {f"{EXTERNAL}.holder"}),
        (with_external(holder="two\nlines"), {f"{EXTERNAL}.holder"}),
        (with_external(domain_url="https://idcs.example.com"), {f"{EXTERNAL}.domain"}),
        (with_external(client_id="me"), {f"{EXTERNAL}.clientId"}),
        (with_external(regions={HERE: GOOD.keys.external.regions[HERE]}), {REGIONS}),
        (with_external(regions={**GOOD.keys.external.regions, "us-chicago-1": GOOD.keys.external.regions[HERE]}),
         {f"{REGIONS}.us-chicago-1", *(f"{REGIONS}.us-chicago-1.keys.{it}" for it in custody.CLASSES)}),
        (with_manager(vault_url="http://keys.example.com/v1"), {f"{REGIONS}.{HERE}.vaultUrl"}),
        (with_manager(vault_url="https://me:hush@keys.example.com/v1"), {f"{REGIONS}.{HERE}.vaultUrl"}),
        (with_manager(vault_url="https://keys.example.com/../v1"), {f"{REGIONS}.{HERE}.vaultUrl"}),
        (with_manager(address="203.0.113.9"), {f"{REGIONS}.{HERE}.address"}),
        (with_manager(address="10.16.64.9"), {f"{REGIONS}.{HERE}.address"}),
        (with_manager(address="keys.example.com"), {f"{REGIONS}.{HERE}.address"}),
        (with_manager(port=0), {f"{REGIONS}.{HERE}.port"}),
        (with_manager(port=65536), {f"{REGIONS}.{HERE}.port"}),
        (with_manager(port=65535), set()),
        (with_manager(authority=""), {f"{REGIONS}.{HERE}.authority"}),
        (with_manager(authority=custody.AUTHORITY * 2), set()),
        (with_manager(authority=custody.AUTHORITY + "and more"), {f"{REGIONS}.{HERE}.authority"}),
        (with_manager(authority=custody.AUTHORITY.replace("TUl", "T=l")), {f"{REGIONS}.{HERE}.authority"}),
        (with_manager(authority=custody.AUTHORITY * 500), {f"{REGIONS}.{HERE}.authority"}),
        (with_manager(keys=keys(public=None)), {f"{REGIONS}.{HERE}.keys"}),
        (with_manager(keys=keys(secret=custody.key_of(HERE, "public")[:-1] + "9")), {f"{REGIONS}.{HERE}.keys.secret"}),
        (with_manager(keys=keys(public="../0")), {f"{REGIONS}.{HERE}.keys.public"}),
        (with_manager(keys=keys(public=custody.key_of(HERE, "protected"))), {f"{REGIONS}.{HERE}.keys.public"}),
        (with_manager(keys=keys(public=custody.key_of(THERE, "public"))), {f"{REGIONS}.{THERE}.keys.public"}),
    ],
)  # fmt: skip
def test_what_may_not_be_said_is_refused(request_, expected):
    """All at once, and each where it stands."""
    assert found(request_) == {("keys", path) for path in expected}


def test_what_rests_on_refused_regions_is_not_said():
    """A region that may not be is one finding, and no second one about its keys."""
    regions = {name: replace(it, cidr="10.16.0.0/30") for name, it in GOOD.oci.regions.items()}
    refused = found(replace(GOOD, oci=replace(GOOD.oci, regions=regions)))
    assert refused
    assert "keys" not in {rule for rule, _ in refused}


def test_a_private_key_is_not_repeated():
    """Whoever puts one where certificates belong is told so, and the log does not have it."""
    text = "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n"
    with pytest.raises(ResidencyError) as refused:
        plan(with_manager(authority=text), TODAY)
    (finding,) = refused.value.findings
    assert finding.given == "a private key"
    assert "c2VjcmV0" not in str(finding)


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        (replace(GOOD, keys=KeysRequest()), "vaultType EXTERNAL would become DEFAULT"),
        (with_manager(vault_url="https://else.example.com/v1"), "externalVaultEndpointUrl"),
        (with_external(client_id="f" * 32), "clientAppId"),
        (with_manager(keys=keys(public="f" * 8 + "-0000-4000-8000-" + "f" * 12)), "externalKeyId"),
    ],
)
def test_what_was_deployed_stays_with_its_holder(request_, said):
    """Another kind of vault, manager, application or key would be another holder: refused before an engine starts."""
    deployed = with_planned(Deployed(), holders(plan(GOOD, TODAY)))
    changed = [it for it in holders(plan(request_, TODAY)) if it not in deployed.holders.values()]
    assert changed
    with pytest.raises(ResidencyError) as refused:
        plan(request_, TODAY, replace(NO_EVIDENCE, deployed=deployed))
    assert any(said in it.given for it in refused.value.findings)


def test_a_living_stack_does_not_move_its_keys_outside():
    """From hardware of Oracle's to a holder outside: the vault and every key in it would be replaced."""
    deployed = with_planned(Deployed(), holders(plan(replace(GOOD, keys=KeysRequest()), TODAY)))
    with pytest.raises(ResidencyError) as refused:
        plan(GOOD, TODAY, replace(NO_EVIDENCE, deployed=deployed))
    assert {it.path for it in refused.value.findings} == {f"oci.regions.{it}" for it in custody.REGIONS}
