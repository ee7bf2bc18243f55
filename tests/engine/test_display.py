"""What people see of a run.

Proves the text for hand-made events, each kind of step at least once. It does not prove that the engine sends these
events; the command line's tests do that with the real program.
"""

import os
import pty
import random
from typing import Any

import pytest

from infra.engine import display, urns
from infra.engine.display import Paper, Recorder
from infra.engine.display.text import escape, paper_for
from infra.engine.display.values import Guide, differences, listing
from infra.engine.events import (
    Diagnostic,
    Op,
    Outcome,
    Prelude,
    ResourceFailed,
    ResourceOutputs,
    ResourcePre,
    Severity,
    StepInfo,
    Summary,
)
from infra.engine.provider import DiffKind, PropertyDiff
from infra.engine.resource import Resource
from infra.engine.values import UNKNOWN, Encrypted, Secret

PLAIN = Paper()
ROOT = urns.root_stack(stack="dev", project="usdata")
NETWORK = urns.make(stack="dev", project="usdata", parent_type="", type_="usdata:index:RegionalNetwork", name="iad")
PROVIDER = urns.make(
    stack="dev", project="usdata", parent_type="", type_="pulumi:providers:oci", name="oci-us-ashburn-1"
)
BUCKET = "oci:ObjectStorage/bucket:Bucket"
VCN = "oci:Core/vcn:Vcn"


def urn_of(type_, name, parent=ROOT):
    """The URN of a resource of the test stack."""
    return urns.make(
        stack="dev",
        project="usdata",
        parent_type="" if parent == ROOT else urns.qualified_type(parent),
        type_=type_,
        name=name,
    )


def record(type_, name, inputs=None, *, parent=ROOT, id_="", provider="", outputs=None, protect=False):
    """A resource of the test stack."""
    return Resource(
        urn=urn_of(type_, name, parent) if type_ != urns.ROOT_STACK_TYPE else ROOT,
        type=type_,
        custom=not type_.startswith(("usdata:", "pulumi:pulumi:")),
        id=id_,
        inputs=inputs or {},
        outputs=outputs or {},
        parent=parent if type_ != urns.ROOT_STACK_TYPE else "",
        provider=provider,
        protect=protect,
    )


def step(op, old=None, new=None, **rest: Any):
    """A step from one record to another."""
    known = new or old
    return StepInfo(op=op, urn=known.urn, type=known.type, provider=known.provider, old=old, new=new, **rest)


def same(resource):
    """A step that changes nothing."""
    return step(Op.SAME, resource, resource)


def updates(path, kind="update"):
    """A detailed diff of one property."""
    return {path: PropertyDiff(kind=DiffKind(kind))}


def play(*steps: StepInfo, preview=True, diagnostics=(), failed=(), counts=None, outcome=Outcome.SUCCEEDED):
    """A recorder that has seen a whole run of these steps."""
    recorder = Recorder()
    recorder(Prelude(preview=preview))
    for one in steps:
        recorder(ResourcePre(step=one))
        recorder(ResourceFailed(step=one) if one.urn in failed else ResourceOutputs(step=one))
    for diagnostic in diagnostics:
        recorder(diagnostic)
    found = {}
    for one in steps:
        if one.logical and one.op is not Op.REFRESH:
            found[one.op] = found.get(one.op, 0) + 1
    recorder(Summary(preview=preview, outcome=outcome, changes=counts or found, seconds=1.0))
    return recorder


def text(lines):
    """Lines as one text, blanks at their ends left out."""
    return "\n".join(line.rstrip() for line in lines)


STACK = record(urns.ROOT_STACK_TYPE, "usdata-dev")
COMPONENT = record("usdata:index:RegionalNetwork", "iad")


