"""Edits of a stack file: exactly the words that change, in every way in which a file may be written.

Proves that comments, order, quotes and line ends stay as they were, and that a file which this cannot edit is left
alone; what the edited file means is checked by reading it anew, in the code itself.
"""

import difflib

import pytest

from infra import settings
from infra.cli.refusal import Refused
from infra.cli.stack_edit import with_roles
from infra.residency.failover import Halt, Roles
from infra.residency.regions import UsRegion
from tests.cli.project import STACK
from tests.support.programs import ROOT

IAD, PHX = UsRegion("us-ashburn-1"), UsRegion("us-phoenix-1")
SHIPPED = (ROOT / "stacks" / "Pulumi.sandbox.yaml").read_text()
INLINE = STACK.replace(
    STACK[STACK.index("    oci:\n") : STACK.index("    datasets:\n")],
    "    oci: {tenancyId: ocid1.tenancy.oc1..aaaaaaaasandbox, homeRegion: us-ashburn-1, "
    "objectStorageNamespace: axsandbox, auth: {method: ApiKey, profile: sandbox}, regions: {"
    "us-ashburn-1: {role: primary, cidr: 10.16.0.0/16, serviceId: ocid1.service.oc1.iad.aaaaaaaasandbox}, "
    "us-phoenix-1: {role: standby, cidr: 10.17.0.0/16, serviceId: ocid1.service.oc1.phx.aaaaaaaasandbox}}} # all\n",
)
FILES = {
    "shipped": SHIPPED,
    "maps in lines": STACK,
    "all in one line": INLINE,
    "quoted": STACK.replace("role: primary", 'role: "primary"').replace("role: standby", "role: 'standby'"),
    "line ends of Windows": SHIPPED.replace("\n", "\r\n"),
    "comments all over": SHIPPED.replace("role: primary", "role: primary # hot"),
}
WAY = [
    Roles(primary=IAD, other=PHX, halt=Halt.FROZEN),
    Roles(primary=IAD, other=PHX, halt=Halt.STOPPED),
    Roles(primary=PHX, other=IAD, halt=Halt.FROZEN),
    Roles(primary=PHX, other=IAD),
    Roles(primary=IAD, other=PHX, lost=True),
    Roles(primary=IAD, other=PHX, halt=Halt.STOPPED),
    Roles(primary=IAD, other=PHX),
]


def changed(before: str, after: str) -> list[str]:
    """The lines that differ, with their marks."""
    lines = difflib.ndiff(before.splitlines(), after.splitlines())
    return [" ".join(line.split()) for line in lines if line[:2] in {"+ ", "- "}]


@pytest.mark.parametrize("text", FILES.values(), ids=FILES)
def test_a_whole_way_leaves_the_file_as_it_was_but_for_its_words(text):
    """Each state is read back as asked for; comments stay; after the way there and back the file is as it was."""
    edited = text
    for roles in WAY:
        edited = with_roles(edited, roles)
        said = settings.read(edited.encode()).request.oci
        assert said.failover == (roles.halt.value if roles.halt else None)
        assert said.regions[roles.primary.value].role == "primary"
        assert said.regions[roles.other.value].role == ("lost" if roles.lost else "standby")
        assert edited.count("#") == text.count("#")
        assert edited.count("\r\n") in {0, edited.count("\n")}
    plain = text.replace('"primary"', "primary").replace("'standby'", "standby")
    assert edited == plain


def test_the_difference_is_a_line_for_the_key_and_two_words_for_the_exchange():
    """What a reviewer sees."""
    frozen = with_roles(SHIPPED, WAY[0])
    assert changed(SHIPPED, frozen) == ["+ failover: frozen"]
    stopped = with_roles(frozen, WAY[1])
    assert changed(frozen, stopped) == ["- failover: frozen", "+ failover: stopped"]
    swapped = with_roles(stopped, WAY[2])
    assert changed(stopped, swapped) == [
        "- failover: stopped", "+ failover: frozen",
        "- role: primary", "+ role: standby",
        "- role: standby", "+ role: primary",
    ]  # fmt: skip


def test_a_key_that_a_person_put_elsewhere_is_found():
    """Last in the map, or last in a line."""
    for text, word in ((STACK, "    datasets:"), (INLINE, "}}} # all")):
        key = "      failover: frozen\n" if text is STACK else "}}, failover: frozen} # all"
        edited = text.replace(word, key + word if text is STACK else key, 1)
        assert settings.read(edited.encode()).request.oci.failover == "frozen"
        thawed = with_roles(edited, WAY[-1])
        assert settings.read(thawed.encode()).request == settings.read(text.encode()).request


def test_a_file_that_cannot_be_edited_is_refused_by_what_to_write():
    """A key in YAML's long form reads well and has no place for another one before it."""
    text = STACK.replace("      regions:\n", "      ? regions\n      :\n")
    assert not settings.read(text.encode()).findings
    with pytest.raises(Refused) as caught:
        with_roles(text, WAY[0])
    assert caught.value.details["fix"] == "edit it by hand: primary us-ashburn-1, standby us-phoenix-1, frozen"
