"""What is printed for whoever makes the trust in CI: commands that make exactly what the stack takes over, and no less.

That the two command lines take these options is from their references, and not tried here; the engine is the embedded
one, on simulated clouds, which ask nobody for permission.
"""

import json
import shlex
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from infra.cli.refusal import Refused
from infra.deploy.command_line import main
from infra.deploy.trust import commands, require_taken_over
from infra.engine.digest import digest
from infra.engine.options import Command
from infra.engine.state import Deployment
from infra.program import provision
from infra.residency.ci import AUDIENCE, DESCRIPTION
from infra.residency.deployer import powers
from infra.residency.placement import Plan
from infra.residency.planner import plan
from infra.sandbox.seeding import seed
from tests.residency.samples import TODAY
from tests.residency.test_ci import BY_CI
from tests.support.simulated import carry_out

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


def small(**environments: str) -> Plan:
    """The sample that jobs deploy, with little but who deploys it."""
    asked = replace(BY_CI, ci=replace(BY_CI.ci, environments={**BY_CI.ci.environments, **environments}))
    whole = plan(asked, TODAY)
    return replace(
        whole,
        networks=(),
        keys=(),
        datasets=(),
        service_grants=(),
        quotas=(),
        access=None,
        sites=tuple(replace(it, backups=()) for it in whole.sites),
        ci=replace(whole.ci, domain=replace(whole.ci.domain, trust_id=None)),
    )


def administered(clouds: Path, whole: Plan) -> Path:
    """Clouds in which administrators have run the commands for a plan."""
    for account in whole.ci.accounts:
        number, (role,) = account.account_id, account.roles
        bound = powers(whole).boundaries[number]
        there = (
            ("openIdConnectProvider:OpenIdConnectProvider", "x", {"url": whole.ci.issuer, "clientIdLists": [AUDIENCE]}),
            (
                "role:Role",
                role,
                {"description": DESCRIPTION, "assumeRolePolicy": whole.ci.trust(number, role).text()},
            ),
            ("rolePolicy:RolePolicy", "never", {"role": role, "policy": whole.ci.limits(number, role).text()}),
            ("rolePolicy:RolePolicy", "may", {"role": role, "policy": powers(whole).may[number, role].text()}),
            ("policy:Policy", bound.name, {"policy": bound.text()}),
        )
        for type_, name, inputs in there:
            seed(clouds, f"aws:iam/{type_}", name, account=number, region="us-east-1", inputs=inputs)
    return clouds


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


def run(whole: Plan, state: Deployment, clouds: Path, command: Command = Command.UP):
    """What an update or a preview came to, and its document."""
    events = []
    result = carry_out(lambda: provision(whole), clouds, state, stack="s", command=command, on_event=events.append)
    return result, digest(events, show_sames=True)


def of_deployers(document) -> dict[str, int]:
    """How often what happens to issuers, deployers and boundaries."""
    ops = [it["op"] for it in document["steps"] if "CiTrust$aws:iam/" in it["urn"]]
    return {op: ops.count(op) for op in sorted({*ops})}


def test_the_stack_takes_over_what_administrators_made_and_waits_for_them_at_a_change(tmp_path):
    """Nothing there: nothing is made. There: imported, then the same. Another trust: refused until it is there."""
    first, other = small(), small(deploys="releases")
    result, _ = run(first, Deployment(), tmp_path / "empty.sqlite", Command.PREVIEW)
    assert result.exit == 1
    assert "does not exist" in result.diagnostics[0].message

    clouds = administered(tmp_path / "clouds.sqlite", first)
    result, document = run(first, Deployment(), clouds)
    assert (result.exit, of_deployers(document)) == (0, {"import": 10})
    _, again = run(first, result.state, clouds, Command.PREVIEW)
    assert of_deployers(again) == {"same": 10}
    require_taken_over(again, "us-prod")

    _, early = run(other, result.state, clouds, Command.PREVIEW)
    with pytest.raises(Refused, match="is not as planned") as refused:
        require_taken_over(early, "us-prod")
    assert refused.value.details["given"].count("usdata-deployer-") == 2
    changed = administered(tmp_path / "changed.sqlite", other)
    _, late = run(other, result.state, changed, Command.PREVIEW)
    require_taken_over(late, "us-prod")
    assert of_deployers(late) == {"import": 2, "delete": 2, "same": 8}
