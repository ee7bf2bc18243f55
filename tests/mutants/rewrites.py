"""Rewrites that change no meaning: each must still be proved wherever it applies.

What an engineer, an SDK or an engine may write in another way and a cloud reads as the same; or what is only less than
before: a narrower statement, a longer retention, one more log.
"""

# ruff: noqa: E501 - a case is a line

import json
import re
from collections.abc import Callable, Iterator, Mapping
from ipaddress import ip_network
from itertools import pairwise
from typing import Any

from tests.mutants.alike import (
    again,
    compared,
    conditions,
    each_of,
    everywhere,
    keywords,
    listed,
    parsed,
    renamed,
    reordered,
    said,
    statement,
    written,
)
from tests.mutants.mutant import Changes, Operator, Stack, State, drop, each, edited, put, short

QUOTA, ROUTING = "oci:Limits/quota:Quota", "oci:Zpr/zprPolicy:ZprPolicy"


def one(value: Any) -> Any:
    """The one element of a list in place of it."""
    return value[0] if isinstance(value, list) and len(value) == 1 else value


def many(value: Any) -> list[Any]:
    """A list, or one of the value."""
    return value if isinstance(value, list) else [value]


def elements(change: Callable[[Any], Any]) -> Operator:
    """Actions, resources and values of conditions of each statement written in another way."""

    def rewrite(it: State) -> None:
        it.update({name: change(it[name]) for name in ("Action", "NotAction", "Resource") if name in it})
        for keys in it.get("Condition", {}).values():
            keys.update({key: change(values) for key, values in keys.items()})

    return statement(rewrite)


def actions(change: Callable[[str], str]) -> Operator:
    """Names of actions spelled in another way."""
    return statement(lambda it: it.update({k: [*map(change, many(it[k]))] for k in ("Action", "NotAction") if k in it}))


