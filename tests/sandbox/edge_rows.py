"""Rows of the refusal tables for what answers users: edges, their firewall, and DNS."""

from typing import Any

ADDRESS = "198.19.1.1"
CERTIFICATE = "ocid1.certificate.oc1.iad.aaaa"
SUITE = "oci-default-http2-tls-12-13-ssl-cipher-suite-v1"
NOT_FOUND = "404-NotAuthorizedOrNotFound"
INVALID = "400-InvalidParameter"


def items(**changes: Any) -> list[dict[str, Any]]:
    """The one item of the zone's one record set, changed."""
    return [{"domain": "api.us.example.com", "rtype": "A", "rdata": ADDRESS, "ttl": 30} | changes]


def rules(first: Any = None, *, sort: Any = None) -> list[dict[str, Any]]:
    """Rules of a failover, with the first or third one changed."""
    enabled = {"answerCondition": "answer.isDisabled != true", "shouldKeep": True}
    keep = {"ruleType": "FILTER", "defaultAnswerDatas": [enabled]}
    ranks = {"ruleType": "PRIORITY", "defaultAnswerDatas": [{"answerCondition": "answer.pool == 'iad'", "value": 1}]}
    return [first or keep, {"ruleType": "HEALTH"}, sort or ranks, {"ruleType": "LIMIT", "defaultCount": 1}]


def answer(**changes: Any) -> list[dict[str, Any]]:
    """The policy's one answer."""
    return [{"name": "iad", "rtype": "A", "rdata": ADDRESS, "pool": "iad"} | changes]


FREE_PORT = {"name": "n", "port": 8443}
TLS = {"certificateIds": [CERTIFICATE], "cipherSuiteName": SUITE}

