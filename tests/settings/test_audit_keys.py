"""The `audit` part of a stack file: what is read from it, and what is refused for its shape.

What its values mean is tested with the planner (tests/residency/test_audit.py).
"""

import pytest

from infra.residency.audit_request import ArchiveRequest, AuditRequest
from infra.residency.findings import Rule
from tests.settings.part import read_part

ARCHIVE = 'archive: {accountId: "444444444444", deployerRole: usdata-log-deployer}'
LEAST = f"""\
retentionDays: 365
lockOn: "2026-12-20"
{ARCHIVE}
subscribers: {{desk: desk@example.com}}
"""
SEALED = "sealedUsers: {first: ocid1.user.oc1..aaaaaaaafirst}\n"


@pytest.mark.parametrize(
    ("text", "sealed"), [(LEAST, {}), (LEAST + SEALED, {"first": "ocid1.user.oc1..aaaaaaaafirst"})]
)
def test_every_key_is_read(text, sealed):
    """Exactly the request that the text writes."""
    asked = AuditRequest(
        retention_days=365,
        lock_on="2026-12-20",
        archive=ArchiveRequest(account_id="444444444444", deployer_role="usdata-log-deployer"),
        subscribers={"desk": "desk@example.com"},
        sealed_users=sealed,
    )
    assert read_part("audit", text) == (asked, set())


def test_a_stack_without_audit_asks_for_no_trail():
    """The key is optional."""
    assert read_part("audit", None) == (None, set())


@pytest.mark.parametrize(
    ("old", "new", "finding"),
    [
        ("retentionDays: 365", "retention: 365", ("audit.retention", Rule.UNKNOWN_KEY)),
        ("retentionDays: 365\n", "", ("audit.retentionDays", Rule.MISSING_KEY)),
        ("365", '"365"', ("audit.retentionDays", Rule.WRONG_TYPE)),
        ('"2026-12-20"', "2026-12-20", ("audit.lockOn", Rule.UNQUOTED_DATE)),
        ('lockOn: "2026-12-20"\n', "", ("audit.lockOn", Rule.MISSING_KEY)),
        (
            'archive: {accountId: "444444444444", deployerRole: usdata-log-deployer}\n',
            "",
            ("audit.archive", Rule.MISSING_KEY),
        ),
        ('"444444444444"', "444444444444", ("audit.archive.accountId", Rule.WRONG_TYPE)),
        (", deployerRole: usdata-log-deployer", "", ("audit.archive.deployerRole", Rule.MISSING_KEY)),
        ("deployerRole", "role", ("audit.archive.role", Rule.UNKNOWN_KEY)),
        ("subscribers: {desk: desk@example.com}\n", "", ("audit.subscribers", Rule.MISSING_KEY)),
        ("{desk: desk@example.com}", "{}", ("audit.subscribers", Rule.EMPTY_MAP)),
        ("{desk: desk@example.com}", "desk@example.com", ("audit.subscribers", Rule.WRONG_TYPE)),
    ],
)
def test_what_is_not_in_shape_is_refused(old, new, finding):
    """One change each; the finding names the place."""
    assert old in LEAST
    _, findings = read_part("audit", LEAST.replace(old, new, 1))
    assert finding in findings
