"""The second opinion on traffic in every preview, through the command that people type.

Proves that it is asked, told and heeded; what it finds is for the tests of `infra.verify`.
"""

import json

import pytest

from components import traffic_routing

TRAFFIC = """\
    traffic:
      zone: us.example.com
      edges:
        us-ashburn-1:
          certificateId: ocid1.certificate.oc1.iad.aaaaaaaasandbox
          authorityId: ocid1.cabundle.oc1.iad.aaaaaaaasandbox
          backendPort: 8443
          backends: {app-1: 10.16.32.10}
        us-phoenix-1:
          certificateId: ocid1.certificate.oc1.phx.aaaaaaaasandbox
          authorityId: ocid1.cabundle.oc1.phx.aaaaaaaasandbox
          backendPort: 8443
          backends: {app-1: 10.17.32.10}
      hostnames:
        api: {health: /healthz}
"""


@pytest.fixture
def answering(project):
    """A project whose stack answers users."""
    project.file.write_text(project.file.read_text() + TRAFFIC)
    return project


def test_a_preview_says_that_no_answer_leaves(answering):
    """First thing, with how soon a lost edge is left, and what a new hostname is answered with; for machines too."""
    out = answering.preview()
    assert "  TRAFFIC   every possible answer of 1 hostname is an edge in us-ashburn-1 and us-phoenix-1\n" in out
    assert "a lost one is left within 90 s" in out
    assert "  Traffic, before and after\n  api.us.example.com (A)" in out
    assert "no such name  us-phoenix-1 within 90 s" in out


@pytest.mark.no_cover
def test_a_leak_below_the_planner_is_told_and_fails_the_preview(answering, monkeypatch):
    """A component that forgets a rule: told with its resource, for people and machines; a part says nothing."""
    rules = traffic_routing._rules
    monkeypatch.setattr(
        traffic_routing, "_rules", lambda hostname: (r for r in rules(hostname) if r.rule_type != "HEALTH")
    )
    out = answering.preview(code=1)
    assert "  RESIDENCY  REFUTED   T3 traffic\n" in out
    assert "no rule looks at health" in out
    assert "TRAFFIC  " not in out
    document = json.loads(answering.preview("--json", code=1))
    (leak,) = (it for theorem in document["residency"]["theorems"] for it in theorem["counterexamples"])
    assert "no rule looks at health" in leak["what"]
    assert leak["urn"].endswith("SteeringPolicy::api-a")
    assert [change["hostname"] for change in document["traffic"]] == ["api.us.example.com"]
    assert "TRAFFIC" not in answering.preview("--exclude", "**SteeringPolicyAttachment::api-a")