CREATES = [
    # Addresses.
    ("address", {"lifetime": "EPHEMERAL"}, INVALID, "privateIpId"),
    ("address", {"lifetime": "FOREVER"}, INVALID, "RESERVED"),
    ("address", {"privateIpId": "ocid1.privateip.oc1.iad.none"}, NOT_FOUND, "none"),
    ("address6", {"subnetId": "none"}, NOT_FOUND, "none"),
    ("address6", {"subnetId": "$subnet"}, INVALID, "no IPv6 prefix"),
    ("address6", {"lifetime": "EPHEMERAL"}, INVALID, "RESERVED"),
    ("address6", {"vnicId": "none"}, NOT_FOUND, "none"),
    ("address6", {"ipAddress": "2001:db8:ffff::1"}, INVALID, "is not in"),
    ("address6", {"ipAddress": "192.0.2.1"}, INVALID, "not an IPv6 address"),
    # Networks with IPv6.
    ("edge-subnet", {"cidrBlock": "10.18.9.0/24"}, INVALID, "has 2001:db8"),
    ("edge-subnet", {"cidrBlock": "10.18.9.0/24", "ipv6cidrBlock": "2001:db8:ffff::/64"}, INVALID, "of the VCN"),
    ("edge-subnet", {"cidrBlock": "10.18.9.0/24", "ipv6cidrBlock": "2001:db8::/56"}, INVALID, "not a /64"),
    ("edge-subnet", {"cidrBlock": "10.18.9.0/24", "ipv6cidrBlock": "banana"}, INVALID, "banana"),
    ("edge-internet", {}, "409-LimitExceeded", "internet gateway already"),
    # Load balancers.
    ("balancer", {}, "409-IncorrectState", "assigned to"),
    ("balancer", {"reservedIps": [{"id": "ocid1.publicip.oc1.phx.none"}]}, NOT_FOUND, "none"),
    ("balancer", {"reservedIps": [{"id": "$address"}, {"id": "$address"}]}, INVALID, "one address of each family"),
    ("balancer", {"ipMode": "IPV4"}, INVALID, "needs ipMode IPV6"),
    ("balancer", {"ipMode": "IPV5"}, INVALID, "IPV4, IPV6"),
    ("balancer", {"isPrivate": True}, INVALID, "not for private ones"),
    ("balancer", {"shape": "100Mbps"}, INVALID, "retired"),
    (
        "balancer",
        {"shapeDetails": {"minimumBandwidthInMbps": 5, "maximumBandwidthInMbps": 100}},
        INVALID,
        "10 to 8000",
    ),
    (
        "balancer",
        {"shapeDetails": {"minimumBandwidthInMbps": 20, "maximumBandwidthInMbps": 10}},
        INVALID,
        "20 to 10",
    ),
    ("balancer", {"subnetIds": []}, INVALID, "exactly one"),
    ("balancer", {"subnetIds": ["none"]}, NOT_FOUND, "none"),
    ("balancer", {"subnetIds": ["$subnet"], "reservedIps": []}, INVALID, "private subnet"),
    ("balancer", {"networkSecurityGroupIds": ["none"]}, NOT_FOUND, "none"),
    ("backends", {}, "409-InvalidParameter", "'app' already exists"),
    ("backends", {"loadBalancerId": "none"}, NOT_FOUND, "none"),
    ("backends", {"name": "n", "policy": "RANDOM"}, INVALID, "RANDOM"),
    ("backends", {"name": "n", "healthChecker": {"protocol": "HTTP", "port": 80}}, INVALID, "absolute path"),
    ("backends", {"name": "n", "healthChecker": {"protocol": "UDP", "port": 80}}, INVALID, "HTTP, TCP"),
    ("backends", {"name": "n", "healthChecker": {"protocol": "TCP", "port": 70000}}, INVALID, "70000"),
    (
        "backends",
        {"name": "n", "sslConfiguration": {"trustedCertificateAuthorityIds": ["ocid1.cabundle.oc1.phx.aaaa"]}},
        NOT_FOUND,
        "not in us-ashburn-1",
    ),
    ("backends", {"name": "n", "sslConfiguration": {"protocols": ["SSLv3"]}}, INVALID, "SSLv3"),
    ("backends", {"name": "n", "sslConfiguration": {"cipherSuiteName": "mine"}}, INVALID, "mine"),
    ("backend", {}, "409-InvalidParameter", "10.18.2.10:8443"),
    ("backend", {"backendsetName": "none"}, NOT_FOUND, "none"),
    ("backend", {"ipAddress": "app-1"}, INVALID, "not an IPv4 address"),
    ("backend", {"port": 0}, INVALID, "port: 0"),
    ("listener", {}, "409-InvalidParameter", "'https' already exists"),
    ("listener", {"name": "n"}, "409-InvalidParameter", "Port 443"),
    ("listener", FREE_PORT | {"defaultBackendSetName": "none"}, NOT_FOUND, "none"),
    ("listener", FREE_PORT | {"protocol": "SPDY"}, INVALID, "SPDY"),
    ("listener", {"name": "n", "port": 70000}, INVALID, "70000"),
    ("listener", FREE_PORT | {"sslConfiguration": {"cipherSuiteName": SUITE}}, INVALID, "certificateIds"),
    (
        "listener",
        FREE_PORT | {"sslConfiguration": TLS | {"cipherSuiteName": "oci-modern-ssl-cipher-suite-v1"}},
        INVALID,
        "HTTP/2",
    ),
    (
        "listener",
        FREE_PORT | {"sslConfiguration": TLS | {"certificateIds": ["ocid1.certificate.oc1.phx.aaaa"]}},
        NOT_FOUND,
        "not in us-ashburn-1",
    ),
    (
        "listener",
        FREE_PORT | {"sslConfiguration": TLS | {"certificateIds": ["ocid1.cabundle.oc1.iad.aaaa"]}},
        NOT_FOUND,
        "not in us-ashburn-1",
    ),
    # Web application firewalls.
    ("waf", {}, "409-Conflict", "has a firewall already"),
    ("waf", {"loadBalancerId": "none"}, NOT_FOUND, "none"),
    ("waf", {"webAppFirewallPolicyId": "none"}, NOT_FOUND, "none"),
    ("waf-policy", {"actions": [{"name": "allow", "type": "ALLOW"}] * 2}, INVALID, "unique"),
    ("waf-policy", {"requestAccessControl": {"defaultActionName": "let"}}, INVALID, "'let'"),
    (
        "waf-policy",
        {
            "requestProtection": {
                "rules": [{"name": "r", "type": "PROTECTION", "actionName": "stop", "protectionCapabilities": []}]
            }
        },
        INVALID,
        "'stop'",
    ),
    # Health checks.
    ("monitor", {"intervalInSeconds": 5}, INVALID, "(10, 30, 60)"),
    ("monitor", {"timeoutInSeconds": 15}, INVALID, "(10, 20, 30, 60)"),
    ("monitor", {"timeoutInSeconds": 60}, INVALID, "longer than the interval"),
    ("monitor", {"targets": []}, INVALID, "at least one"),
    ("monitor", {"targets": ["no_host"]}, INVALID, "no_host"),
    ("monitor", {"path": "healthz"}, INVALID, "absolute path"),
    ("monitor", {"port": 0}, INVALID, "port: 0"),
    ("monitor", {"protocol": "GOPHER"}, INVALID, "HTTP, HTTPS"),
    ("ping", {"protocol": "UDP"}, INVALID, "ICMP, TCP"),
    ("ping", {"port": 0}, INVALID, "port: 0"),
    # DNS.
    ("zone", {}, "409-ZoneAlreadyExists", "us.example.com"),
    ("zone", {"name": "n.example", "zoneType": "SECONDARY"}, INVALID, "primary"),
    ("zone", {"name": "n.example", "scope": "PRIVATE"}, INVALID, "public"),
    ("records", {"zoneNameOrId": "none.example"}, NOT_FOUND, "none.example"),
    ("records", {"domain": "api.example.com"}, INVALID, "not in the zone"),
    ("records", {"domain": "a..us.example.com"}, INVALID, "no domain name"),
    ("records", {"items": items(domain="other.us.example.com")}, INVALID, "is not api.us.example.com A"),
    ("records", {"items": items(rtype="AAAA")}, INVALID, "is not api.us.example.com A"),
    ("records", {"items": items(ttl=0)}, INVALID, "ttl 0"),
    ("records", {"items": items(rdata="example.com.")}, INVALID, "not the data of a A record"),
    ("records", {"rtype": "CNAME", "items": items(rtype="CNAME", rdata="x.example.")}, "409-InvalidRecord", "beside"),
    ("steering", {"healthCheckMonitorId": "none"}, NOT_FOUND, "none"),
    ("steering", {"template": "RANDOM"}, INVALID, "FAILOVER, LOAD_BALANCE"),
    ("steering", {"template": "LOAD_BALANCE"}, INVALID, "FILTER, HEALTH, WEIGHTED, LIMIT"),
    ("steering", {"rules": rules()[:-1]}, INVALID, "takes exactly"),
    ("steering", {"rules": rules({"ruleType": "FILTER"})}, INVALID, "isDisabled"),
    (
        "steering",
        {"rules": rules(sort={"ruleType": "PRIORITY", "cases": [{"caseCondition": "maybe"}]})},
        INVALID,
        "maybe",
    ),
    ("steering", {"answers": []}, INVALID, "at least one"),
    ("steering", {"answers": answer() * 2}, INVALID, "unique"),
    ("steering", {"answers": answer(rtype="MX")}, INVALID, "A, AAAA, CNAME"),
    ("steering", {"answers": answer(rdata="2001:db8::1")}, INVALID, "not the data of an A record"),
    ("steering", {"ttl": 0}, INVALID, "ttl: 0"),
    ("steered", {}, "409-ZoneDomainConflict", "has an attachment for A"),
    ("steered", {"zoneId": "none"}, NOT_FOUND, "none"),
    ("steered", {"domainName": "api.example.com"}, INVALID, "not in the zone"),
    ("steered", {"steeringPolicyId": "none"}, NOT_FOUND, "none"),
]

