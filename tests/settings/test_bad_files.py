"""Bad stack files: small edits of a good one, each refused by exactly the right rule, at the right path and line.

The whole set of findings is compared, so that a mistake is neither missed nor followed by findings that merely rest on
it. What each rule of meaning forbids in detail is shown in tests/residency/test_planner_rules.py.
"""

import pytest

from infra.residency.findings import render
from infra.settings.tree import MOST_BYTES
from tests.settings.samples import BASE, edited, found

ROOT = "config.usdata:deployment"
IAD = "oci.regions.us-ashburn-1"
VIRGINIA = "legacy.sites.virginia"
SHARDS = "datasets.videos.shards"

REGION_IAD = """\
        us-ashburn-1:
          role: primary
          cidr: 10.16.0.0/16
          serviceId: ocid1.service.oc1.iad.aaaaaaaasandbox
"""
BACKUP = '          phase: backup\n          expires: "2027-03-31"\n'
SECOND_IAD = "        us-ashburn-1: {role: standby, cidr: 10.18.0.0/16, serviceId: ocid1.service.oc1.iad.aaaaaaaa1}\n"

BAD = {
    # YAML itself
    "a tab as indentation": (edited(("    organization", "\torganization")), {("syntax", "", 3)}),
    "a bracket that stays open": (
        edited(("{method: ApiKey, profile: sandbox}", "{method: ApiKey")),
        {("syntax", "", 9)},
    ),
    "a quote that stays open": (edited(('"111111111111"', '"111111111111')), {("syntax", "", 34)}),
    "a colon too many": (edited(("organization: usds", "organization: us: ds")), {("syntax", "", 3)}),
    "a control character": (edited(("usds", "us\x07ds")), {("syntax", "", 3)}),
    "bytes that are no UTF-8": (
        BASE.replace("usds", "us\udcffds").encode(errors="surrogateescape"),
        {("syntax", "", 3)},
    ),
    "an escape of no character": (edited(("usds", '"\\UFFFFFFFF"')), {("syntax", "", None)}),
    "an alias to nothing": (
        edited(("organization: usds", "organization: *nobody")),
        {("ambiguous-scalar", "organization", 3)},
    ),
    "values inside values": (
        edited(("organization: usds", f"organization: {'{a: ' * 20}1{'}' * 20}")),
        {("syntax", "", 3)},
    ),
    "brackets without end": (edited(("organization: usds", f"organization: {'{a: ' * 40}")), {("syntax", "", 3)}),
    "a file too long": (BASE + "#" * MOST_BYTES, {("limit", "", 1)}),
    "an empty file": ("", {("missing-key", "", 1)}),
    "a file of comments": ("# nothing\n", {("missing-key", "", 1)}),
    "a text instead of a map": ("hello\n", {("wrong-type", "", 1)}),
    "a list instead of a map": ("- config\n", {("wrong-type", "", 1)}),
    "a second document": (BASE + "---\nconfig: {}\n", {("ambiguous-scalar", "", 43)}),
    "a directive": ("%YAML 1.1\n---\n" + BASE, {("ambiguous-scalar", "", 1)}),
    # what two parsers read differently
    "an unquoted date": (
        edited(('expires: "2027-06-30"', "expires: 2027-06-30")),
        {("unquoted-date", "datasets.metrics.expires", 24)},
    ),
    "an unquoted point in time": (
        edited(('expires: "2027-06-30"', "expires: 2027-06-30T00:00:00Z")),
        {("unquoted-date", "datasets.metrics.expires", 24)},
    ),
    "yes": (edited(("organization: usds", "organization: yes")), {("ambiguous-scalar", "organization", 3)}),
    "on as a key": (edited(("avatars:", "on:")), {("ambiguous-scalar", "datasets.on", 26)}),
    "a number as a key": (edited(("avatars:", "2027:")), {("ambiguous-scalar", "datasets.2027", 26)}),
    "a key that is a map": (edited(("avatars:", "{a: b}:")), {("ambiguous-scalar", "datasets", 26)}),
    "null": (
        edited((f"{BACKUP}        s", f"{BACKUP.replace('phase: backup', 'phase: ~')}        s")),
        {("ambiguous-scalar", f"{VIRGINIA}.phase", 33)},
    ),
    "an octal number": (edited(("shards: 2", "shards: 02")), {("ambiguous-scalar", "datasets.videos.shards", 20)}),
    "a number with an underscore": (
        edited(("shards: 2", "shards: 1_0")),
        {("ambiguous-scalar", "datasets.videos.shards", 20)},
    ),
    "a number of base sixty": (
        edited(("reason: global capacity planning", "reason: 1:30")),
        {("ambiguous-scalar", "datasets.metrics.reason", 23)},
    ),
    "an account with a leading zero": (
        edited(('"111111111111"', "011111111111")),
        {("ambiguous-scalar", f"{VIRGINIA}.accountId", 31)},
    ),
    "an anchor and its alias": (
        edited(("cidr: 10.16.0.0/16", "cidr: &net 10.16.0.0/16"), ("cidr: 10.17.0.0/16", "cidr: *net")),
        {("ambiguous-scalar", f"{IAD}.cidr", 12), ("ambiguous-scalar", "oci.regions.us-phoenix-1.cidr", 16)},
    ),
    "a merge key": (
        edited(("avatars: {class: public}", "avatars: {<<: {class: public}}")),
        {("ambiguous-scalar", 'datasets.avatars."<<"', 26)},
    ),
    "a tag": (edited(("organization: usds", "organization: !!str usds")), {("ambiguous-scalar", "organization", 3)}),
    "a tag of somebody's own": (
        edited(("organization: usds", "organization: !secret usds")),
        {("ambiguous-scalar", "organization", 3)},
    ),
    "an anchored key": (edited(("avatars:", "&a avatars:")), {("ambiguous-scalar", "datasets", 26)}),
    # shape
    "a key too many": (edited(("    datasets:", "    colour: blue\n    datasets:")), {("unknown-key", "colour", 18)}),
    "a key misspelled": (edited(("homeRegion", "homeregion")), {("unknown-key", "oci.homeregion", 6)}),
    "a key misspelled deep down": (
        edited(("{name: capacity-planning,", "{nam: capacity-planning,")),
        {("unknown-key", "datasets.metrics.export.nam", 25)},
    ),
    "an optional key misspelled": (
        edited(("        class: excepted", "        clas: excepted")),
        {("unknown-key", "datasets.metrics.clas", 22)},
    ),
    "a key missing": (edited(("      homeRegion: us-ashburn-1\n", "")), {("missing-key", "oci.homeRegion", 4)}),
    "a role missing": (edited(("          role: primary\n", "")), {("missing-key", f"{IAD}.role", 10)}),
    "an account missing": (
        edited(('          accountId: "111111111111"\n', "")),
        {("missing-key", f"{VIRGINIA}.accountId", 29)},
    ),
    "no deployment": ("config: {encryption: x}\n", {("unknown-key", "config.encryption", 1), ("missing-key", ROOT, 1)}),
    "no config": ("encryptionsalt: v1:abc\n", {("missing-key", "config", 1)}),
    "a region twice": (edited((REGION_IAD, REGION_IAD + SECOND_IAD)), {("duplicate-key", IAD, 14)}),
    "a phase twice": (
        edited((f"{BACKUP}        s", f"          phase: wipe\n{BACKUP}        s")),
        {("duplicate-key", f"{VIRGINIA}.phase", 34)},
    ),
    "the deployment twice": (BASE + "  usdata:deployment: {}\n", {("duplicate-key", ROOT, 43)}),
    "no region": (
        edited((BASE[BASE.index("      regions:") : BASE.index("    datasets:")], "      regions: {}\n")),
        {("empty-map", "oci.regions", 9)},
    ),
    "no dataset": (
        edited((BASE[BASE.index("    datasets:") : BASE.index("    legacy:")], "    datasets: {}\n")),
        {("empty-map", "datasets", 18)},
    ),
    "no site": (edited((BASE[BASE.index("      sites:") :], "      sites: {}\n")), {("empty-map", "legacy.sites", 28)}),
    "a dataset of nothing": (
        edited(("avatars: {class: public}", "avatars: {}")),
        {("empty-map", "datasets.avatars", 26)},
    ),
    "a dataset without a value": (
        edited(("avatars: {class: public}", "avatars:")),
        {("wrong-type", "datasets.avatars", 26)},
    ),
    "adopting nothing": (
        edited(("adopt:\n            profiles: tt-sg-profiles-backup", "adopt: {}")),
        {("empty-map", "legacy.sites.singapore.adopt", 41)},
    ),
    "a list of datasets": (
        edited((BASE[BASE.index("    datasets:") : BASE.index("    legacy:")], "    datasets: [profiles, videos]\n")),
        {("wrong-type", "datasets", 18)},
    ),
    "a text for a dataset": (edited(("{class: public}", "public")), {("wrong-type", "datasets.avatars", 26)}),
    "a list for a network": (
        edited(("cidr: 10.16.0.0/16", "cidr: [10.16.0.0/16]")),
        {("wrong-type", f"{IAD}.cidr", 12)},
    ),
    "a map for a role": (edited(("role: primary", "role: {is: primary}")), {("wrong-type", f"{IAD}.role", 11)}),
    "a text for a number": (edited(("shards: 2", 'shards: "2"')), {("wrong-type", "datasets.videos.shards", 20)}),
    "half a shard": (edited(("shards: 2", "shards: 1.5")), {("wrong-type", "datasets.videos.shards", 20)}),
    "a number for an account": (
        edited(('"111111111111"', "111111111111")),
        {("wrong-type", f"{VIRGINIA}.accountId", 31)},
    ),
    "a truth value for a group": (
        edited(("group: capacity-planners", "group: true")),
        {("wrong-type", "datasets.metrics.export.group", 25)},
    ),
    "a role without a value": (edited(("role: primary", "role:")), {("wrong-type", f"{IAD}.role", 11)}),
    # from outside
    "an imported environment": ("environment: [prod]\n" + BASE, {("unknown-key", "environment", 1)}),
    "default providers allowed": (
        BASE + "  pulumi:disable-default-providers: []\n",
        {("unknown-key", "config.pulumi:disable-default-providers", 43)},
    ),
    "an ambient region": (BASE + "  oci:region: us-ashburn-1\n", {("unknown-key", "config.oci:region", 43)}),
    "a secret deployment": (
        "config:\n  usdata:deployment:\n    secure: v1:abc\n",
        {("unknown-key", "secure", 3)}
        | {("missing-key", key, 2) for key in ("organization", "oci", "datasets", "legacy")},
    ),
    # meaning
    "a region of the US government": (
        edited(("        us-ashburn-1:\n", "        us-gov-ashburn-1:\n")),
        {("region", "oci.regions.us-gov-ashburn-1", 10)},
    ),
    "a region in Singapore": (
        edited(("        us-phoenix-1:\n", "        ap-singapore-1:\n")),
        {("region", "oci.regions.ap-singapore-1", 14)},
    ),
    "a region in upper case": (
        edited(("        us-phoenix-1:\n", "        US-PHOENIX-1:\n")),
        {("region", "oci.regions.US-PHOENIX-1", 14)},
    ),
    "two primaries": (
        edited(("role: standby", "role: primary")),
        {("region-role", "oci.regions", 9)},
    ),
    "networks that overlap": (
        edited(("10.17.0.0/16", "10.16.128.0/17")),
        {("cidr-overlap", "oci.regions.us-phoenix-1.cidr", 16)},
    ),
    "a network that cannot be": (
        edited(("10.17.0.0/16", "10.17.0.0/99")),
        {("cidr", "oci.regions.us-phoenix-1.cidr", 16)},
    ),
    "services of another region": (
        edited(("oc1.phx.", "oc1.iad.")),
        {("identifier", "oci.regions.us-phoenix-1.serviceId", 17)},
    ),
    "a home region abroad": (
        edited(("homeRegion: us-ashburn-1", "homeRegion: uk-london-1")),
        {("home-region", "oci.homeRegion", 6)},
    ),
    "an exception that is over": (
        edited(('"2027-06-30"', '"2026-06-30"')),
        {("expired", "datasets.metrics.expires", 24)},
    ),
    "an exception without a reason": (
        edited(("        reason: global capacity planning\n", "")),
        {("missing-key", "datasets.metrics.reason", 21)},
    ),
    "no such class": (edited(("{class: public}", "{class: secret}")), {("data-class", "datasets.avatars.class", 26)}),
    "an export of what is no exception": (
        edited(("class: excepted", "class: protected")),
        {
            ("data-class", "datasets.metrics.reason", 23),
            ("data-class", "datasets.metrics.expires", 24),
            ("export", "datasets.metrics.export", 25),
        },
    ),
    "a dataset that climbs": (edited(("avatars:", '"../avatars":')), {("name", 'datasets."../avatars"', 26)}),
    "a dataset of two lines": (edited(("avatars:", '"ava\\ntars":')), {("name", 'datasets."ava\\ntars"', 26)}),
    "a group with a quote": (
        edited(("group: capacity-planners", 'group: "x\' to manage all-resources"')),
        {("name", "datasets.metrics.export.group", 25)},
    ),
    "a bucket of markup": (
        edited(("tt-sg-profiles-backup", '"<img src=x>"')),
        {("adopt", "legacy.sites.singapore.adopt.profiles", 42)},
    ),
    "a phase that nobody carries out": (
        edited((f"{BACKUP}        s", f"{BACKUP.replace('phase: backup', 'phase: drain')}        s")),
        {("site", f"{VIRGINIA}.operatorRole", 29)},
    ),
    "a phase without receipts": (
        edited((f"{BACKUP}        s", f"{BACKUP.replace('phase: backup', 'phase: closed')}        s")),
        {("receipt", f"{VIRGINIA}.phase", 33)},
    ),
    # hostile
    "a zero byte": (edited(("usds", "us\0ds")), {("syntax", "", 3)}),
    "no text at all": (bytes(range(256)), {("syntax", "", 2)}),
    "UTF-16": (BASE.encode("utf-16"), {("syntax", "", 1)}),
    "a mark of byte order in the middle": (edited(("usds", "us\ufeffds")), {("name", "organization", 3)}),
    "a line end that only one parser knows": (edited(("usds", "us\x85ds")), {("syntax", "", 5)}),
    "ten million bytes": (b"a: b\n" * 2_000_000, {("limit", "", 1)}),
    "references that would grow without end": (
        "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n",
        {("ambiguous-scalar", "a", 1), ("ambiguous-scalar", "b", 2)}
        | {("unknown-key", key, line) for line, key in enumerate("abc", 1)}
        | {("missing-key", "config", 1)},
    ),
    "a tag that runs a program": (
        edited(("organization: usds", 'organization: !!python/object/apply:os.system ["id"]')),
        {("ambiguous-scalar", "organization", 3)},
    ),
    "no number": (edited(("shards: 2", "shards: .nan")), {("ambiguous-scalar", SHARDS, 20)}),
    "a number without end": (edited(("shards: 2", "shards: -.inf")), {("ambiguous-scalar", SHARDS, 20)}),
    "a number of 5,000 digits": (edited(("shards: 2", f"shards: {'9' * 5000}")), {("wrong-type", SHARDS, 20)}),
    "a million shards": (edited(("shards: 2", "shards: 1000000")), {("shards", SHARDS, 20)}),
    "fewer than no shards": (edited(("shards: 2", "shards: -1")), {("shards", SHARDS, 20)}),
    "a number with an exponent": (edited(("shards: 2", "shards: 1e3")), {("ambiguous-scalar", SHARDS, 20)}),
    "a dataset of markup": (edited(("avatars:", "<script>:")), {("name", 'datasets."<script>"', 26)}),
    "a dataset with a quote": (edited(("avatars:", "ava'tars:")), {("name", 'datasets."ava\'tars"', 26)}),
    "a dataset written backwards": (
        edited(("avatars:", "ava\u202etars:")),
        {("name", 'datasets."ava\\u202etars"', 26)},
    ),
    "a region with a letter of another script": (
        edited(("        us-phoenix-1:", "        us-ph\u043eenix-1:")),
        {("region", 'oci.regions."us-ph\u043eenix-1"', 14)},
    ),
    "half a character": (edited(("usds", '"us\\ud800ds"')), {("name", "organization", 3)}),
    "an account in other digits": (
        edited(("111111111111", "".join(chr(0x661) for _ in range(12)))),
        {("identifier", f"{VIRGINIA}.accountId", 31)},
    ),
    "a network in octal": (
        edited(("10.17.0.0/16", "010.17.0.0/16")),
        {("cidr", "oci.regions.us-phoenix-1.cidr", 16)},
    ),
    "a public network": (edited(("10.17.0.0/16", "8.8.0.0/16")), {("cidr", "oci.regions.us-phoenix-1.cidr", 16)}),
    "a day that is none": (edited(('"2027-06-30"', '"2027-02-30"')), {("date", "datasets.metrics.expires", 24)}),
}


