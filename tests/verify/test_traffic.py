"""The check over the resource graph: a leak seeded below the planner is found, a harmless variant is not.

Each case starts from what the program registers for the sample that answers users, in a preview and with known values,
and edits the resources as no stack file could. That the planner refuses leaking stack files is for its own tests.
"""

from copy import deepcopy

import pytest

from infra.residency.regions import UsRegion
from infra.verify.graph import UNKNOWN
from infra.verify.sources.state import graph_of
from infra.verify.traffic import Rule, leaks
from tests.support.programs import answering
from tests.support.recorder import UNKNOWN as UNKNOWN_TEXT

ASHBURN, PHOENIX, CHICAGO, SAN_JOSE = UsRegion
ZONE = "us.example.com"
HOSTNAMES = frozenset(f"{label}.{ZONE}" for label in ("api", "share", "upload"))
VIRGINIA = "203.0.113.7"
"""An address that no edge of this stack has."""


def plain(value):
    """The recorder's mark for unknown values as an engine's."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return UNKNOWN if value == UNKNOWN_TEXT else value


class Resources:
    """Resources as a state writes them, to be edited."""

    def __init__(self, *, preview: bool) -> None:
        recorded = answering(preview=preview)
        self.preview = preview
        urns = {r.name: r.urn for r in recorded.resources.values() if r.is_provider}
        self.all = {r.urn: self._document(r, urns) for r in recorded.resources.values()}

    def _document(self, r, urns):
        address = r.type.endswith((":PublicIp", ":Ipv6")) and not self.preview
        return {
            "urn": r.urn,
            "type": r.type,
            "id": "" if self.preview else f"<{r.type} {r.name}.id>",
            "provider": f"{urns[r.provider]}::id" if r.provider else "",
            "inputs": plain(deepcopy(dict(r.inputs))),
            "outputs": {"ipAddress": f"<{r.type} {r.name}.ipAddress>"} if address else {},
            "propertyDependencies": {name: sorted(found) for name, found in r.property_dependencies.items()},
        }

    def get(self, kind, name):
        """The resource of the last part of a type and of a name."""
        (found,) = (r for r in self.all.values() if r["type"].endswith(f":{kind}") and r["urn"].endswith(f"::{name}"))
        return found

    def inputs(self, kind, name):
        """Its inputs."""
        return self.get(kind, name)["inputs"]

    def add(self, type_, name, like=None, **inputs: object):
        """Another resource, as one that is there or bare."""
        urn = f"urn:pulumi:test::usdata::{type_}::{name}"
        home = next(r["urn"] for r in self.all.values() if "oci-home" in r["urn"])
        made = deepcopy(like) if like else {"provider": f"{home}::id", "inputs": {}, "propertyDependencies": {}}
        self.all[urn] = made | {"urn": urn, "type": type_, "id": f"<{type_} {name}.id>"}
        self.all[urn]["inputs"] |= inputs
        return self.all[urn]

    def remove(self, kind, name):
        """Without it."""
        del self.all[self.get(kind, name)["urn"]]

    def leaks(self, hostnames=HOSTNAMES, regions=frozenset({ASHBURN, PHOENIX})):
        """What the check finds."""
        return leaks(graph_of(self.all.values()), zone=ZONE, hostnames=hostnames, regions=regions)


@pytest.fixture(params=[True, False], ids=["preview", "known"])
def resources(request):
    """What the program registers, before and after addresses and ids are known."""
    return Resources(preview=request.param)


def test_what_the_program_registers_leaks_nothing(resources):
    """Both in a first preview, where addresses are attributed, and with known values."""
    assert resources.leaks() == ()


def answer(rdata, rtype="A", **more: object):
    """An answer of a policy."""
    return {"name": "old", "pool": "oci-us", "rdata": rdata, "rtype": rtype, **more}


def rrset(r, name, domain, rtype, rdata):
    """A record set as the program's own, at another name or of another type."""
    like = r.get("Rrset", "zone-txt")
    item = {"domain": domain, "rtype": rtype, "rdata": rdata, "ttl": 30}
    r.add("oci:Dns/rrset:Rrset", name, like, domain=domain, rtype=rtype, items=[item])