class TestTree:
    """The long form; the same nesting, marks and values as the ordinary command line."""

    def test_creations(self):
        """A new stack: parents before children, providers first, every input listed."""
        reference = f"{PROVIDER}::{urns.UNKNOWN_ID}"
        provider = record("pulumi:providers:oci", "oci-us-ashburn-1", {"region": "us-ashburn-1"})
        vcn = record(
            VCN,
            "iad-vcn",
            {
                "cidrBlocks": ["10.16.0.0/16"],
                "compartmentId": UNKNOWN,
                "freeformTags": {"class": "protected"},
                "__defaults": [],
            },
            parent=NETWORK,
            provider=reference,
        )
        stack = record(urns.ROOT_STACK_TYPE, "usdata-dev", outputs={"vcnId": UNKNOWN})
        recorder = play(
            step(Op.CREATE, new=stack),
            step(Op.CREATE, new=vcn, position="components/network.py:12"),
            step(Op.CREATE, new=COMPONENT),
            step(Op.CREATE, new=provider),
        )

        assert (
            text(display.render_tree(recorder, PLAIN))
            == """\
+ pulumi:pulumi:Stack: (create)
    [urn=urn:pulumi:dev::usdata::pulumi:pulumi:Stack::usdata-dev]
    + pulumi:providers:oci: (create)
        [urn=urn:pulumi:dev::usdata::pulumi:providers:oci::oci-us-ashburn-1]
        region: "us-ashburn-1"
    + usdata:index:RegionalNetwork: (create)
        [urn=urn:pulumi:dev::usdata::usdata:index:RegionalNetwork::iad]
        + oci:Core/vcn:Vcn: (create)
            [urn=urn:pulumi:dev::usdata::usdata:index:RegionalNetwork$oci:Core/vcn:Vcn::iad-vcn]
            [provider=urn:pulumi:dev::usdata::pulumi:providers:oci::oci-us-ashburn-1::04da6b54-80e4-46f7-96ec-b56ff0331ba9]
            [at=components/network.py:12]
            cidrBlocks   : [
                [0]: "10.16.0.0/16"
            ]
            compartmentId: [unknown]
            freeformTags : {
                class: "protected"
            }
    --outputs:--
    vcnId: [unknown]"""
        )

    def test_update(self):
        """Only what changes is shown, with its unchanged neighbours inside a map."""
        old = record(VCN, "iad-vcn", {"displayName": "vcn", "freeformTags": {"class": "protected"}}, id_="ocid1.vcn")
        new = record(VCN, "iad-vcn", {"displayName": "vcn2", "freeformTags": {"class": "protected", "owner": "net"}})
        detailed = updates("displayName") | {"freeformTags.owner": PropertyDiff(kind=DiffKind.ADD)}
        recorder = play(same(STACK), step(Op.UPDATE, old, new, detailed_diff=detailed))

        assert (
            text(display.render_tree(recorder, PLAIN))
            == """\
  pulumi:pulumi:Stack: (same)
    [urn=urn:pulumi:dev::usdata::pulumi:pulumi:Stack::usdata-dev]
    ~ oci:Core/vcn:Vcn: (update)
        [id=ocid1.vcn]
        [urn=urn:pulumi:dev::usdata::oci:Core/vcn:Vcn::iad-vcn]
      ~ displayName : "vcn" => "vcn2"
      ~ freeformTags: {
            class: "protected"
          + owner: "net"
        }"""
        )

    def test_replacement(self):
        """One entry for a replacement, not its three physical steps, and the property that forces it."""
        old = record(BUCKET, "profiles-iad", {"name": "a", "versioning": "Enabled"}, id_="n/ns/b/a")
        new = record(BUCKET, "profiles-iad", {"name": "b", "versioning": "Enabled"})
        detailed = updates("name", "update-replace")
        recorder = play(
            same(STACK),
            step(Op.CREATE_REPLACEMENT, old, new, detailed_diff=detailed, logical=False),
            step(Op.REPLACE, old, new, detailed_diff=detailed, replace_reasons=["name"]),
            step(Op.DELETE_REPLACED, old, detailed_diff=detailed, logical=False),
        )

        assert (
            text(display.render_tree(recorder, PLAIN))
            == """\
  pulumi:pulumi:Stack: (same)
    [urn=urn:pulumi:dev::usdata::pulumi:pulumi:Stack::usdata-dev]
    +-oci:ObjectStorage/bucket:Bucket: (replace)
        [id=n/ns/b/a]
        [urn=urn:pulumi:dev::usdata::oci:ObjectStorage/bucket:Bucket::profiles-iad]
      ~ name: "a" => "b"  (forces replacement)"""
        )

    def test_deletion(self):
        """What goes is listed as it was."""
        old = record("aws:s3/bucket:Bucket", "b", {"bucket": "usds", "tags": {"phase": "backup"}}, id_="usds")
        recorder = play(same(STACK), step(Op.DELETE, old))

        assert text(display.render_tree(recorder, PLAIN)).splitlines()[2:] == [
            "    - aws:s3/bucket:Bucket: (delete)",
            "        [id=usds]",
            "        [urn=urn:pulumi:dev::usdata::aws:s3/bucket:Bucket::b]",
            '        bucket: "usds"',
            "        tags  : {",
            '            phase: "backup"',
            "        }",
        ]

    def test_what_nobody_knows_is_said(self):
        """A property without a fact says that it may replace, in the heading and at the property."""
        old, new = record("aws:x/y:Y", "y", {"a": 1}, id_="i"), record("aws:x/y:Y", "y", {"a": 2})
        detailed = {"a": PropertyDiff(kind=DiffKind.UPDATE, may_replace=True)}
        recorder = play(step(Op.UPDATE, old, new, detailed_diff=detailed))

        assert (
            text(display.render_tree(recorder, PLAIN))
            == """\
    ~ aws:x/y:Y: (update, may be replaced)
        [id=i]
        [urn=urn:pulumi:dev::usdata::aws:x/y:Y::y]
      ~ a: 1 => 2  (may force replacement: not known for this property)"""
        )

    def test_refresh_shows_what_it_found(self):
        """A refresh compares outputs: that is where drift shows."""
        old = record(VCN, "v", {"displayName": "a"}, id_="i", outputs={"displayName": "a", "state": "AVAILABLE"})
        new = record(VCN, "v", {"displayName": "b"}, id_="i", outputs={"displayName": "b", "state": "AVAILABLE"})
        recorder = Recorder()
        recorder(Prelude(preview=True))
        recorder(ResourcePre(step=step(Op.REFRESH, old, old, logical=False)))
        recorder(ResourceOutputs(step=step(Op.UPDATE, old, new, logical=False, detailed_diff=updates("displayName"))))

        assert text(display.render_tree(recorder, PLAIN)).splitlines()[-1] == '      ~ displayName: "a" => "b"'

    def test_other_operations(self):
        """Import, read and forgotten resources have marks of their own."""
        adopted, looked_up = record(VCN, "a", id_="i"), record(VCN, "b", id_="j")
        recorder = play(step(Op.IMPORT, new=adopted), step(Op.READ, new=looked_up), step(Op.DISCARD, record(VCN, "c")))

        headings = [line for line in display.render_tree(recorder, PLAIN) if line[:5].strip() and line[:4] == "    "]
        assert headings == [
            "    = oci:Core/vcn:Vcn: (import)",
            "    > oci:Core/vcn:Vcn: (read)",
            "    < oci:Core/vcn:Vcn: (discard)",
        ]

    def test_a_damaged_state_with_a_ring_of_parents_still_shows(self):
        """Parents that go in a ring end the walk instead of hanging it."""
        one = record(VCN, "a", parent=urn_of(VCN, "b"))
        two = record(VCN, "b", parent=urn_of(VCN, "a"))
        one.urn, two.urn = urn_of(VCN, "a"), urn_of(VCN, "b")

        assert len(display.render_tree(play(step(Op.DELETE, one), step(Op.DELETE, two)), PLAIN)) == 4

    def test_order_does_not_depend_on_arrival(self):
        """Any order of the same events gives the same text (sampled)."""
        steps = [step(Op.CREATE, new=record(VCN, f"v{i}", parent=NETWORK)) for i in range(5)]
        steps += [step(Op.CREATE, new=COMPONENT), step(Op.CREATE, new=STACK)]
        expected = display.render_tree(play(*steps), PLAIN)
        for seed in range(10):
            random.Random(seed).shuffle(steps)  # noqa: S311 (a sample, not a secret)
            assert display.render_tree(play(*steps), PLAIN) == expected


