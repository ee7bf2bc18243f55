"""`ci` in a stack file: what is read from it, what is refused for its shape.

What its values mean is tested with the planner (tests/residency/test_ci.py).
"""

import pytest

from infra.residency.ci_request import CiRequest, DomainRequest
from infra.residency.findings import Rule
from tests.settings.part import read_part

WHOLE = """\
issuer: https://token.actions.githubusercontent.com
repository: example-org/usdata
environments: {deploys: production}
domain: {url: here, clientId: c, userId: u, trustId: t}
"""


@pytest.mark.parametrize(("text", "trust"), [(WHOLE, "t"), (WHOLE.replace(", trustId: t", ""), None)])
def test_every_key_is_read(text, trust):
    """As it stands there."""
    assert read_part("ci", text) == (
        CiRequest(
            issuer="https://token.actions.githubusercontent.com",
            repository="example-org/usdata",
            environments={"deploys": "production"},
            domain=DomainRequest(url="here", client_id="c", user_id="u", trust_id=trust),
        ),
        set(),
    )


def test_a_stack_may_be_deployed_by_people():
    """Without the key nobody is believed."""
    assert read_part("ci", None) == (None, set())


@pytest.mark.parametrize(
    ("old", "new", "finding"),
    [
        ("issuer: https://token.actions.githubusercontent.com\n", "", ("ci.issuer", Rule.MISSING_KEY)),
        ("repository:", "repositories:", ("ci.repositories", Rule.UNKNOWN_KEY)),
        ("{deploys: production}", "[production]", ("ci.environments", Rule.WRONG_TYPE)),
        ("userId: u, ", "", ("ci.domain.userId", Rule.MISSING_KEY)),
    ],
)
def test_what_is_not_in_shape_is_refused(old, new, finding):
    """At its place."""
    assert finding in read_part("ci", WHOLE.replace(old, new))[1]
