"""Networks: private subnets, one way to Oracle's services, routes and rules between US regions, and nothing else."""

import pytest

from tests.support.recorder import Recorded

ROUTES = "oci:Core/routeTable:RouteTable"
RULE = "oci:Core/networkSecurityGroupSecurityRule:NetworkSecurityGroupSecurityRule"
GROUP = "oci:Core/networkSecurityGroup:NetworkSecurityGroup"
PEERING = "oci:Core/remotePeeringConnection:RemotePeeringConnection"
REGIONS = {"us-ashburn-1": ("iad", 16), "us-chicago-1": ("ord", 18), "us-phoenix-1": ("phx", 17)}


def test_there_is_no_way_to_the_internet(recorded: Recorded):
    """Exactly these types: no internet gateway, no NAT gateway, no public address."""
    assert {r.type for r in recorded.managed() if r.type.startswith("oci:Core/")} == {
        "oci:Core/defaultRouteTable:DefaultRouteTable",
        "oci:Core/defaultSecurityList:DefaultSecurityList",
        "oci:Core/drg:Drg",
        "oci:Core/drgAttachment:DrgAttachment",
        GROUP,
        RULE,
        PEERING,
        ROUTES,
        "oci:Core/serviceGateway:ServiceGateway",
        "oci:Core/subnet:Subnet",
        "oci:Core/vcn:Vcn",
    }


@pytest.mark.parametrize(("region", "facts"), REGIONS.items())
def test_subnets_are_private_and_stand_on_emptied_defaults(made: Recorded, region, facts):
    """Neither public addresses nor traffic from outside; the default list has no rule before there is a subnet."""
    key, block = facts
    emptied = {
        made.one(f"oci:Core/{kind}", f"default-{what}-{region}").urn
        for kind, what in (
            ("defaultSecurityList:DefaultSecurityList", "list"),
            ("defaultRouteTable:DefaultRouteTable", "table"),
        )
    }
    for tier, third in (("data", 0), ("endpoint", 16)):
        subnet = made.one("oci:Core/subnet:Subnet", f"{tier}-{region}")
        assert subnet.inputs == {
            "cidrBlock": f"10.{block}.{third}.0/20",
            "compartmentId": "<oci:Identity/compartment:Compartment network.id>",
            "displayName": f"usds-{tier}-{key}",
            "dnsLabel": tier,
            "prohibitInternetIngress": True,
            "prohibitPublicIpOnVnic": True,
            "routeTableId": f"<{ROUTES} {tier}-{region}.id>",
            "securityListIds": [f"<oci:Core/vcn:Vcn vcn-{region}.defaultSecurityListId>"],
            "vcnId": f"<oci:Core/vcn:Vcn vcn-{region}.id>",
        }
        assert emptied <= subnet.dependencies
    for kind, rules in (
        ("SecurityList", ("ingressSecurityRules", "egressSecurityRules")),
        ("RouteTable", ("routeRules",)),
    ):
        default = made.of_type(f"oci:Core/default{kind}:Default{kind}")
        assert [[r.inputs[name] for name in rules] for r in default] == [[[]] * len(rules)] * len(REGIONS)


@pytest.mark.parametrize("region", REGIONS)
def test_routes_lead_to_peers_and_to_services_of_the_same_region(made: Recorded, region):
    """Data reaches its own region's services; everything reaches the other regions' ranges, and nothing more."""
    drg = f"<oci:Core/drg:Drg drg-{region}.id>"
    peers = {(f"10.{REGIONS[peer][1]}.0.0/19", "CIDR_BLOCK", drg) for peer in REGIONS if peer != region}
    services = (
        f"all-{REGIONS[region][0]}-services-in-oracle-services-network",
        "SERVICE_CIDR_BLOCK",
        f"<oci:Core/serviceGateway:ServiceGateway services-{region}.id>",
    )
    for tier, expected in (("data", peers | {services}), ("endpoint", peers)):
        table = made.one(ROUTES, f"{tier}-{region}")
        found = {
            (rule["destination"], rule["destinationType"], rule["networkEntityId"])
            for rule in table.inputs["routeRules"]
        }
        assert found == expected
        assert made.one("oci:Core/drgAttachment:DrgAttachment", f"drg-{region}").urn in table.dependencies


@pytest.mark.parametrize("region", REGIONS)
def test_security_groups_let_data_reach_data_and_storage(made: Recorded, region):
    """The exact set of rules: databases to databases on the listener's ports, data to storage over TLS."""
    groups = {tier: f"<{GROUP} {tier}-{region}.id>" for tier in ("data", "endpoint")}
    peers = [REGIONS[peer][1] for peer in REGIONS if peer != region]
    data = [groups["data"], *(f"10.{block}.0.0/20" for block in peers)]
    endpoint = [groups["endpoint"], *(f"10.{block}.16.0/20" for block in peers)]
    services = f"all-{REGIONS[region][0]}-services-in-oracle-services-network"
    listener, tls = (1521, 1522), (443, 443)
    expected = (
        {("data", "INGRESS", end, listener) for end in data}
        | {("data", "EGRESS", end, listener) for end in data}
        | {("data", "EGRESS", end, tls) for end in [*endpoint, services]}
        | {("endpoint", "INGRESS", end, tls) for end in data}
    )
    found = set()
    for rule in made.of_type(RULE):
        if rule.provider == f"oci-{region}":
            inputs = rule.inputs
            ports = inputs["tcpOptions"]["destinationPortRange"]
            (tier,) = (tier for tier, id_ in groups.items() if id_ == inputs["networkSecurityGroupId"])
            end = inputs.get("source") or inputs["destination"]
            kind = inputs.get("sourceType") or inputs["destinationType"]
            assert kind == (
                "NETWORK_SECURITY_GROUP" if "<" in end else "CIDR_BLOCK" if "/" in end else "SERVICE_CIDR_BLOCK"
            )
            assert (inputs["protocol"], inputs["stateless"]) == ("6", False)
            found.add((tier, inputs["direction"], end, (ports["min"], ports["max"])))
    assert found == expected