def in_two(it: State) -> list[State]:
    """A statement with many actions as two of half as many."""
    calls = many(it.get("Action", []))
    halves = (calls[: len(calls) // 2], calls[len(calls) // 2 :])
    return [{**it, "Sid": f"{it['Sid']}{at}", "Action": half} for at, half in enumerate(halves)] if calls[1:] else [it]


def fewer(it: State) -> None:
    """An allow of one call less."""
    if it["Effect"] == "Allow" and many(it["Action"])[1:]:
        it["Action"] = it["Action"][:-1]


def one_more(document: State) -> str:
    """A document that denies something more, to everybody."""
    first = document["Statement"][0]
    trust = "sts:" in str(first.get("Action"))
    denial = {
        "Effect": "Deny",
        "Action": "sts:TagSession" if trust else "s3:DeleteBucketWebsite",
        "Condition": {"DateGreaterThan": {"aws:CurrentTime": "2030-01-01T00:00:00Z"}},
    }
    denial |= {} if trust else {"Resource": first.get("Resource", "*")}
    denial |= {"Principal": {"AWS": "*"}} if "Principal" in first else {}
    return json.dumps({**document, "Statement": [*document["Statement"], denial]})


def moved(stack: Stack) -> Iterator[tuple[str, Changes]]:
    """A statement in another policy of the same compartment."""
    policies = [it for it in stack.of("Policy") if it["type"].startswith("oci:")]
    for here, there in pairwise(policies):
        *rest, last = here["inputs"]["statements"]
        left = edited(here, lambda given, rest=rest: given.update(statements=rest)) if rest else None
        yield (
            short(here),
            {here["urn"]: left, there["urn"]: edited(there, lambda given, last=last: given["statements"].append(last))},
        )


def halves(name: str, *kinds: str) -> Operator:
    """Each private range of a list of routes, or of addresses, as its two halves."""

    def split(item: Any) -> list[Any]:
        text = item["destination"] if isinstance(item, dict) else item
        if not re.fullmatch(r"1\d*(\.\d+){3}/\d+", text):
            return [item]
        return [
            {**item, "destination": str(it)} if isinstance(item, dict) else str(it) for it in ip_network(text).subnets()
        ]

    return each(
        lambda given: given.update({name: [one for it in given[name] for one in split(it)]}), *kinds, having=name
    )


def ports(given: State) -> None:
    """A rule for fewer ports than the one that it is beside."""
    given.setdefault("tcpOptions", {"destinationPortRange": {"min": 1.0, "max": 1023.0}})
    given.update(protocol="6")


def a_bucket_more(stack: Stack) -> Iterator[tuple[str, Changes]]:
    """One more bucket of a dataset, with its logs."""
    for bucket in stack.of("Bucket"):
        name = bucket["inputs"].get("name", "")
        if bucket["inputs"].get("versioning") == "Enabled" and bucket["inputs"].get("accessType") == "NoPublicAccess":
            logs = [
                it
                for it in stack.of("Log")
                if it["inputs"]["configuration"]["source"]["resource"] == name and it["provider"] == bucket["provider"]
            ]
            more = re.sub(r"(-\w+)$", r"-more\1", name)
            yield (
                short(bucket),
                {
                    f"{it['urn']}-more": json.loads(json.dumps(it).replace(f'"{name}"', f'"{more}"'))
                    | {"urn": f"{it['urn']}-more"}
                    for it in (bucket, *logs)
                },
            )


def applied(op: str) -> Operator:
    """Everything there already as it will be, by some operation."""

    def operator(stack: Stack) -> Iterator[tuple[str, Changes]]:
        yield (
            "all",
            {urn: {"op": op, "urn": urn, "oldState": state, "newState": state} for urn, state in stack.states.items()},
        )

    return operator


def retention(change: Callable[[State], object]) -> Operator:
    """Other retention rules of each bucket that has some."""
    return each(lambda given: change(given["retentionRules"][0]), "Bucket", having="retentionRules")


def selectors(change: Callable[[State], Any]) -> Operator:
    """Each selector of each trail, or those in its place."""
    return each(
        lambda given: given.update(eventSelectors=[it for one in given["eventSelectors"] for it in change(dict(one))]),
        "Trail",
    )


def picks(change: Callable[[str], str]) -> Operator:
    """What connectors pick, in another way."""
    return each(
        lambda given: given["tasks"][0].update(condition=change(given["tasks"][0]["condition"])),
        "Connector",
        having="tasks",
    )


def query(*change: str) -> Operator:
    """The query of each alarm with another text for one in it."""
    return each(lambda given: given.update(query=given["query"].replace(*change)), "Alarm")


def without(given: State, name: str, value: object) -> State:
    """A value that is the default left out."""
    return {key: item for key, item in given.items() if (key, item) != (name, value)}


def backwards(value: Any) -> Any:
    """The same with the keys of each object in another order."""
    if isinstance(value, dict):
        return {key: backwards(item) for key, item in reversed(value.items())}
    return [backwards(item) for item in value] if isinstance(value, list) else value


REWRITES: Mapping[str, Operator] = {
    "resources: another logical name": renamed,
    "resources: lists backwards": reordered,
    "resources: inputs in another order": everywhere(lambda it: it.update(inputs=backwards(it["inputs"]))),
    "resources: numbers without a point": everywhere(lambda it: it.update(inputs=json.loads(re.sub(r"(?<=[ \[])(\d+)\.0(?=[,\]}])", r"\1", json.dumps(it["inputs"]))))),
    "resources: protected": everywhere(lambda it: it.update(protect=True)),
    "resources: what engines note beside": everywhere(lambda it: it.update(ignoreChanges=["x"], aliases=["urn:x"], customTimeouts={"create": 60}, created="2026-01-01T00:00:00Z", sourcePosition="")),
    "resources: defaults noted": everywhere(lambda it: it["inputs"].update(__defaults=["x"], __internal={"pluginDownloadURL": "https://x"})),
    "resources: a value that is none": everywhere(lambda it: it["inputs"].update(notThere=None)),
    "resources: no dependencies but properties'": everywhere(lambda it: it.update(dependencies=[])),
    "resources: there already": applied("same"),
    "resources: updated": applied("update"),
    "resources: one more tag": listed("freeformTags", {"team": "edge"}),
    "resources: one more defined tag": listed("definedTags", {"Operations.CostCenter": "42"}),
    "resources: one more tag of AWS": listed("tags", {"team": "edge"}),
    "resources: all tags": listed("tagsAll", {"team": "edge"}),
    "resources: a secret tag": listed("freeformTags", {"team": "[secret]"}),
    "resources: another display name": listed("displayName", "other", "HttpMonitor", "PingMonitor"),
    "resources: another description": listed("description", "other words"),
    "providers: a version": put("oci", "aws", version="9.9.9"),
    "providers: accounts as a list": each(lambda it: it.update(allowedAccountIds=json.loads(it["allowedAccountIds"])), "aws"),
    "providers: accounts with blanks": each(lambda it: it.update(allowedAccountIds=it["allowedAccountIds"].replace("[", "[ ").replace("]", " ]")), "aws"),
    "providers: default tags": put("aws", defaultTags='{"tags":{"team":"edge"}}', maxRetries="5"),
    "providers: one more, unused": again("oci", "aws"),
    "documents: indented": written(lambda it: json.dumps(it, indent=4, sort_keys=True)),
    "documents: letters escaped": written(lambda it: json.dumps(it).replace("arn:", "\\u0061rn:").replace("/", "\\/")),
    "documents: an id, and no version first": written(lambda it: json.dumps({"Id": "policy", **backwards(it)})),
    "documents: statements backwards": written(lambda it: json.dumps({**it, "Statement": it["Statement"][::-1]})),
    "documents: statements twice": written(lambda it: json.dumps({**it, "Statement": [*it["Statement"], *({k: v for k, v in one.items() if k != "Sid"} for one in it["Statement"])]})),
    "documents: the one statement alone": written(lambda it: json.dumps({**it, "Statement": one(it["Statement"])})),
    "documents: one more denial": written(one_more),
    "statements: no names": statement(lambda it: it.pop("Sid", None) and None),
    "statements: lists of one as it": elements(one),
    "statements: lists of one": elements(many),
    "statements: lists backwards": elements(lambda it: it[::-1] if isinstance(it, list) else it),
    "statements: elements twice": elements(lambda it: many(it) * 2),
    "statements: actions in lower case": actions(str.lower),
    "statements: actions in upper case": actions(str.upper),
    "statements: in two by actions": statement(in_two),
    "statements: an allow of less": statement(fewer),
    "statements: everybody by kind": statement(lambda it: it.update(Principal={"AWS": ["*"]}) if it.get("Principal") == "*" and "aws:PrincipalOrgID" not in str(it) else None),
    "statements: whom as a list": statement(lambda it: it.update(Principal={k: many(v) for k, v in it["Principal"].items()}) if isinstance(it.get("Principal"), dict) else None),
    "conditions: keys in lower case": compared(str, str.lower),
    "conditions: keys in upper case": compared(str, str.upper),
    "conditions: true and false bare": compared(str, value=lambda them: [{"true": True, "false": False}.get(it, it) for it in many(them)]),
    "conditions: a text like one without stars": compared(lambda it: it.replace("StringEquals", "StringLike").replace("StringNotEquals", "StringNotLike")),
    "conditions: like an ARN": compared(lambda it: {"ArnEquals": "ArnLike", "ArnNotEquals": "ArnNotLike"}.get(it, it)),
    "conditions: equal to an ARN": compared(lambda it: {"ArnLike": "ArnEquals"}.get(it, it)),
    "conditions: no such ARN as a text": compared(lambda it: {"ArnNotEquals": "StringNotLike"}.get(it, it)),
    "conditions: another text, where there is one": compared(lambda it: {"StringNotEquals": "StringNotEqualsIfExists"}.get(it, it)),
    "policies: statements backwards": each(lambda it: it["statements"].reverse(), "Policy", having="statements"),
    "policies: a statement in another policy": moved,
    "policies: statements twice": said(lambda it: [it, it]),
    "policies: keywords in lower case": keywords(str.lower),
    "policies: keywords in upper case": keywords(str.upper),
    "policies: blanks and lines": said(lambda it: f" {it} ".replace(" ", "  ").replace("  where", "\nwhere")),
    "policies: blanks in conditions": said(lambda it: re.sub(r"(!?=|[{}])", r" \1 ", it)),
    "policies: no blanks in conditions": said(lambda it: it.replace(", ", ",").replace(" {", "{")),
    "policies: conditions backwards": conditions(lambda parts: parts[::-1]),
    "policies: conditions inside another all": conditions(lambda parts: [f"all {{{', '.join(parts)}}}"]),
    "policies: conditions inside any": conditions(lambda parts: [f"any {{{it}}}" for it in parts]),
    "policies: one more condition": said(lambda it: it.replace(" where all {", " where all {request.user.mfaTotpVerified='true', ") if it.startswith("Allow group") else it),
    "policies: values without quotes": said(lambda it: re.sub(r"='([\w.-]+)'", r"=\1", it)),
    "policies: regions in upper case": said(lambda it: re.sub(r"(region!?=)'(\w+)'", lambda found: f"{found[1]}'{found[2].upper()}'", it)),
    "policies: variables in lower case": said(lambda it: it.replace("networkSource", "networksource")),
    "policies: variables in upper case": said(lambda it: re.sub(r"request\.[\w.-]+", lambda found: found[0].upper(), it)),
    "policies: groups in quotes": said(lambda it: re.sub(r"group ([\w-]+) to", r"group '\1' to", it)),
    "policies: groups with their domain": said(lambda it: re.sub(r"group ([\w-]+) to", r"group Default/\1 to", it)),
    "policies: groups with their domain in quotes": said(lambda it: re.sub(r"group ([\w-]+) to", r"group 'Default'/'\1' to", it)),
    "policies: permissions backwards": said(lambda it: re.sub(r" to {([^}]*)}", lambda found: f" to {{{', '.join(found[1].split(', ')[::-1])}}}", it)),
    "policies: a statement for each permission": each_of(r" to {([^}]*)}"),
    "policies: a statement for each region": each_of(r"any {(request\.region=[^}]*)}"),
    "policies: permissions instead of a verb": said(lambda it: it.replace("to read objects in", "to {OBJECT_INSPECT, OBJECT_READ} in")),
    "policies: a verb instead of permissions": said(lambda it: it.replace("to {OBJECT_INSPECT, OBJECT_READ} in", "to read objects in").replace("to {BUCKET_INSPECT, BUCKET_READ} in", "to read buckets in")),
    "policies: narrower verbs": said(lambda it: it.replace(" to read ", " to inspect ").replace(" to manage ", " to use ") if it.startswith("Allow group") else it),
    "policies: fewer regions": said(lambda it: it.replace(", request.region='phx'}", "}") if it.startswith("Allow") else it),
    "policies: one more denial": said(lambda it: [it, "deny any-user to manage buckets in tenancy where request.region='fra'"]),
    "policies: a denial in two": said(lambda it: [it.replace("}", f", request.region{sign}'fra'}}") for sign in ("=", "!=")] if it.startswith("deny") and "'fra'" not in it else it),
    "policies: addresses in two": halves("publicSourceLists", "NetworkSource"),
    "policies: fewer addresses": each(lambda it: it.update(publicSourceLists=[it["publicSourceLists"][0].partition("/")[0]]), "NetworkSource"),
    "quotas: keywords in upper case": said(lambda it: re.sub(r"zero|unset|quotas|tenancy|where", lambda found: found[0].upper(), it), QUOTA),
    "quotas: blanks": said(lambda it: it.replace(" = ", "=").replace(" ", "  "), QUOTA),
    "routing: blanks": said(lambda it: it.replace("='", " = '").replace(" VCN", "  VCN"), ROUTING),
    "names: a shorter lifetime": put("SteeringPolicy", ttl=20),
    "names: shorter lifetimes of records": each(lambda it: [one.update(ttl=10) for one in it["items"]], "Rrset"),
    "names: answers that are not disabled": each(lambda it: [one.update(isDisabled=False) for one in it["answers"]], "SteeringPolicy"),
    "names: an answer twice": each(lambda it: it["answers"].append({**it["answers"][0], "name": "again"}), "SteeringPolicy"),
    "names: another pool": each(lambda it: [one.update(pool="other") for one in it["answers"]], "SteeringPolicy"),
    "names: in upper case": each(lambda it: it.update(domainName=it["domainName"].upper()), "SteeringPolicyAttachment"),
    "names: with the root's dot": each(lambda it: it.update(domainName=f"{it['domainName']}."), "SteeringPolicyAttachment"),
    "names: records in upper case": each(lambda it: [one.update(domain=one["domain"].upper()) for one in (it, *it["items"])], "Rrset"),
    "names: monitors on": put("HttpMonitor", isEnabled=True, intervalInSeconds=10.0),
    "networks: stateful by default": each(lambda it: it.pop("stateless", None), "NetworkSecurityGroupSecurityRule"),
    "networks: ranges by default": each(lambda it: it.pop("sourceType") if it.get("sourceType") == "CIDR_BLOCK" else None, "NetworkSecurityGroupSecurityRule"),
    "networks: bits behind the prefix": each(lambda it: it.update({k: re.sub(r"^(1\d*(?:\.\d+){2})\.0/", r"\1.1/", it[k]) for k in ("source", "destination") if k in it}), "NetworkSecurityGroupSecurityRule"),
    "networks: a rule twice": again("NetworkSecurityGroupSecurityRule"),
    "networks: a narrower rule more": again("NetworkSecurityGroupSecurityRule", change=ports),
    "networks: routes in two": halves("routeRules", "RouteTable"),
    "networks: a route twice": each(lambda it: it["routeRules"].append(dict(it["routeRules"][0])), "RouteTable", having="routeRules"),
    "networks: routes to ranges by default": each(lambda it: it.update(routeRules=[without(one, "destinationType", "CIDR_BLOCK") for one in it["routeRules"]]), "RouteTable", having="routeRules"),
    "networks: nothing more": again("RouteTable", "NetworkSecurityGroup", "Drg", "PathAnalyzerTest"),
    "stores: one bucket more": a_bucket_more,
    "stores: closed by default": drop("accessType", "Bucket"),
    "stores: a longer retention": retention(lambda it: it["duration"].update(timeAmount="9", timeUnit="YEARS")),
    "stores: one more retention": each(lambda it: it["retentionRules"].insert(0, {"displayName": "short", "duration": {"timeAmount": "10", "timeUnit": "DAYS"}}), "Bucket", having="retentionRules"),
    "stores: a lock as the service writes it": retention(lambda it: it.update(timeRuleLocked=it["timeRuleLocked"].replace("Z", ".000Z"))),
    "stores: an earlier lock": retention(lambda it: it.update(timeRuleLocked="2026-12-01T00:00:00+00:00")),
    "stores: older versions kept longer": each(lambda it: it["rules"][0].update(timeAmount="90"), "ObjectLifecyclePolicy"),
    "stores: a longer lock of the archive": each(lambda it: it["rule"].update(defaultRetention={"mode": "COMPLIANCE", "years": 9.0}), "BucketObjectLockConfiguration"),
    "stores: an owner that is said": put("BucketVersioning", "BucketServerSideEncryptionConfiguration", expectedBucketOwner="111111111111"),
    "keys: as they are by default": each(lambda it: (it.pop("deletionWindowInDays"), it.pop("multiRegion")), "Key", where="aws:"),
    "keys: what is so anyway": each(lambda it: it.update(isEnabled=True, keyUsage="ENCRYPT_DECRYPT"), "Key", where="aws:"),
    "trails: as they are by default": each(lambda it: (it.pop("enableLogging"), it.pop("includeGlobalServiceEvents")), "Trail"),
    "trails: selectors by default": selectors(lambda it: [without(without(it, "includeManagementEvents", True), "readWriteType", "All")]),
    "trails: reads and writes apart": selectors(lambda it: [it | {"readWriteType": kind} for kind in ("ReadOnly", "WriteOnly")] if it["readWriteType"] == "All" else [it]),
    "trails: nothing left out": selectors(lambda it: [it | {"excludeManagementEventSources": []}]),
    "logs: one more": again("Log", "LogGroup", "Connector"),
    "logs: connectors in other letters": each(lambda it: (it["target"].update(kind="ObjectStorage"), it.update(state="ACTIVE")), "Connector"),
    "logs: picked with blanks": picks(lambda it: it.replace("=", " = ").replace(" or ", "\n or ")),
    "logs: picked in parentheses": picks(lambda it: f"({it.replace(' or ', ') or (')})"),
    "logs: picked backwards, and more": picks(lambda it: " or ".join(["data.eventName='LaunchInstance'", *it.split(" or ")[::-1]])),
    "alarms: one more": again("Alarm", "Subscription", "NotificationTopic", "TopicSubscription", "EventRule"),
    "alarms: one more rule": again("Rule", type_="oci:Events"),
    "alarms: queries without blanks": query(" ", ""),
    "alarms: any vantage point": query("mean() < 0.5", "min() < 1.0"),
    "alarms: conditions in another order": parsed("condition", lambda it: json.dumps(backwards(it), indent=1), "Rule"),
    "alarms: conditions on one as it": parsed("condition", lambda it: json.dumps({**it, "eventType": one(it["eventType"])}), "Rule"),
    "alarms: one more event": parsed("condition", lambda it: json.dumps({**it, "eventType": [*it["eventType"], "com.oraclecloud.computeapi.terminateinstance.begin"]}), "Rule"),
    "alarms: patterns in another order": parsed("eventPattern", lambda it: json.dumps(backwards(it), indent=1), "EventRule"),
    "alarms: patterns on one as it": parsed("eventPattern", lambda it: re.sub(r'"anything-but": \["([^"]*)"\]', r'"anything-but": "\1"', json.dumps(it)), "EventRule"),
    "alarms: one more call": parsed("eventPattern", lambda it: json.dumps({**it, "detail": {**it["detail"], "eventName": [*it["detail"]["eventName"], "More"]}}), "EventRule"),
    "edges: lasting balancers": put("LoadBalancer", isDeleteProtectionEnabled=True),
    "edges: weighted back ends": put("Backend", weight=2.0, drain=False),
}  # fmt: skip
"""By name."""