def foreign_provider(r, *kinds: str):
    """An edge of Ashburn under a provider of another place."""
    provider = r.add("pulumi:providers:oci", "oci-elsewhere", region="ap-singapore-1")
    for kind in kinds:
        r.get(kind, "edge-us-ashburn-1")["provider"] = f"{provider['urn']}::id"


def from_elsewhere(r, kind, name, property_, set_unknown):
    """An unknown value that comes from a resource which is no edge."""
    eip = r.add("aws:ec2/eip:Eip", "legacy")
    set_unknown(r.inputs(kind, name))
    sources = r.get(kind, name)["propertyDependencies"]
    sources[property_] = [*sources.get(property_, []), eip["urn"]]


def first_answer_unknown(inputs):
    """Makes an address one that is not known yet."""
    inputs["answers"][0]["rdata"] = UNKNOWN


def first_item_unknown(inputs):
    """The same of a record."""
    inputs["items"][0]["rdata"] = UNKNOWN


def no_catch_all(r):
    """The sort by population without its last case."""
    r.inputs("SteeringPolicy", "share-a")["rules"][2]["cases"].pop()


LEAKS = {
    "a legacy answer kept in a pool": (
        Rule.ANSWER,
        lambda r: r.inputs("SteeringPolicy", "api-a")["answers"].append(answer(VIRGINIA)),
    ),
    "a legacy answer that is switched off": (
        Rule.ANSWER,
        lambda r: r.inputs("SteeringPolicy", "api-a")["answers"].append(answer(VIRGINIA, isDisabled=True)),
    ),
    "a legacy answer behind a name of an edge": (
        Rule.ANSWER,
        lambda r: r.inputs("SteeringPolicy", "api-a")["answers"][0].update(rdata=VIRGINIA),
    ),
    "a CNAME as an answer": (
        Rule.ANSWER,
        lambda r: r.inputs("SteeringPolicy", "api-a")["answers"].append(answer("legacy.example.net", "CNAME")),
    ),
    "an IPv6 answer of nobody": (
        Rule.ANSWER,
        lambda r: r.inputs("SteeringPolicy", "api-aaaa")["answers"].append(answer("2001:db8:ffff::1", "AAAA")),
    ),
    "an unknown address that comes from another cloud": (
        Rule.ANSWER,
        lambda r: from_elsewhere(r, "SteeringPolicy", "api-a", "answers", first_answer_unknown),
    ),
    "an unknown address that comes from nowhere": (
        Rule.ANSWER,
        lambda r: (
            first_answer_unknown(r.inputs("SteeringPolicy", "api-a")),
            r.get("SteeringPolicy", "api-a")["propertyDependencies"].pop("answers"),
        ),
    ),
    "a policy without answers": (Rule.ANSWER, lambda r: r.inputs("SteeringPolicy", "api-a").update(answers=[])),
    "an edge whose address is made elsewhere": (Rule.ANSWER, lambda r: foreign_provider(r, "PublicIp", "LoadBalancer")),
    "an address of this stack that no edge has": (
        Rule.ANSWER,
        lambda r: r.inputs("LoadBalancer", "edge-us-ashburn-1").update(reservedIps=[]),
    ),
    "a load balancer elsewhere": (Rule.EDGE, lambda r: foreign_provider(r, "LoadBalancer")),
    "weight 0 instead of removal": (
        Rule.RULES,
        lambda r: r.inputs("SteeringPolicy", "upload-a")["rules"][2]["defaultAnswerDatas"][1].update(value=0),
    ),
    "a weight left out": (
        Rule.RULES,
        lambda r: r.inputs("SteeringPolicy", "upload-a")["rules"][2]["defaultAnswerDatas"][1].pop("value"),
    ),
    "a geo rule without a catch-all": (Rule.RULES, no_catch_all),
    "a filter for some clients only": (
        Rule.RULES,
        lambda r: r.inputs("SteeringPolicy", "share-a")["rules"][0]["cases"][0].update(
            caseCondition="query.client.geoKey in (geoKey '6252001')"
        ),
    ),
    "a rule with an empty list of cases": (
        Rule.RULES,
        lambda r: r.inputs("SteeringPolicy", "share-a")["rules"][0].update(cases=[]),
    ),
    "a policy that does not look at health": (
        Rule.RULES,
        lambda r: r.inputs("SteeringPolicy", "api-a")["rules"].pop(1),
    ),
    "answers that are not known": (
        Rule.UNREAD,
        lambda r: r.inputs("SteeringPolicy", "api-a").update(answers=UNKNOWN),
    ),
    "a rule that nobody knows": (
        Rule.RULES,
        lambda r: r.inputs("SteeringPolicy", "api-a")["rules"].append({"ruleType": "MIRROR"}),
    ),
    "an unmonitored policy": (
        Rule.MONITOR,
        lambda r: r.inputs("SteeringPolicy", "api-a").pop("healthCheckMonitorId"),
    ),
    "a monitor of another stack": (
        Rule.MONITOR,
        lambda r: r.inputs("SteeringPolicy", "api-a").update(healthCheckMonitorId="ocid1.httpmonitor.oc1..other"),
    ),
    "a monitor that is switched off": (
        Rule.MONITOR,
        lambda r: r.inputs("HttpMonitor", "api-a").update(isEnabled=False),
    ),
    "an unmonitored answer": (
        Rule.MONITOR,
        lambda r: (
            r.inputs("HttpMonitor", "api-a")["targets"].pop(),
            r.get("HttpMonitor", "api-a")["propertyDependencies"]["targets"].pop(),
        ),
    ),
    "an attachment to the wrong zone": (
        Rule.ATTACHMENT,
        lambda r: r.inputs("SteeringPolicyAttachment", "api-a").update(zoneId="ocid1.dns-zone.oc1..other"),
    ),
    "an attachment of a policy of another stack": (
        Rule.ATTACHMENT,
        lambda r: r.inputs("SteeringPolicyAttachment", "api-a").update(steeringPolicyId="ocid1.dnspolicy.oc1..other"),
    ),
    "an attachment at a name that nobody planned": (
        Rule.ATTACHMENT,
        lambda r: r.inputs("SteeringPolicyAttachment", "api-a").update(domainName=f"old.{ZONE}"),
    ),
    "two attachments for one type": (
        Rule.ATTACHMENT,
        lambda r: r.inputs("SteeringPolicyAttachment", "share-a").update(domainName=f"api.{ZONE}"),
    ),
    "a hostname without a policy": (Rule.COVERAGE, lambda r: r.remove("SteeringPolicyAttachment", "api-a")),
    "an AAAA record without a policy": (Rule.COVERAGE, lambda r: r.remove("SteeringPolicyAttachment", "api-aaaa")),
    "no record while a policy is replaced": (Rule.COVERAGE, lambda r: r.remove("Rrset", "api-a")),
    "an empty record while a policy is replaced": (
        Rule.COVERAGE,
        lambda r: r.inputs("Rrset", "api-a").update(items=[]),
    ),
    "a fallback record in Virginia": (
        Rule.RECORD,
        lambda r: r.inputs("Rrset", "api-a")["items"][0].update(rdata=VIRGINIA),
    ),
    "one more fallback record, in Virginia": (
        Rule.RECORD,
        lambda r: r.inputs("Rrset", "api-a")["items"].append(
            {"domain": f"api.{ZONE}", "rtype": "A", "rdata": VIRGINIA, "ttl": 30}
        ),
    ),
    "a fallback record of an unknown address of another cloud": (
        Rule.RECORD,
        lambda r: from_elsewhere(r, "Rrset", "api-a", "items", first_item_unknown),
    ),
    "a wildcard record": (Rule.RECORD, lambda r: rrset(r, "any", f"*.{ZONE}", "TXT", '"x"')),
    "an address record at a name that nobody planned": (
        Rule.RECORD,
        lambda r: rrset(r, "old", f"old.{ZONE}", "A", VIRGINIA),
    ),
    **{
        f"a record of type {kind}": (
            Rule.RECORD,
            lambda r, kind=kind: rrset(r, "away", f"api.{ZONE}", kind, "legacy.example.net."),
        )
        for kind in ("CNAME", "ALIAS", "DNAME", "HTTPS", "MX", "NS", "SRV", "SVCB", "TYPE65400")
    },
    "a record outside the zone": (Rule.RECORD, lambda r: rrset(r, "out", "api.example.com", "TXT", '"x"')),
    "a record in another zone": (
        Rule.RECORD,
        lambda r: r.inputs("Rrset", "api-a").update(zoneNameOrId="ocid1.dns-zone.oc1..other"),
    ),
    "an item of another name": (
        Rule.RECORD,
        lambda r: r.inputs("Rrset", "api-a")["items"][0].update(domain=f"old.{ZONE}"),
    ),
    "an answer that is cached for a day": (Rule.TTL, lambda r: r.inputs("SteeringPolicy", "api-a").update(ttl=86400)),
    "a record that is cached for a day": (Rule.TTL, lambda r: r.inputs("Rrset", "api-a")["items"][0].update(ttl=86400)),
    "a lifetime that is not known": (Rule.TTL, lambda r: r.inputs("SteeringPolicy", "api-a").update(ttl=UNKNOWN)),
    "a zone that is fed from elsewhere": (
        Rule.ZONE,
        lambda r: r.inputs("Zone", "zone").update(externalMasters=[{"address": VIRGINIA}]),
    ),
    "a zone that is served elsewhere too": (
        Rule.ZONE,
        lambda r: r.inputs("Zone", "zone").update(externalDownstreams=[{"address": VIRGINIA}]),
    ),
    "a zone without signatures": (Rule.ZONE, lambda r: r.inputs("Zone", "zone").update(dnssecState="DISABLED")),
    "a zone of another name": (Rule.ZONE, lambda r: r.inputs("Zone", "zone").update(name="example.com")),
    "a second zone": (Rule.ZONE, lambda r: r.add("oci:Dns/zone:Zone", "again", r.get("Zone", "zone"))),
    "a record that is no record set": (Rule.TYPE, lambda r: r.add("oci:Dns/record:Record", "one")),
    "a record of the other cloud": (Rule.TYPE, lambda r: r.add("aws:route53/record:Record", "us")),
    "an accelerator of the other cloud": (
        Rule.TYPE,
        lambda r: r.add("aws:globalaccelerator/accelerator:Accelerator", "x"),
    ),
    "a back end abroad": (
        Rule.BACKEND,
        lambda r: r.inputs("Backend", "edge-us-ashburn-1-app-1").update(ipAddress=VIRGINIA),
    ),
    "a back end in the other region's network": (
        Rule.BACKEND,
        lambda r: r.inputs("Backend", "edge-us-ashburn-1-app-1").update(ipAddress="10.17.32.10"),
    ),
    "a back end in the public subnet": (
        Rule.BACKEND,
        lambda r: r.inputs("Backend", "edge-us-ashburn-1-app-1").update(ipAddress="10.16.48.10"),
    ),
    "a back end that is not known": (
        Rule.BACKEND,
        lambda r: r.inputs("Backend", "edge-us-ashburn-1-app-1").update(ipAddress=UNKNOWN),
    ),
    "a listener without TLS": (Rule.EDGE, lambda r: r.inputs("Listener", "edge-us-ashburn-1").pop("sslConfiguration")),
}


