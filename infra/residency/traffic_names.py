"""Names and texts of the zone: what may be a zone, a hostname, a health path, or a record beside the answers.

Refuses every record that could lead a client past the steering policies: they cover A and AAAA only, any other type at
the same name is answered from the zone.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from infra.residency.findings import Finding, Rule, nearest
from infra.residency.traffic import HarmlessType, RecordType, TextRecord

ZONE_ITSELF: Final = "@"
"""How the stack file writes the name of the zone itself."""

_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_MAX_NAME: Final = 253  # octets of a name in text form, RFC 1035 section 2.3.4 less the root's dot and length
_HEALTH_PATH = re.compile(r"/[A-Za-z0-9._~!$&'()*+,;=:@%/-]*(\?[A-Za-z0-9._~!$&'()*+,;=:@%/?-]*)?")
_MAX_PATH: Final = 255
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_CAA = re.compile(r'(0|128) (issue|issuewild|iodef) "[\x21\x23-\x5b\x5d-\x7e ]{0,255}"')
_TXT = re.compile(r"[\x20\x21\x23-\x5b\x5d-\x7e]{1,255}")

_LEADS_AWAY: Final[Mapping[str, str]] = {
    "A": "A answers come from the steering policy of a hostname, and its own plain records are planned with it",
    "AAAA": "AAAA answers come from the steering policy of a hostname, where `traffic.ipv6` is true",
    "CNAME": "a CNAME sends clients to a name that this stack does not answer for",
    "DNAME": "a DNAME sends clients to a tree of names that this stack does not answer for",
    "ALIAS": "an ALIAS answers with the addresses of a name that this stack does not answer for",
    "HTTPS": "an HTTPS record can name another host or address, which browsers prefer to A and AAAA",
    "SVCB": "an SVCB record can name another host or address, which clients prefer to A and AAAA",
    "SRV": "an SRV record sends clients to another host",
    "NAPTR": "a NAPTR record sends clients to another name",
    "URI": "a URI record sends clients to another host",
    "MX": "an MX record has mail of US users delivered to another host",
    "NS": "an NS record hands the name to servers that this stack does not run",
    "PTR": "a PTR record names another host",
}


def zone_problems(zone: str) -> Iterator[Finding]:
    """What is wrong with the name of the zone."""
    if _is_name(zone) and "." in zone:
        return
    yield Finding(
        path="traffic.zone",
        rule=Rule.HOSTNAME,
        given=repr(zone),
        allowed="a domain name of two or more labels: lower-case letters, digits and inner hyphens, no dot at the end",
        fix=_fixed_name(zone),
    )


def hostname_problems(label: str, zone: str) -> Iterator[Finding]:
    """What is wrong with a hostname's label, as the name below the zone that users ask for."""
    if _is_name(label) and len(f"{label}.{zone}") <= _MAX_NAME:
        return
    why, fix = "", _fixed_name(label)
    if "*" in label:
        why = "a wildcard answers for names that nobody planned, for every record type"
        fix = "list the hostnames one by one"
    elif label == ZONE_ITSELF:
        why = "the zone's own name also holds its NS and SOA records; hostnames stand below it"
        fix = "make the zone one label shorter, so that this hostname stands below it"
    yield Finding(
        path=f"traffic.hostnames.{label}",
        rule=Rule.HOSTNAME,
        given=repr(label),
        allowed="lower-case letters, digits and inner hyphens, dots between labels, at most 253 in all",
        why=why,
        fix=fix,
    )


def health_problems(label: str, path: str) -> Iterator[Finding]:
    """What is wrong with the path that a hostname's edges are probed at."""
    segments = path.partition("?")[0].split("/")
    fine = _HEALTH_PATH.fullmatch(path) is not None and len(path) <= _MAX_PATH and not _BAD_ESCAPE.search(path)
    if fine and not {".", ".."} & set(segments):
        return
    yield Finding(
        path=f"traffic.hostnames.{label}.health",
        rule=Rule.HEALTH_PATH,
        given=repr(path),
        allowed="a path such as /healthz: no scheme, host, fragment, space or dot segment, at most 255 characters",
        why="every edge is probed there, and a probe that cannot succeed takes the hostname off the net",
        fix="write the path part only, beginning with /",
    )


