"""What is printed for whoever makes the trust in CI: commands that make exactly what the stack takes over.

That the two command lines take these options is from their references, and not tried here.
"""

import json
import shlex
from dataclasses import replace

from click.testing import CliRunner

from infra.deploy.command_line import main
from infra.deploy.trust import commands
from infra.residency.deployer import powers
from infra.residency.planner import plan
from tests.residency.samples import TODAY
from tests.residency.test_ci import BY_CI

IN_AN_ACCOUNT = (
    "create-open-id-connect-provider", "create-role", "update-assume-role-policy", "put-role-policy", "put-role-policy",
    "create-policy", "create-policy-version",
)  # fmt: skip


def test_each_command_makes_what_the_plan_says():
    """Issuer, role, its policies and the boundary of each account, then the trust; every word survives a shell."""
    whole = plan(BY_CI, TODAY)
    jobs, powers_ = replace(whole.ci, domain=replace(whole.ci.domain, trust_id=None)), powers(whole)
    said = [(where, shlex.split(command)) for where, command in commands(jobs, powers_, "usds")]
    assert [(where, words[2]) for where, words in said] == [
        *(("AWS account 111111111111", verb) for verb in IN_AN_ACCOUNT),
        *(("AWS account 222222222222", verb) for verb in IN_AN_ACCOUNT),
        ("identity domain", "identity-propagation-trust"),
    ]
    account, role = "111111111111", "usdata-deployer"
    trust = jobs.trust(account, role).text()
    assert [document(words) for _, words in said[1:7]] == [
        trust, trust, jobs.limits(account, role).text(), powers_.may[account, role].text(),
        *[powers_.boundaries[account].text()] * 2,
    ]  # fmt: skip
    named = [words[words.index("--policy-name") + 1] for _, words in said[3:6]]
    assert named == ["never", "may", "usds-boundary"]
    domain = said[-1][1]
    users = json.loads(domain[domain.index("--impersonation-service-users") + 1])
    assert [it["rule"] for it in users] == list(jobs.rules())


def document(words):
    """The document that a command carries."""
    (at,) = (number for number, word in enumerate(words) if word.endswith("policy-document"))
    return words[at + 1]


def test_production_is_told_and_a_stack_that_people_deploy_is_refused():
    """Its trust is there already: nothing about the domain is said. No traceback for the other."""
    told = CliRunner().invoke(main, ["trust", "--stack", "us-prod"])
    assert told.exit_code == 0
    assert told.output.count("create-role") == 4
    assert "identity-propagation-trust" not in told.output
    refused = CliRunner().invoke(main, ["trust", "--stack", "sandbox"])
    assert refused.exit_code == 2
    assert "is deployed by people" in refused.output