class TestOutputs:
    """The stack's outputs that change."""

    def test_changed_outputs(self):
        """A changed output shows both values, a secret one neither."""
        old = record(urns.ROOT_STACK_TYPE, "s", outputs={"a": 1, "k": Secret("x"), "same": "s"})
        new = record(urns.ROOT_STACK_TYPE, "s", outputs={"a": 2, "k": Secret("y"), "same": "s"})

        assert (
            text(display.render_outputs(play(step(Op.SAME, old, new)), PLAIN))
            == """\
    --outputs:--
  ~ a: 1 => 2
  ~ k: [secret] => [secret]"""
        )

    def test_none(self):
        """No line where nothing changes."""
        assert display.render_outputs(play(same(STACK)), PLAIN) == []


def shown(lines):
    """Lines of a difference as they are indented."""
    return [f"{'  ' * depth}{mark or ' '} {line}" for depth, mark, line in lines]


class TestValues:
    """Differences of values, by themselves or led by a provider's detailed diff."""

    @pytest.mark.parametrize(
        ("old", "new", "expected"),
        [
            pytest.param({"a": "x"}, {"a": "x"}, [], id="the same"),
            pytest.param({"a": None}, {}, [], id="null is absent"),
            pytest.param({"a": 1.0}, {"a": True}, ["~ a: 1 => true"], id="number and boolean"),
            pytest.param({"a": "x"}, {"a": UNKNOWN}, ['~ a: "x" => [unknown]'], id="unknown"),
            pytest.param({"a": "x"}, {"a": Secret("x")}, ["~ a: [secret] => [secret]"], id="secret hides the old side"),
            pytest.param(
                {"a": Secret(Encrypted("v1:1"))}, {"a": Secret(Encrypted("v1:2"))}, ["~ a: [secret] => [secret]"],
                id="ciphertexts",
            ),
            pytest.param({"a": {"b": 1}}, {"a": "x"}, ['~ a: {1 key} => "x"'], id="another kind"),
            pytest.param({"a": ["x", "y"]}, {"a": {}}, ["~ a: [2 items] => {}"], id="a list becomes a map"),
            pytest.param({"a": {}}, {"a": None}, ["- a: {}"], id="an empty map goes"),
            pytest.param(
                {"a": ["x", "y"]}, {"a": ["w", "x", "y"]},
                ["~ a: [", '  + [0]: "w"', '    [1]: "x"', '    [2]: "y"', "  ]"],
                id="an element in front moves no other",
            ),
            pytest.param(
                {"a": [1, 2, 3, 4, 5, 6]}, {"a": [1, 2, 3, 4, 5]}, ["~ a: [", "    … 5 unchanged", "  - [5]: 6", "  ]"],
                id="long unchanged runs are folded",
            ),
            pytest.param(
                {"p": '{"S":[{"E":"Allow"}]}'}, {"p": '{"S":[{"E":"Deny"}]}'},
                ["~ p: (json) {", "  ~ S: [", "    ~ [0]: {", '      ~ E: "Allow" => "Deny"', "      }", "    ]", "  }"],  # noqa: E501 (lines up with the output)
                id="a JSON document is opened",
            ),
            pytest.param(
                {"t": "a\nb\nc\nd\ne"}, {"t": "a\nb\nc\nd\nf"},
                ["~ t: (text)", "    … 4 lines unchanged", '  - "e"', '  + "f"'],
                id="a text is compared by lines",
            ),
            pytest.param({}, {"a b": {"c\x1b": 1}}, ['+ "a b": {', '  + "c\\x1b": 1', "  }"], id="hostile keys"),
            pytest.param({}, {"a": "{not json"}, ['+ a: "{not json"'], id="what looks like JSON and is none"),
        ],
    )  # fmt: skip
    def test_without_a_guide(self, old, new, expected):
        """The values alone decide."""
        assert shown(differences(old, new)) == [line if line[0] in "~+- " else f"  {line}" for line in expected]

    def test_a_set_in_another_order(self):
        """Only the element that the provider names changes, wherever the others moved."""
        guide = Guide.of({"ids[2]": PropertyDiff(kind=DiffKind.ADD)})

        assert shown(differences({"ids": ["a", "b"]}, {"ids": ["b", "a", "c"]}, guide)) == [
            "~ ids: [",
            '    [0]: "b"',
            '    [1]: "a"',
            '  + [2]: "c"',
            "  ]",
        ]

    def test_an_element_of_a_set_that_goes(self):
        """A deletion in a set is named by its old place."""
        guide = Guide.of({"ids[0]": PropertyDiff(kind=DiffKind.DELETE)})

        assert shown(differences({"ids": ["a", "b"]}, {"ids": ["b"]}, guide)) == [
            "~ ids: [",
            '  - [0]: "a"',
            '    [0]: "b"',
            "  ]",
        ]

    def test_deep_paths(self):
        """Only the named field of the named element is marked."""
        guide = Guide.of({"rules[1].days": PropertyDiff(kind=DiffKind.UPDATE)})
        old = {"rules": [{"days": 1, "on": True}, {"days": 2, "on": True}]}
        new = {"rules": [{"days": 1, "on": True}, {"days": 3, "on": True}]}

        assert shown(differences(old, new, guide)) == [
            "~ rules: [",
            "    [0]: {2 keys}",
            "  ~ [1]: {",
            "    ~ days: 2 => 3",
            "      on  : true",
            "    }",
            "  ]",
        ]

    def test_paths_that_are_none(self):
        """A key that no path can be parsed from is taken as a name, and one without values is still shown."""
        guide = Guide.of({"a[": PropertyDiff(kind=DiffKind.UPDATE_REPLACE)})

        assert shown(differences({}, {}, guide)) == ['~ "a["  (forces replacement)']

    def test_secrets_are_never_opened(self):
        """Neither a listing nor a difference shows what a secret holds, at any depth."""
        hidden = {"a": {"b": [Secret({"password": "hunter2"})]}, "c": Secret("hunter2")}
        lines = [*listing(hidden), *differences(hidden, {"a": {"b": [Secret("hunter3")]}, "c": "hunter4"})]

        assert "hunter" not in "\n".join(line.text for line in lines)