@pytest.mark.parametrize(
    "content",
    [BASE, "\ufeff" + BASE, BASE.replace("\n", "\r\n"), BASE.replace("\n", "\r")],
    ids=["as it is", "with a mark of byte order", "lines end as on Windows", "lines end as long ago"],
)
def test_the_good_file_may_be(content):
    """What every case below differs from in one respect; how its lines end is nobody's business."""
    assert found(content) == ()


@pytest.mark.parametrize(("content", "expected"), BAD.values(), ids=BAD)
def test_a_bad_file_is_refused_by_exactly_its_rule(content, expected):
    """Rule, path and line of all findings; each is complete and can be shown."""
    findings = found(content)
    assert {(finding.rule.value, finding.path, finding.line) for finding in findings} == expected
    assert all(finding.given and finding.allowed and finding.fix for finding in findings)
    assert render(findings, "f").count("given ") == len(findings)


def test_there_are_at_least_ninety_cases():
    """The table does not shrink unseen."""
    assert len(BAD) >= 90


def test_shape_and_meaning_are_reported_together():
    """Mistakes in different places, of YAML, shape and meaning: all of them, and nothing that merely rests on one."""
    content = edited(
        ("organization: usds", "organization: yes"),
        ("role: primary", "rol: primary"),
        ("cidr: 10.17.0.0/16", "cidr: 1.5"),
        ("        us-phoenix-1:", "        us-phenix-1:"),
        ("shards: 2", "shards: 0"),
        ('expires: "2027-06-30"', "expires: 2027-06-30"),
        ("profiles: tt-sg-profiles-backup", "profils: tt-sg-profiles-backup"),
    )
    assert {(finding.rule.value, finding.path, finding.line) for finding in found(content)} == {
        ("ambiguous-scalar", "organization", 3),
        ("unknown-key", "oci.regions.us-ashburn-1.rol", 11),
        ("region", "oci.regions.us-phenix-1", 14),
        ("wrong-type", "oci.regions.us-phenix-1.cidr", 16),
        ("shards", "datasets.videos.shards", 20),
        ("unquoted-date", "datasets.metrics.expires", 24),
        ("adopt", "legacy.sites.singapore.adopt.profils", 42),
    }


def test_two_unreadable_sites_are_not_taken_for_one_place():
    """Account and region of both missing: four findings, none of which says that the two are the same."""
    content = BASE
    for line in (
        'accountId: "111111111111"',
        'accountId: "222222222222"',
        "region: us-east-1",
        "region: ap-southeast-1",
    ):
        content = content.replace(f"          {line}\n", "")
    assert {(finding.rule.value, finding.path) for finding in found(content)} == {
        ("missing-key", f"legacy.sites.{name}.{key}")
        for name in ("virginia", "singapore")
        for key in ("accountId", "region")
    }


@pytest.mark.parametrize(
    ("edit", "fix"),
    [
        (("homeRegion:", "homregion:"), "did you mean homeRegion?"),
        (("    datasets:", "    colour: blue\n    datasets:"), "remove it"),
        (('expires: "2027-06-30"', "expires: 2027-06-30"), 'write "2027-06-30", in quotes'),
        (('"111111111111"', "111111111111"), 'write "111111111111", in quotes'),
        (("shards: 2", "shards: 0x2"), "write it like 4"),
    ],
)
def test_the_fix_says_what_to_write(edit, fix):
    """What was probably meant, or the text to write instead."""
    assert [finding.fix for finding in found(edited(edit))] == [fix]
