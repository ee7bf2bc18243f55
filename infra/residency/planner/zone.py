"""Plans the names and texts of the zone: what may be a zone, a hostname, a health path, or a record beside the answers.

Refuses every record that could lead a client past the steering policies: they cover A and AAAA only, and any other type
at the same name is answered from the zone.
"""

import re
from collections.abc import Mapping

from infra.residency.findings import Finding, Rule, join, nearest
from infra.residency.traffic import HarmlessType, RecordType, TextRecord

ZONE_ITSELF = "@"
"""How the stack file writes the name of the zone itself."""

_ZONE, _HOSTNAMES, _RECORDS = "traffic.zone", "traffic.hostnames", "traffic.records"
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_LONGEST_NAME = 253
"""Octets of a name in text form (RFC 1035, section 2.3.4, less the root's dot and length)."""

_PATH = re.compile(r"/[A-Za-z0-9._~!$&'()*+,;=:@%/-]*(?:\?[A-Za-z0-9._~!$&'()*+,;=:@%/?-]*)?")
_LONGEST_PATH = 255
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_TEXTS: Mapping[HarmlessType, tuple[re.Pattern[str], str]] = {
    HarmlessType.CAA: (
        re.compile(r'(?:0|128) (?:issue|issuewild|iodef) "[\x20\x21\x23-\x5b\x5d-\x7e]{0,255}"'),
        'flags, tag and value, such as 0 issue "ca.example"',
    ),
    HarmlessType.TXT: (
        re.compile(r"[\x20\x21\x23-\x5b\x5d-\x7e]{1,255}"),
        "1 to 255 printable ASCII characters without double quotes and backslashes",
    ),
}

_LEADS_AWAY: Mapping[str, str] = {
    "A": "A answers come from the steering policy of a hostname, and its own plain records are planned with it",
    "AAAA": "AAAA answers come from the steering policy of a hostname, where traffic.ipv6 is true",
    "ALIAS": "an ALIAS answers with the addresses of a name that this stack does not answer for",
    "CNAME": "a CNAME sends clients to a name that this stack does not answer for",
    "DNAME": "a DNAME sends clients to a tree of names that this stack does not answer for",
    "HTTPS": "an HTTPS record can name another host or address, which browsers prefer to A and AAAA",
    "MX": "an MX record has mail of US users delivered to another host",
    "NAPTR": "a NAPTR record sends clients to another name",
    "NS": "an NS record hands the name to servers that this stack does not run",
    "PTR": "a PTR record names another host",
    "SRV": "an SRV record sends clients to another host",
    "SVCB": "an SVCB record can name another host or address, which clients prefer to A and AAAA",
    "URI": "a URI record sends clients to another host",
}
_ANSWERED_BY_HOSTNAMES = frozenset({*RecordType, "ALIAS", "CNAME", "HTTPS", "SVCB"})


def check_zone(zone: str, findings: list[Finding]) -> None:
    """Checks the name of the zone."""
    if _is_name(zone) and "." in zone:
        return
    findings.append(
        Finding(
            path=_ZONE,
            rule=Rule.HOSTNAME,
            given=zone or "an empty text",
            allowed="a domain name of two or more labels: lower-case letters, digits, inner hyphens; no dot at the end",
            fix=_fixed_name(zone),
        )
    )


def check_hostname(label: str, zone: str, findings: list[Finding]) -> None:
    """Checks a hostname's label, which stands below the zone."""
    if _is_name(label) and len(f"{label}.{zone}") <= _LONGEST_NAME:
        return
    why, fix = "", _fixed_name(label)
    if "*" in label:
        why = "a wildcard answers for names that nobody planned, for every record type"
        fix = "list the hostnames one by one"
    elif label == ZONE_ITSELF:
        why = "the zone's own name also holds its NS and SOA records; hostnames stand below it"
        fix = "make the zone one label shorter, so that this hostname stands below it"
    findings.append(
        Finding(
            path=join(_HOSTNAMES, label),
            rule=Rule.HOSTNAME,
            given=label or "an empty text",
            allowed="lower-case letters, digits and inner hyphens, dots between labels, at most 253 with the zone",
            why=why,
            fix=fix,
        )
    )


