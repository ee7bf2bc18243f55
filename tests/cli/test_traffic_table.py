"""The table of traffic: what a person reads about a change of answers, made from the resources themselves.

Proves that the words follow from the policies that a run registers or a state holds, leaks included; that the
interpreter reads policies as Oracle does is for its own tests.
"""

import json
from dataclasses import replace

import pytest

from infra.cli import traffic_table
from infra.cli.traffic_view import view
from infra.engine.display import Paper, Recorder, columns
from infra.engine.events import Op, ResourcePre, StepInfo
from infra.engine.resource import Resource
from infra.engine.state import Deployment
from infra.engine.values import UNKNOWN
from infra.residency.traffic_request import HostnameRequest
from tests.residency.samples import ANSWERING
from tests.support.programs import answering, planned
from tests.support.recorder import UNKNOWN as UNKNOWN_TEXT

IAD, PHX = "us-ashburn-1", "us-phoenix-1"
ADDRESSES = {
    "edge-us-ashburn-1": {"PublicIp": "198.51.100.1", "Ipv6": "2001:db8::1"},
    "edge-us-phoenix-1": {"PublicIp": "198.51.100.2", "Ipv6": "2001:db8::2"},
}
POLICY = "oci:Dns/steeringPolicy:SteeringPolicy"


def known(value):
    """The recorder's stand-ins as an engine's values: unknown in a preview, addresses in a state."""
    if isinstance(value, dict):
        return {key: known(item) for key, item in value.items()}
    if isinstance(value, list):
        return [known(item) for item in value]
    if value == UNKNOWN_TEXT:
        return UNKNOWN
    if isinstance(value, int) and not isinstance(value, bool):
        return float(value)  # as in the protocol
    for name, addresses in ADDRESSES.items():
        for kind, address in addresses.items():
            if isinstance(value, str) and kind in value and value.endswith(f"{name}.ipAddress>"):
                return address
    return value


def resources(recorded):
    """What was recorded, as an engine keeps it."""
    urns = {r.name: f"{r.urn}::id" for r in recorded.resources.values() if r.is_provider}
    made = []
    for r in recorded.resources.values():
        kind = r.type.rpartition(":")[2]
        address = ADDRESSES.get(r.name, {}).get(kind) if recorded is not answering(preview=True) else None
        made.append(
            Resource(
                urn=r.urn,
                type=r.type,
                custom=r.custom,
                inputs=known(dict(r.inputs)),
                outputs={"ipAddress": address} if address else {},
                provider=urns.get(r.provider, ""),
                property_dependencies={name: sorted(found) for name, found in r.property_dependencies.items()},
            )
        )
    return made


def run(before, after, *, replaced=()):
    """What a run would do that leads from one set of resources to another."""
    recorder = Recorder()
    old = {r.urn: r for r in before}
    for r in after:
        op = Op.REPLACE if r.urn in replaced else Op.SAME if r.urn in old else Op.CREATE
        recorder(ResourcePre(step=StepInfo(op=op, urn=r.urn, type=r.type, old=old.get(r.urn), new=r)))
    for urn in old.keys() - {r.urn for r in after}:
        recorder(ResourcePre(step=StepInfo(op=Op.DELETE, urn=urn, type=old[urn].type, old=old[urn])))
    return traffic_table.changes(Deployment(resources=list(before)), recorder)


def lines(found):
    """The table as text."""
    return traffic_table.render(found, Paper(width=200))


def with_hostname(label, **changes: object):
    """What the sample registers when a hostname is another."""
    request = ANSWERING.traffic
    hostnames = dict(request.hostnames) | {label: replace(request.hostnames[label], **changes)}
    return resources(planned(replace(ANSWERING, traffic=replace(request, hostnames=hostnames)), preview=False))


@pytest.mark.parametrize("preview", [True, False], ids=["preview", "state"])
def test_every_hostname_and_type_is_answered_as_its_policy_says(preview):
    """The same words before the addresses exist and afterwards, for each template."""
    found = view(resources(answering(preview=preview)))
    assert found.keys() == {(f"{n}.us.example.com", kind) for n in ("api", "share", "upload") for kind in ("A", "AAAA")}
    for kind in ("A", "AAAA"):
        assert dict(found["api.us.example.com", kind].rows) == {
            ("everyone", "all healthy"): IAD,
            ("everyone", f"{IAD} down"): f"{PHX} within 90 s",
            ("everyone", f"{PHX} down"): IAD,
            ("everyone", "all down"): f"nothing, or still {IAD}",
        }
        assert dict(found["upload.us.example.com", kind].rows) == {
            ("everyone", "all healthy"): f"{IAD} 70 %, {PHX} 30 %",
            ("everyone", f"{IAD} down"): f"{PHX} within 90 s",
            ("everyone", f"{PHX} down"): f"{IAD} within 90 s",
            ("everyone", "all down"): f"nothing, or still {IAD} 70 %, {PHX} 30 %",
        }
        share = found["share.us.example.com", kind].rows
        assert (share["users in the US", "all healthy"], share["users elsewhere", "all healthy"]) == (IAD, PHX)
        assert {who for who, _ in share} == {"users in the US", "users elsewhere"}
    assert {answered.records for answered in found.values()} == {(IAD, PHX)}
    assert {answered.abroad for answered in found.values()} == {()}