@pytest.mark.parametrize("leak", LEAKS)
def test_a_leak_is_found(resources, leak):
    """By the rule that it breaks; others may see it too."""
    rule, seed = LEAKS[leak]
    seed(resources)
    assert rule in {found.rule for found in resources.leaks()}, leak


def test_there_are_enough_leaks():
    """The table is the requirement's: at least thirty, each rule at least once."""
    assert len(LEAKS) >= 30
    assert {rule for rule, _ in LEAKS.values()} == set(Rule)


def test_an_edge_outside_the_stacks_regions_is_found(resources):
    """A US region that the stack does not use is no home either."""
    assert {leak.rule for leak in resources.leaks(regions=frozenset({ASHBURN}))} == {
        Rule.ANSWER,
        Rule.EDGE,
        Rule.RECORD,
    }


def test_a_hostname_that_nothing_answers_is_found(resources):
    """Planned by the stack file, missing from the graph."""
    found = resources.leaks(hostnames=HOSTNAMES | {f"live.{ZONE}"})
    assert [leak.what for leak in found] == [
        f"no policy answers live.{ZONE} A",
        f"nothing answers live.{ZONE} A while its policy is replaced",
    ]


HARMLESS = {
    "another order of answers": lambda r: r.inputs("SteeringPolicy", "api-a")["answers"].reverse(),
    "another order of records": lambda r: r.inputs("Rrset", "api-a")["items"].reverse(),
    "other weights": lambda r: [
        item.update(value=50) for item in r.inputs("SteeringPolicy", "upload-a")["rules"][2]["defaultAnswerDatas"]
    ],
    "other names to show": lambda r: r.inputs("SteeringPolicy", "api-a").update(displayName="users"),
    "a tag": lambda r: r.inputs("Zone", "zone").update(freeformTags={"team": "edge"}),
    "a shorter lifetime": lambda r: r.inputs("SteeringPolicy", "api-a").update(ttl=10),
    "more answers at once": lambda r: r.inputs("SteeringPolicy", "api-a")["rules"][3].update(defaultCount=2),
    "another text": lambda r: rrset(r, "more", f"api.{ZONE}", "TXT", '"x"'),
    "a smaller pool": lambda r: r.inputs("SteeringPolicy", "api-a")["answers"].pop(),
    "a replaced policy on its way out": lambda r: r.add(
        "oci:Dns/steeringPolicy:SteeringPolicy", "old", answers=[answer(VIRGINIA)]
    ).update(delete=True),
}