class TestCounts:
    """The line of numbers."""

    def test_preview(self):
        """What would happen, in the present tense."""
        recorder = play(counts={Op.CREATE: 5, Op.UPDATE: 1, Op.SAME: 1410})
        assert display.render_counts(recorder, PLAIN) == [
            "  + 5 create   ~ 1 update   ± 0 replace   - 0 delete   1,410 unchanged"
        ]

    def test_applied(self):
        """What happened, in the past tense; rare operations only where there are any."""
        recorder = play(preview=False, counts={Op.CREATE: 1, Op.IMPORT: 2, Op.DISCARD: 1})
        assert display.render_counts(recorder, PLAIN) == [
            "  + 1 created   ~ 0 updated   ± 0 replaced   - 0 deleted   = 2 imported   < 1 forgotten   0 unchanged"
        ]

    def test_doubt_is_counted(self):
        """How many updates may be replacements, and for which properties."""
        old, new = record("aws:x/y:Y", "y", {"a": 1}), record("aws:x/y:Y", "y", {"a": 2})
        detailed = {"a": PropertyDiff(kind=DiffKind.UPDATE, may_replace=True)}
        recorder = play(step(Op.UPDATE, old, new, detailed_diff=detailed))
        assert display.render_counts(recorder, PLAIN)[1:] == [
            "  1 update may be a replacement: no fact says for aws:x:Y a"
        ]


