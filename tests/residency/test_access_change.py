"""What a change does to access: more is found, less is found, and the same in other words is neither."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from infra.residency.access_change import changes
from infra.residency.access_request import AccessRequest, GroupRequest
from infra.residency.deployment import DeploymentRequest
from infra.residency.planner import plan
from tests.residency.samples import GOOD, TODAY, with_dataset
from tests.residency.test_audit import AUDIT
from tests.support.approvals import approval, evidence, signed
from tests.support.receipts import SIGNERS

BEFORE = replace(
    GOOD,
    datasets={name: GOOD.datasets[name] for name in ("profiles", "metrics", "avatars")},
    access=AccessRequest(
        networks={"us-office": {"denver": "198.51.100.0/24"}, "night": {"boise": "203.0.113.0/28"}},
        groups={
            "operators": GroupRequest(duty="storage", network="us-office"),
            "auditors": GroupRequest(duty="audit", network="us-office"),
        },
    ),
)


def office(**cidrs: str) -> AccessRequest:
    """The office with other addresses."""
    assert BEFORE.access is not None
    return replace(BEFORE.access, networks={**BEFORE.access.networks, "us-office": cidrs})


def groups(**changes: GroupRequest) -> AccessRequest:
    """The groups with changes."""
    assert BEFORE.access is not None
    return replace(BEFORE.access, groups={**BEFORE.access.groups, **changes})


def said(before: DeploymentRequest, after: DeploymentRequest) -> tuple[set[str], set[str]]:
    """What is wider and what is narrower, without what is said of the legacy sites."""
    found = [it for it in changes(plan(before, TODAY), plan(after, TODAY)) if "(" not in it.where[0]]
    return {it.text() for it in found if it.wider}, {it.text() for it in found if not it.wider}


ALL = "list, read, write, delete"
BOTH = "us-ashburn-1, us-phoenix-1"
FROM = "us-office (198.51.100.0/24)"


@pytest.mark.parametrize(
    ("after", "wider", "narrower"),
    [
        (BEFORE, set(), set()),
        (replace(BEFORE, datasets=dict(reversed(BEFORE.datasets.items()))), set(), set()),
        (
            replace(BEFORE, access=groups(night=GroupRequest(duty="storage", network="night"))),
            {
                f"group night may {ALL} {name} in {BOTH} from night (203.0.113.0/28)"
                for name in ("profiles", "metrics", "avatars")
            },
            set(),
        ),
        (
            replace(BEFORE, access=groups(auditors=GroupRequest(duty="storage", network="us-office"))),
            {f"group auditors may {ALL} {name} in {BOTH} from {FROM}" for name in ("profiles", "metrics", "avatars")},
            set(),
        ),
        (
            replace(BEFORE, access=office(denver="198.51.100.0/24", austin="192.0.2.0/28")),
            {
                f"group operators may {ALL} {name} in {BOTH} from us-office (192.0.2.0/28)"
                for name in ("profiles", "metrics", "avatars")
            },
            set(),
        ),
        (
            replace(BEFORE, access=office(denver="198.51.100.0/25")),
            set(),
            {
                f"group operators may no longer {ALL} {name} in {BOTH} from {FROM}"
                for name in ("profiles", "metrics", "avatars")
            },
        ),
        (
            replace(BEFORE, access=office(denver="198.51.100.0/25", east="198.51.100.128/25")),
            set(),
            set(),
        ),
        (
            with_dataset(BEFORE, "metrics", expires="2027-12-31"),
            {"group capacity-planners may list, read metrics in us-ashburn-1 from anywhere until 2027-12-31"},
            set(),
        ),
        (
            with_dataset(BEFORE, "metrics", export=None),
            set(),
            {"group capacity-planners may no longer list, read metrics in us-ashburn-1 from anywhere until 2027-06-30"},
        ),
        (
            with_dataset(BEFORE, "profiles", data_class="public"),
            {"anyone may read profiles in us-ashburn-1 from anywhere"},
            set(),
        ),
    ],
    ids=lambda value: "" if isinstance(value, DeploymentRequest | set) else str(value),
)  # fmt: skip
def test_more_is_wider_and_less_is_narrower(after, wider, narrower):
    """A group, a duty, addresses, an end that is later, a class: each as the sentence that a reviewer reads."""
    assert said(BEFORE, after) == (wider, narrower)


@pytest.mark.parametrize(
    "edit", [lambda request: request, lambda request: replace(request, access=office(a="198.51.100.0/24"))]
)
def test_what_means_the_same_is_no_change(edit: Callable[[DeploymentRequest], DeploymentRequest]):
    """The same addresses under another label."""
    assert said(BEFORE, edit(BEFORE)) == (set(), set())


def test_backwards_wider_is_narrower():
    """The other way round the same sentences say the opposite."""
    after = replace(BEFORE, access=groups(night=GroupRequest(duty="storage", network="night")))
    wider, _ = said(BEFORE, after)
    _, narrower = said(after, BEFORE)
    assert {text.replace(" may ", " may no longer ") for text in wider} == narrower


def test_an_approval_is_wider_until_its_end():
    """Break-glass shows with the moment at which it ends."""
    staffed = replace(
        BEFORE,
        signers=SIGNERS,
        audit=AUDIT,
        access=groups(emergency=GroupRequest(duty="break-glass", network="us-office")),
    )
    found = changes(plan(staffed, TODAY), plan(staffed, TODAY, evidence(signed(approval(datasets=("profiles",))))))
    assert [it.text() for it in found] == [
        f"group emergency may list, read profiles in {BOTH} from {FROM} until 2026-11-24T18:00:00Z"
    ]