@pytest.mark.parametrize("variant", HARMLESS)
def test_a_harmless_variant_is_no_leak(resources, variant):
    """The check is no comparison with what the program writes."""
    HARMLESS[variant](resources)
    assert resources.leaks() == ()


def mixed(r, *rules: object, **more: object):
    """A policy with rules of its own, and Virginia in its pool."""
    inputs = r.inputs("SteeringPolicy", "api-a")
    inputs["template"], inputs["rules"] = (
        "CUSTOM",
        [*rules, {"ruleType": "HEALTH"}, {"ruleType": "LIMIT", "defaultCount": 1}],
    )
    inputs["answers"].append(answer(VIRGINIA) | {"pool": "old"} | more)


def kept(condition, **more: object):
    """A filter that keeps what a condition selects."""
    return {"ruleType": "FILTER", "defaultAnswerDatas": [{"answerCondition": condition, "shouldKeep": True}], **more}


def for_the_us(text="query.client.geoKey in (geoKey '6252001')"):
    """A filter that keeps the pool for clients in the US, and is skipped for the others."""
    case = {"caseCondition": text, "answerDatas": [{"answerCondition": "answer.pool == 'oci-us'", "shouldKeep": True}]}
    return {"ruleType": "FILTER", "cases": [case]}


PRIORITIES = {
    "ruleType": "PRIORITY",
    "defaultAnswerDatas": [
        {"answerCondition": "answer.pool == 'oci-us'", "value": 1},
        {"answerCondition": "answer.pool == 'old'", "value": 99},
    ],
}
ONLY_OURS = "answer.pool == 'oci-us'"


