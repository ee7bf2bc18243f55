"""What is printed for whoever makes the trust in CI: commands that make exactly what the stack takes over.

That the two command lines take these options is from their references, and not tried here.
"""

import json
import shlex
from dataclasses import replace

from click.testing import CliRunner

from infra.deploy.command_line import main
from infra.deploy.trust import commands
from tests.residency.test_ci import planned


def test_each_command_makes_what_the_plan_says():
    """Issuer and role of each account, then the trust of the domain; every word survives a shell."""
    jobs = planned()
    jobs = replace(jobs, domain=replace(jobs.domain, trust_id=None))
    said = [(where, shlex.split(command)) for where, command in commands(jobs, "usds")]
    assert [(where, words[2]) for where, words in said] == [
        ("AWS account 111111111111", "create-open-id-connect-provider"),
        ("AWS account 111111111111", "create-role"),
        ("AWS account 222222222222", "create-open-id-connect-provider"),
        ("AWS account 222222222222", "create-role"),
        ("identity domain", "identity-propagation-trust"),
    ]
    role = said[1][1]
    trust = jobs.trust("111111111111", "usdata-deployer").text()
    assert role[role.index("--assume-role-policy-document") + 1] == trust
    domain = said[-1][1]
    users = json.loads(domain[domain.index("--impersonation-service-users") + 1])
    assert [it["rule"] for it in users] == list(jobs.rules())


def test_production_is_told_and_a_stack_that_people_deploy_is_refused():
    """Its trust is there already: nothing about the domain is said. No traceback for the other."""
    told = CliRunner().invoke(main, ["trust", "--stack", "us-prod"])
    assert told.exit_code == 0
    assert told.output.count("create-role") == 4
    assert "identity-propagation-trust" not in told.output
    refused = CliRunner().invoke(main, ["trust", "--stack", "sandbox"])
    assert refused.exit_code == 2
    assert "is deployed by people" in refused.output