def test_a_shift_of_weights_is_told_with_what_answers_meanwhile():
    """Only the hostname that changes, both record types at once, and the moment of the replacement."""
    before = resources(answering(preview=False))
    after = with_hostname("upload", weights={IAD: 40, PHX: 60})
    replaced = {r.urn for r in after if r.type == POLICY and "::upload-" in r.urn}
    then, now = f"{IAD} 70 %, {PHX} 30 %", f"{IAD} 40 %, {PHX} 60 %"
    table = [
        ("upload.us.example.com (A and AAAA)", "now", "after"),
        ("  everyone, all healthy", then, now),
        (f"  {IAD} down", f"{PHX} within 90 s", f"{PHX} within 90 s"),
        (f"  {PHX} down", f"{IAD} within 90 s", f"{IAD} within 90 s"),
        ("  all down", f"nothing, or still {then}", f"nothing, or still {now}"),
    ]
    meanwhile = "the A and AAAA policies are replaced: until the new one is attached, the zone's own records answer"
    assert lines(run(before, after, replaced=replaced)) == [
        "  Traffic, before and after",
        *columns(table, width=200),
        f"    {meanwhile}: {IAD}, {PHX}",
        "  No answer is ever anything but an edge of this stack in the US; with all down there may be none.",
    ]


def test_nothing_is_said_where_nothing_changes():
    """Neither for people nor for machines."""
    same = resources(answering(preview=False))
    assert (run(same, same), lines([])) == ([], [])


def test_hostnames_that_agree_are_told_together_and_a_new_one_has_no_past():
    """Two names added alike make one block; one that goes has no future."""
    request = ANSWERING.traffic
    hostnames = dict(request.hostnames) | {name: HostnameRequest(health="/healthz") for name in ("live", "news")}
    more = resources(planned(replace(ANSWERING, traffic=replace(request, hostnames=hostnames)), preview=False))
    few = resources(answering(preview=False))
    coming, going = lines(run(few, more)), lines(run(more, few))
    assert [line.split("  now")[0].strip() for line in (coming[1], going[1])] == [
        "live.us.example.com, news.us.example.com (A and AAAA)"
    ] * 2
    assert coming[2].split()[-4:] == ["no", "such", "name", IAD]
    assert going[2].split()[-4:] == [IAD, "no", "such", "name"]


def test_what_leads_elsewhere_is_shown_as_it_is():
    """An answer and a record that no edge has: named, and said at the end; an unreadable policy is not guessed at."""
    before, after = resources(answering(preview=False)), resources(answering(preview=False))
    for r in after:
        if r.urn.endswith("SteeringPolicy::api-a"):
            r.inputs["answers"] = [*r.inputs["answers"], {"name": "old", "rtype": "A", "rdata": "203.0.113.7"}]
        if r.urn.endswith("SteeringPolicy::upload-a"):
            r.inputs["rules"] = []
    found = {change.hostname: change for change in run(before, after)}
    leak = "203.0.113.7, which is no edge of this stack"
    assert found["api.us.example.com"].abroad == (leak,)
    assert lines([found["api.us.example.com"]])[-1] == f"  Not an edge in an allowed US region: {leak}"
    assert found["upload.us.example.com"].rows[0].after.startswith("not known: the policy cannot be read (rules:")


def test_machines_get_the_same():
    """As plain values that JSON can hold."""
    before = resources(answering(preview=False))
    (change,) = traffic_table.document(run(before, with_hostname("share", others=None)))
    assert json.loads(json.dumps(change)) == change
    assert (change["hostname"], change["types"], change["recordsMeanwhile"]) == (
        "share.us.example.com",
        ["A", "AAAA"],
        [IAD, PHX],
    )
    assert [(row["who"], row["before"], row["after"]) for row in change["rows"] if row["health"] == "all healthy"] == [
        ("everyone", IAD, IAD),
        ("users in the US", IAD, IAD),
        ("users elsewhere", PHX, IAD),
    ]