@pytest.mark.parametrize(
    "rules",
    [
        (kept(ONLY_OURS),),
        (kept("answer.name != 'old'"),),
        (for_the_us(), kept("answer.pool != 'old'")),
        (PRIORITIES, kept(ONLY_OURS)),
    ],
    ids=["by pool", "by name", "by one of two filters", "after a sort"],
)
def test_a_mixed_pool_is_kept_apart_by_its_filter(resources, rules):
    """Nobody is given the answer that is no edge, whoever asks and whatever is down."""
    mixed(resources, *rules)
    assert resources.leaks() == ()


@pytest.mark.parametrize(
    ("rules", "who"),
    [
        ((), "given to a client at 0.0.0.0 when"),
        ((PRIORITIES,), "given to a client at 0.0.0.0 when"),
        ((for_the_us(),), "given to a client at 0.0.0.0 when"),
        ((kept("answer.isDisabled != true"),), "given to a client at 0.0.0.0 when"),
        ((for_the_us("query.client.asn == 7922"),), "given to a client at 0.0.0.0 when"),
        ((for_the_us("query.client.address in (subnet '0.0.0.0/0', subnet '::/0')"), kept("answer.name == 'x'")), ""),
    ],
    ids=[
        "no filter",
        "a low priority",
        "a filter for some",
        "a filter by flag",
        "a filter by network",
        "nobody at all",
    ],
)
def test_a_mixed_pool_that_falls_through_is_found(resources, rules, who):
    """With who is given it; a low priority only counts until all others are down."""
    mixed(resources, *rules)
    found = [leak for leak in resources.leaks() if not leak.unread]
    assert [leak.rule for leak in found] == ([Rule.ANSWER] if who else [])
    assert all(who in leak.what for leak in found)