class TestResources:
    """The list of resources that change."""

    def test_rows(self):
        """Most dangerous first, then by type and name; names of changed properties; place in the program."""
        old, new = record(VCN, "v", {"displayName": "a"}), record(VCN, "v", {"displayName": "b"})
        recorder = play(
            step(Op.CREATE, new=record(BUCKET, "messages-us-ashburn-1"), position="components/primary_storage.py:88"),
            step(Op.UPDATE, old, new, detailed_diff=updates("displayName"), position="components/network.py:7"),
            step(Op.DELETE, record(BUCKET, "gone", protect=True)),
            same(COMPONENT),
        )

        assert (
            text(display.render_resources(recorder, PLAIN))
            == """\
  - oci:ObjectStorage:Bucket  gone (protected)
  ~ oci:Core:Vcn              v (displayName)        components/network.py:7
  + oci:ObjectStorage:Bucket  messages-us-ashburn-1  components/primary_storage.py:88"""
        )

    def test_narrow_terminal(self):
        """Nothing is cut: the place goes on a line of its own."""
        recorder = play(step(Op.CREATE, new=record(BUCKET, "messages"), position="components/primary_storage.py:88"))

        assert (
            text(display.render_resources(recorder, Paper(width=50)))
            == """\
  + oci:ObjectStorage:Bucket  messages
        components/primary_storage.py:88"""
        )

    def test_long_lists_are_folded(self):
        """Creations are folded by type; deletions and failures never."""
        steps = [
            step(Op.CREATE, new=record(BUCKET, f"b{i:02}"), position=f"components/a.py:{i % 2}") for i in range(40)
        ]
        steps += [step(Op.CREATE, new=record(VCN, f"v{i}"), position="components/b.py:1") for i in range(2)]
        steps += [step(Op.CREATE, new=record("oci:Core/drg:Drg", "drg"))]
        steps += [step(Op.DELETE, record(BUCKET, f"old{i}")) for i in range(2)]
        failing = steps[0].urn

        assert (
            text(display.render_resources(play(*steps, failed={failing}), PLAIN))
            == """\
  - oci:ObjectStorage:Bucket       old0
  - oci:ObjectStorage:Bucket       old1
  + oci:ObjectStorage:Bucket       b00 (failed)          components/a.py:0
  + oci:Core:Drg                   drg
  + oci:Core:Vcn x 2               v0, v1                components/b.py:1
  + oci:ObjectStorage:Bucket x 39  b01, b02 and 37 more  2 places"""
        )

    def test_components_that_come_as_a_whole_are_folded(self):
        """A new component stands for what is new in it; what goes or changes in it is shown by itself."""
        inner = record("usdata:index:Inner", "inner", parent=NETWORK)
        steps = [step(Op.CREATE, new=STACK), step(Op.CREATE, new=COMPONENT, position="components/network.py:7")]
        steps += [step(Op.CREATE, new=inner), step(Op.CREATE, new=record(VCN, "deep", parent=inner.urn))]
        steps += [step(Op.CREATE, new=record(VCN, f"v{i:02}", parent=NETWORK)) for i in range(30)]
        steps += [step(Op.DELETE, record(BUCKET, "old", parent=NETWORK))]

        assert (
            text(display.render_resources(play(*steps), PLAIN))
            == """\
  - oci:ObjectStorage:Bucket      old
  + usdata:index:RegionalNetwork  iad (32 resources)  components/network.py:7"""
        )

    def test_a_component_that_goes_as_a_whole_is_folded(self):
        """Beyond 48 deletions too; but what is protected, fails or stays in the cloud is never hidden in it."""
        gone = [record(VCN, f"v{i:02}", parent=NETWORK) for i in range(50)]
        kept = [record(BUCKET, f"kept{i}", parent=NETWORK) for i in range(3)]
        for resource in kept:
            resource.retain_on_delete = True
        guarded, failing = record(VCN, "guarded", parent=NETWORK, protect=True), record(VCN, "failing", parent=NETWORK)
        records = [COMPONENT, *gone, *kept, guarded, failing]

        recorder = play(*(step(Op.DELETE, r) for r in records), failed={failing.urn})
        assert (
            text(display.render_resources(recorder, PLAIN))
            == """\
  - oci:Core:Vcn                  failing (failed)
  - oci:Core:Vcn                  guarded (protected)
  - usdata:index:RegionalNetwork  iad (50 resources)
  - oci:ObjectStorage:Bucket x 3  kept0, kept1 and 1 more (stay in the cloud)"""
        )

    def test_few_deletions_have_a_row_each(self):
        """However long the list is otherwise; and one that stays in the cloud says so."""
        gone = [record(VCN, f"v{i:02}", parent=NETWORK) for i in range(47)]
        kept = record(BUCKET, "kept")
        kept.retain_on_delete = True
        lines = display.render_resources(play(*(step(Op.DELETE, r) for r in [kept, *gone])), PLAIN)

        assert [line.rstrip() for line in lines] == [
            *(f"  - oci:Core:Vcn              v{i:02}" for i in range(47)),
            "  - oci:ObjectStorage:Bucket  kept (stays in the cloud)",
        ]

    def test_a_ring_of_parents_hides_nothing(self):
        """Resources of a damaged state that are inside each other are listed."""
        ring = [record(VCN, f"v{i:02}") for i in range(49)]
        for one, other in zip(ring, [*ring[1:], ring[0]], strict=True):
            one.parent = other.urn
        [line] = display.render_resources(play(*(step(Op.DELETE, r) for r in ring)), PLAIN)
        assert line.rstrip() == "  - oci:Core:Vcn x 49  v00, v01 and 47 more"

    def test_unchanged_ones_on_demand(self):
        """`--show-sames` lists what does not change too."""
        recorder = play(same(COMPONENT), step(Op.CREATE, new=record(VCN, "v")))
        assert (
            text(display.render_resources(recorder, PLAIN, show_sames=True))
            == """\
  + oci:Core:Vcn                  v
    usdata:index:RegionalNetwork  iad"""
        )

    def test_hostile_names(self):
        """A name cannot move the cursor, fake a line or turn the reading order."""
        recorder = play(step(Op.CREATE, new=record(VCN, "a\n  - fake\x1b[2J\u202e")))
        assert text(display.render_resources(recorder, PLAIN)) == r"  + oci:Core:Vcn  a\n  - fake\x1b[2J\u202e"

    def test_colours_only_where_wanted(self):
        """The same text, with colours around it."""
        recorder = play(step(Op.CREATE, new=record(VCN, "v")))
        assert display.render_resources(recorder, Paper(colour=True)) == ["\x1b[32m  + oci:Core:Vcn  v\x1b[0m"]