@pytest.mark.parametrize("region", REGIONS)
def test_applications_reach_databases_and_storage_and_are_answered(edges: Recorded, made: Recorded, region):
    """What a stack with edges has beyond one without: rules and routes for the application tier of every edge."""
    tiers = {"us-ashburn-1": "10.16.32.0/20", "us-phoenix-1": "10.17.32.0/20"}

    def rules(recorded: Recorded) -> dict[str, dict[str, object]]:
        return {r.name: r.inputs for r in recorded.of_type(RULE) if "RegionalNetwork" in r.urn and region in r.provider}

    added = rules(edges).keys() - rules(made).keys()
    assert added == {f"{tier}-{region}-from-application-{of}" for tier in ("data", "endpoint") for of in tiers}
    for name in added:
        inputs, tier = rules(edges)[name], name.partition("-")[0]
        assert inputs["networkSecurityGroupId"] == f"<{GROUP} {tier}-{region}.id>"
        assert (inputs["direction"], inputs["source"]) == ("INGRESS", tiers[name.partition("-from-application-")[2]])
        ports = inputs["tcpOptions"]["destinationPortRange"]
        assert (ports["min"], ports["max"]) == ((1521, 1522) if tier == "data" else (443, 443))
    for tier in ("data", "endpoint"):
        before, after = (
            {(r["destination"], r["networkEntityId"]) for r in x.one(ROUTES, f"{tier}-{region}").inputs["routeRules"]}
            for x in (made, edges)
        )
        assert after - before == {(range_, f"<oci:Core/drg:Drg drg-{region}.id>") for range_ in tiers.values()}
        assert before <= after


def test_private_networks_are_apart_from_those_of_edges(edges: Recorded):
    """Two VCNs in a region that answers users, without a shared address; one elsewhere."""
    assert {r.name: r.inputs["cidrBlocks"] for r in edges.of_type("oci:Core/vcn:Vcn")} == {
        "vcn-us-ashburn-1": ["10.16.0.0/19"],
        "vcn-us-phoenix-1": ["10.17.0.0/19"],
        "vcn-us-chicago-1": ["10.18.0.0/19"],
        "edge-vcn-us-ashburn-1": ["10.16.32.0/19"],
        "edge-vcn-us-phoenix-1": ["10.17.32.0/19"],
    }


def test_a_service_gateway_leads_to_one_service_of_its_region(recorded: Recorded):
    """By the identifier in the stack file, which the planner has checked for its region."""
    found = {r.name: r.inputs["services"] for r in recorded.of_type("oci:Core/serviceGateway:ServiceGateway")}
    assert found == {
        f"services-{region}": [{"serviceId": f"ocid1.service.oc1.{key}.aaaaaaaasandbox"}]
        for region, (key, _) in REGIONS.items()
    }


def test_every_pair_of_regions_is_peered_once(made: Recorded):
    """Two ends for each pair; the first by name asks, and names only US regions of the plan."""
    found = {
        r.name: (r.provider, r.inputs.get("peerId"), r.inputs.get("peerRegionName")) for r in made.of_type(PEERING)
    }
    expected = {}
    for first, second in (
        ("us-ashburn-1", "us-chicago-1"),
        ("us-ashburn-1", "us-phoenix-1"),
        ("us-chicago-1", "us-phoenix-1"),
    ):
        expected[f"{second}-to-{first}"] = (f"oci-{second}", None, None)
        expected[f"{first}-to-{second}"] = (f"oci-{first}", f"<{PEERING} {second}-to-{first}.id>", second)
    assert found == expected


def test_every_subnet_logs_its_flows(made: Recorded):
    """For as long as the service keeps anything, into the region's own group."""
    found = {r.name: r.inputs for r in made.of_type("oci:Logging/log:Log")}
    assert found.keys() == {f"{tier}-flows-{region}" for tier in ("data", "endpoint") for region in REGIONS}
    for name, inputs in found.items():
        tier, _, region = name.partition("-flows-")
        assert inputs["logGroupId"] == f"<oci:Logging/logGroup:LogGroup flows-{region}.id>"
        assert (inputs["isEnabled"], inputs["retentionDuration"], inputs["logType"]) == (True, 180, "SERVICE")
        assert inputs["configuration"]["source"] == {
            "category": "all",
            "resource": f"<oci:Core/subnet:Subnet {tier}-{region}.id>",
            "service": "flowlogs",
            "sourceType": "OCISERVICE",
        }