@pytest.mark.parametrize(
    "edit",
    [
        lambda p: p["rules"].append({"ruleType": "MIRROR"}),
        lambda p: p["rules"].append({"ruleType": "WEIGHTED"}),
        lambda p: p["rules"].insert(0, {"ruleType": "FILTER", "cases": UNKNOWN}),
        lambda p: p["rules"].insert(0, for_the_us("query.client.geoKey in ('US')")),
        lambda p: p["rules"].insert(0, for_the_us("query.client.asn in (x)")),
        lambda p: p["rules"].insert(0, for_the_us("query.client.address in (subnet 'x')")),
        lambda p: p["rules"].insert(0, for_the_us("true")),
        lambda p: p["rules"].insert(0, kept("answer.pool like 'oci'")),
        lambda p: p["rules"].insert(0, {"ruleType": "FILTER", "defaultAnswerDatas": [{"shouldKeep": UNKNOWN}]}),
        lambda p: p["rules"].insert(0, {"ruleType": "LIMIT", "defaultCount": UNKNOWN}),
        lambda p: p.update(rules=UNKNOWN),
        lambda p: p["answers"][-1].update(pool=UNKNOWN),
        lambda p: p["answers"][-1].update(isDisabled=UNKNOWN),
    ],
)
def test_a_mixed_pool_whose_rules_are_not_modelled_is_not_read(resources, edit):
    """A rule type, a condition or a value outside the documented forms decides nothing."""
    mixed(resources)
    edit(resources.inputs("SteeringPolicy", "api-a"))
    assert {leak.rule for leak in resources.leaks() if leak.unread} in (
        {Rule.RULES},
        {Rule.UNREAD},
        {Rule.RULES, Rule.UNREAD},
    )


def test_a_condition_for_every_kind_of_client_is_read(resources):
    """Networks by number and by range; a client is told by the piece that no condition covers."""
    mixed(
        resources,
        for_the_us("query.client.asn in (1, 2)"),
        for_the_us("query.client.address in (subnet '0.0.0.0/1', subnet '::/0')"),
    )
    (leak,) = resources.leaks()
    assert "given to a client at 128.0.0.0 when" in leak.what