def plan_records(
    records: Mapping[str, Mapping[str, Sequence[str]]], zone: str
) -> tuple[tuple[TextRecord, ...], tuple[Finding, ...]]:
    """The zone's other records, and why any of them may not be."""
    planned: list[TextRecord] = []
    findings: list[Finding] = []
    for name, types in sorted(records.items()):
        where = f"traffic.records.{name}"
        if name != ZONE_ITSELF and not (_is_name(name) and len(f"{name}.{zone}") <= _MAX_NAME):
            findings.append(_bad_record_name(where, name))
            continue
        for given, texts in sorted(types.items()):
            if given not in set(HarmlessType):
                findings.append(_bad_type(f"{where}.{given}", given))
                continue
            record_type = HarmlessType(given)
            bad = [
                _bad_text(f"{where}.{given}", record_type, text) for text in texts if not _is_text(record_type, text)
            ]
            findings.extend(bad or ([] if texts else [_no_text(f"{where}.{given}")]))
            planned.append(
                TextRecord(
                    name=f"{'zone' if name == ZONE_ITSELF else f'at-{name}'}-{record_type.lower()}",
                    domain=zone if name == ZONE_ITSELF else f"{name}.{zone}",
                    record_type=record_type,
                    texts=tuple(sorted(set(texts))),
                )
            )
    return tuple(sorted(planned, key=lambda record: record.name)), tuple(findings)


def _is_name(text: str) -> bool:
    return len(text) <= _MAX_NAME and all(_LABEL.fullmatch(label) for label in text.split("."))


def _fixed_name(text: str) -> str:
    kept = re.sub(r"[^a-z0-9.-]+", "-", text.lower())
    better = ".".join(label for part in kept.split(".") if (label := part.strip("-")[:63].strip("-")))
    return f"write it as {better}" if better != text and _is_name(better) else "choose another name"


def _bad_record_name(path: str, name: str) -> Finding:
    wildcard = "*" in name
    return Finding(
        path=path,
        rule=Rule.HOSTNAME,
        given=repr(name),
        allowed=f"{ZONE_ITSELF} for the zone itself, or labels of lower-case letters, digits, inner hyphens and dots",
        why="a wildcard answers for names that nobody planned" if wildcard else "",
        fix="write the records at the names that need them" if wildcard else _fixed_name(name),
    )


def _bad_type(path: str, given: str) -> Finding:
    known = [*_LEADS_AWAY, *HarmlessType]
    meant = nearest(given, [kind.lower() for kind in known])
    why = _LEADS_AWAY.get(given, "a type that is not known here could lead clients past the steering policies")
    harmless = meant is not None and meant.upper() in set(HarmlessType)
    return Finding(
        path=path,
        rule=Rule.RECORD_TYPE,
        given=given,
        allowed=", ".join(HarmlessType),
        why=why,
        fix=f"did you mean {meant.upper()}?" if meant and harmless else _instead(given),
    )


def _instead(given: str) -> str:
    if given in set(RecordType) | {"CNAME", "ALIAS", "HTTPS", "SVCB"}:
        return "make it a hostname under traffic.hostnames, or remove it"
    return "keep it in a zone that holds no hostname of US users"


def _is_text(record_type: HarmlessType, text: str) -> bool:
    pattern = _CAA if record_type is HarmlessType.CAA else _TXT
    return pattern.fullmatch(text) is not None


def _bad_text(path: str, record_type: HarmlessType, text: str) -> Finding:
    return Finding(
        path=path,
        rule=Rule.RECORD_TYPE,
        given=repr(text),
        allowed='such as 0 issue "ca.example"'
        if record_type is HarmlessType.CAA
        else "1 to 255 printable ASCII characters without double quotes and backslashes",
        fix="write the record's data as it is to be published",
    )


def _no_text(path: str) -> Finding:
    return Finding(
        path=path,
        rule=Rule.RECORD_TYPE,
        given="no text",
        allowed="at least one text",
        fix="add one, or remove the type",
    )