def check_health(label: str, path: str, findings: list[Finding]) -> None:
    """Checks the path that a hostname's edges are probed at."""
    segments = path.partition("?")[0].split("/")
    fine = _PATH.fullmatch(path) and len(path) <= _LONGEST_PATH and not _BAD_ESCAPE.search(path)
    if fine and not {".", ".."} & set(segments) and not path.startswith("//"):
        return
    findings.append(
        Finding(
            path=join(_HOSTNAMES, label, "health"),
            rule=Rule.HEALTH_PATH,
            given=path or "an empty text",
            allowed="a path such as /healthz: no scheme, host, fragment, blank or dot segment, at most 255 characters",
            why="every edge is probed there, and a probe that cannot succeed takes the hostname off the net",
            fix="write the path part only, beginning with one /",
        )
    )


def plan_records(
    records: Mapping[str, Mapping[str, Mapping[str, str]]], zone: str, findings: list[Finding]
) -> tuple[TextRecord, ...]:
    """The zone's other records: those that may be, sorted by name."""
    planned: list[TextRecord] = []
    for name, types in sorted(records.items()):
        path = join(_RECORDS, name)
        if name != ZONE_ITSELF and not (_is_name(name) and len(f"{name}.{zone}") <= _LONGEST_NAME):
            findings.append(_bad_name(path, name))
            continue
        for given, texts in sorted(types.items()):
            if given not in set(HarmlessType):
                findings.append(_bad_type(join(path, given), given))
                continue
            record_type = HarmlessType(given)
            pattern, allowed = _TEXTS[record_type]
            findings.extend(
                Finding(
                    path=join(path, given, purpose),
                    rule=Rule.RECORD_TYPE,
                    given=text or "an empty text",
                    allowed=allowed,
                    fix="write the record's data as it is to be published",
                )
                for purpose, text in sorted(texts.items())
                if not pattern.fullmatch(text)
            )
            planned.append(
                TextRecord(
                    name=f"{'zone' if name == ZONE_ITSELF else f'at-{name}'}-{record_type.lower()}",
                    domain=zone if name == ZONE_ITSELF else f"{name}.{zone}",
                    record_type=record_type,
                    texts=tuple(sorted(set(texts.values()))),
                )
            )
    return tuple(sorted(planned, key=lambda record: record.name))


def _is_name(text: str) -> bool:
    return len(text) <= _LONGEST_NAME and all(_LABEL.fullmatch(label) for label in text.split("."))


def _fixed_name(text: str) -> str:
    kept = re.sub(r"[^a-z0-9.-]+", "-", text.lower())
    better = ".".join(label for part in kept.split(".") if (label := part.strip("-")[:63].strip("-")))
    return f"did you mean {better}?" if better != text and _is_name(better) else "choose another name"


def _bad_name(path: str, name: str) -> Finding:
    wildcard = "*" in name
    return Finding(
        path=path,
        rule=Rule.HOSTNAME,
        given=name or "an empty text",
        allowed=f"{ZONE_ITSELF} for the zone itself, or labels of lower-case letters, digits, inner hyphens and dots",
        why="a wildcard answers for names that nobody planned" if wildcard else "",
        fix="write the records at the names that need them" if wildcard else _fixed_name(name),
    )


def _bad_type(path: str, given: str) -> Finding:
    known = [kind.lower() for kind in (*_LEADS_AWAY, *HarmlessType)]
    meant = (nearest(given, known) or "").upper()
    if meant in set(HarmlessType):
        fix = f"did you mean {meant}?"
    elif given in _ANSWERED_BY_HOSTNAMES:
        fix = "make it a hostname under traffic.hostnames, or remove it"
    else:
        fix = "keep it in a zone that holds no hostname of US users"
    return Finding(
        path=path,
        rule=Rule.RECORD_TYPE,
        given=given,
        allowed=", ".join(HarmlessType),
        why=_LEADS_AWAY.get(given, "a type that is not known here could lead clients past the steering policies"),
        fix=fix,
    )