class TestDiagnostics:
    """What went wrong, where."""

    def test_grouped_by_resource(self):
        """General errors first; each resource once, with its place; the same text twice is shown once."""
        urn = urn_of(VCN, "v")
        failed = step(Op.CREATE, new=record(VCN, "v"), position="components/network.py:7")
        twice = Diagnostic(severity=Severity.ERROR, message="409 conflict\nrequest id 1\n", urn=urn)
        recorder = play(
            failed,
            failed={urn},
            preview=False,
            outcome=Outcome.FAILED,
            diagnostics=[
                twice,
                twice,
                Diagnostic(severity=Severity.INFO, message="not shown"),
                Diagnostic(severity=Severity.WARNING, message="look\tout\x1b[1m", urn=urn),
                Diagnostic(severity=Severity.ERROR, message="update failed"),
            ],
        )

        assert recorder.failed
        lines = display.render_diagnostics(recorder.diagnostics, PLAIN, places=display.places(recorder))
        assert (
            text(lines)
            == r"""  error: update failed
  oci:Core:Vcn v  components/network.py:7
    urn:pulumi:dev::usdata::oci:Core/vcn:Vcn::v
    error: 409 conflict
      request id 1
    warning: look    out\x1b[1m"""
        )

    def test_said_once(self):
        """What is wrong with several resources in the same words is said once, above it all of them."""
        protected = [
            Diagnostic(severity=Severity.ERROR, message=f'"{urn}" is protected:\nunprotect {urn}', urn=urn)
            for urn in (urn_of(VCN, "a"), urn_of(VCN, "b"))
        ]

        assert (
            text(display.render_diagnostics(protected, PLAIN))
            == """\
  oci:Core:Vcn a
  oci:Core:Vcn b
    error: "<URN>" is protected:
      unprotect <URN>"""
        )
        assert text(display.render_diagnostics(protected[:1], PLAIN)).splitlines()[1:] == [
            f'    error: "{urn_of(VCN, "a")}" is protected:',
            f"      unprotect {urn_of(VCN, 'a')}",
        ]

    def test_a_long_list_of_resources_is_cut(self):
        """Twelve of them are named, the others counted."""
        alike = [Diagnostic(severity=Severity.ERROR, message="no", urn=urn_of(VCN, f"v{i:02}")) for i in range(14)]
        assert text(display.render_diagnostics(alike, PLAIN)).splitlines() == [
            *(f"  oci:Core:Vcn v{i:02}" for i in range(12)),
            "  and 2 more resources",
            "    error: no",
        ]