DELETES = [
    ("address", "409-IncorrectState", "LoadBalancer"),
    ("address6", "409-IncorrectState", "LoadBalancer"),
    ("edge-internet", "409-IncorrectState", "RouteTable"),
    ("edge-nsg", "409-IncorrectState", "LoadBalancer"),
    ("edge-routes", "409-IncorrectState", "subnet"),
    ("edge-subnet", "409-IncorrectState", "and 1 more"),
    ("balancer", "409-IncorrectState", "AppFirewall"),
    ("backends", "409-InvalidParameter", "listeners/https"),
    ("waf-policy", "409-IncorrectState", "AppFirewall"),
    ("monitor", "409-IncorrectState", "SteeringPolicy"),
    ("steering", "409-IncorrectState", "SteeringPolicyAttachment"),
    ("zone", "409-IncorrectState", "SteeringPolicyAttachment"),
]

UPDATES = [
    ("edge-vcn", {"cidrBlocks": ["10.19.0.0/16"]}, "409-Conflict", "subnet"),
    ("address", {"privateIpId": "ocid1.privateip.oc1.iad.none"}, NOT_FOUND, "none"),
    ("listener", {"defaultBackendSetName": "none"}, NOT_FOUND, "none"),
    ("waf-policy", {"actions": []}, INVALID, "'allow'"),
    ("monitor", {"targets": []}, INVALID, "at least one"),
    ("zone", {"dnssecState": "PERHAPS"}, INVALID, "ENABLED, DISABLED"),
    ("records", {"items": items(rdata="x")}, INVALID, "'x'"),
]