class TestText:
    """The small parts."""

    @pytest.mark.parametrize(
        ("given", "expected"),
        [("plain", "plain"), ("ü 数", "ü 数"), ("\u200b\x00\x9b", r"\u200b\x00\x9b"), ("\ud800", r"\ud800")],
    )
    def test_escape(self, given, expected):
        """Letters of any language stay; what is not for printing is written out."""
        assert escape(given) == expected

    def test_wide_letters_take_two_columns(self):
        """Columns line up where letters are wide."""
        assert display.columns([("数", "a"), ("xy", "b")], width=None) == ["  数  a", "  xy  b"]

    def test_paper_of_a_file(self, tmp_path):
        """A file has no colours and no width."""
        with (tmp_path / "out").open("w") as stream:
            assert paper_for(stream) == Paper()

    @pytest.mark.parametrize(("no_color", "colour"), [("", True), ("1", False)])
    def test_paper_of_a_terminal(self, monkeypatch, no_color, colour):
        """A terminal has colours, unless NO_COLOR is set to anything."""
        monkeypatch.setenv("NO_COLOR", no_color)
        master, slave = pty.openpty()
        try:
            with os.fdopen(slave, "w") as stream:
                assert paper_for(stream).colour is colour
        finally:
            os.close(master)

    def test_short_types(self):
        """The file's name in a type's module is left out."""
        assert [display.short_type(t) for t in (VCN, "pulumi:pulumi:Stack", "odd")] == [
            "oci:Core:Vcn",
            "pulumi:pulumi:Stack",
            "odd",
        ]


class TestProgress:
    """The line on the terminal."""

    def test_says_where_it_is(self):
        """How many are done, of how many, and what is being done now; the stack itself says nothing."""
        progress = display.Progress("updating", 3)
        one, two = step(Op.CREATE, new=record(VCN, "a")), step(Op.CREATE, new=record(VCN, "b\x1b"))
        for event in (ResourcePre(step=step(Op.CREATE, new=STACK)), ResourcePre(step=one), ResourceOutputs(step=one)):
            progress(event)
        assert progress.text == "updating: 1 of about 3 resources"
        progress(ResourcePre(step=two))
        assert progress.text == r"updating: 1 of about 3 resources, now oci:Core:Vcn b\x1b"

    def test_silent_where_nobody_watches(self, capsys):
        """Without a terminal nothing is written, however long it takes."""
        with display.Progress("updating", 3).shown():
            pass
        assert capsys.readouterr() == ("", "")
