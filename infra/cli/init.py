"""`python -m infra init`: writes the file of a new stack, commented, by asking or from options.

What is written plans without a finding, or nothing is written. Nothing that places data has a default: what no option
says is asked for, and where nobody can be asked it is missing.
"""

from __future__ import annotations

import json
import re
import sys
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Final

import click

from infra.cli.app import EPILOG, as_of_option, refusals
from infra.cli.refusal import BadStackFile, Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


@dataclass(frozen=True, slots=True, kw_only=True)
class _Question:
    """Something that only the reader knows; `many` where it is a list of NAME=VALUE, separated by commas."""

    option: str
    asked: str
    example: str
    many: bool = False


_QUESTIONS: Final = (
    _Question(option="stack", asked="Name of the stack", example="us-prod"),
    _Question(option="organization", asked="Organization, part of every physical name", example="usds"),
    _Question(option="tenancy", asked="OCID of the Oracle Cloud tenancy", example="ocid1.tenancy.oc1..aaaa"),
    _Question(option="namespace", asked="Its Object Storage namespace (oci os ns get)", example="axexample"),
    _Question(option="primary", asked="Region of the default stores", example="us-ashburn-1"),
    _Question(option="standby", asked="Region of the replicas", example="us-phoenix-1"),
    _Question(
        option="service", asked='OCID of "all services" in each region (oci network service list)', many=True,
        example="us-ashburn-1=ocid1.service.oc1.iad.aaaa,us-phoenix-1=ocid1.service.oc1.phx.aaaa",
    ),
    _Question(
        option="dataset", asked="Datasets and their class", example="profiles=protected,avatars=public", many=True
    ),
    _Question(
        option="site", asked="Legacy sites (virginia, singapore) and their AWS accounts", many=True,
        example="virginia=111111111111",
    ),
    _Question(option="expires", asked="First day on which the legacy sites are too late", example="2027-03-31"),
)  # fmt: skip


def _options(function: Callable[..., None]) -> Callable[..., None]:
    for question in reversed(_QUESTIONS):
        names = ["-s", "--stack"] if question.option == "stack" else [f"--{question.option}"]
        help_ = f"{question.asked}, as in {question.example}."
        metavar = "NAME=VALUE" if question.many else "TEXT"
        more = " Repeatable." if question.many else ""
        function = click.option(*names, question.option, multiple=question.many, metavar=metavar, help=help_ + more)(
            function
        )
    return function


@click.command(epilog=EPILOG)
@_options
@as_of_option
def init(*, as_of: date | None, **given: str | tuple[str, ...] | None) -> None:
    """Write a commented stack file for a new stack.

    Asks for what no option says, if there is somebody to ask. Nothing is written that would not plan.
    """
    with refusals(as_json=False):
        answers = _answers(given)
        shown = _write(answers, as_of or datetime.now(UTC).date())
    stack = answers["stack"]
    click.echo(
        f"usdata: wrote {shown}. It plans without a finding; every further key is explained in stacks/README.md."
    )
    click.echo(
        f"  Next: python -m infra lock --stack {stack}       writes down its holders, which no update may remove"
    )
    click.echo(f"        python -m infra preview --stack {stack}    shows what it would create, without credentials")
    click.echo(f"        python -m infra doctor --stack {stack}     says what deploying it needs")


def _answers(given: Mapping[str, str | tuple[str, ...] | None]) -> dict[str, str]:
    """What was given, and what is answered where it was not; lists as `A=x,B=y`."""
    found: dict[str, str] = {}
    missing: list[_Question] = []
    for question in _QUESTIONS:
        value = given[question.option]
        if value:
            found[question.option] = value if isinstance(value, str) else ",".join(value)
        elif _asks():
            found[question.option] = click.prompt(f"{question.asked} ({question.example})", type=str).strip()
        else:
            missing.append(question)
    if missing:
        raise Refused(
            "not everything is given, and there is nobody to ask",
            given=", ".join(f"--{name}" for name in found) or "nothing",
            allowed=" ".join(f"--{question.option} {question.example}" for question in missing),
            fix="give these options, or run it on a terminal",
        )
    return found


def _asks() -> bool:
    """Whether there is somebody to ask."""
    return sys.stdin.isatty()


def _write(answers: Mapping[str, str], day: date) -> str:
    """Writes the file if it plans.

    Raises:
        Refused: There is such a stack, or its name cannot be one.
        BadStackFile: The answers do not plan, with every finding; nothing was written.
    """
    from infra import settings  # noqa: PLC0415 (reads the settings' code: `--help` does without)
    from infra.cli.files import replace_file  # noqa: PLC0415 (the same)
    from infra.cli.workspace import ROOT, Workspace  # noqa: PLC0415 (the same)
    from infra.residency.findings import ResidencyError  # noqa: PLC0415 (the same)

    stack = answers["stack"]
    if not re.fullmatch(r"[a-z][a-z0-9-]{0,30}", stack):
        raise Refused("that is no name for a stack", given=stack, allowed="lower-case letters, digits, hyphens", fix="")
    workspace = Workspace(root=ROOT, stack=stack)
    if workspace.file.exists():
        raise Refused(
            f"there is a stack {stack} already",
            given=workspace.shown_file,
            allowed="a name that no file in stacks/ has",
            fix="edit that file, or name another stack",
        )
    text = stack_file(answers)
    try:
        settings.load_content(text.encode(), configured=None, as_of=day)
    except ResidencyError as error:
        raise BadStackFile(error.findings, "the answers") from error
    replace_file(workspace.file, text)
    return workspace.shown_file


def stack_file(answers: Mapping[str, str]) -> str:
    """The text of a stack file, commented; whatever the answers are, each is one value in it."""
    from infra.residency.regions import LegacyRegion  # noqa: PLC0415 (as above)

    services, datasets, sites = (_pairs(answers[name]) for name in ("service", "dataset", "site"))
    homes = {region.facts.place.lower(): region.value for region in LegacyRegion}
    regions = [(answers["primary"], "primary", "10.16.0.0/16"), (answers["standby"], "standby", "10.17.0.0/16")]
    lines = [
        f"# Stack {answers['stack']}. Every key is explained in README.md beside this file.",
        "config:",
        "  usdata:deployment:",
        "    # Part of every physical name, so it can never change.",
        f"    organization: {_scalar(answers['organization'])}",
        "",
        "    oci:",
        f"      tenancyId: {_scalar(answers['tenancy'])}",
        "      # Identity, quotas and tags are written here: the region in which the tenancy signed up.",
        f"      homeRegion: {_scalar(answers['primary'])}",
        f"      objectStorageNamespace: {_scalar(answers['namespace'])}",
        "      # How the deployer proves who it is. On a person's machine: {method: ApiKey, profile: NAME}.",
        "      auth: {method: InstancePrincipal}",
        "      regions:",
    ]
    for region, role, cidr in regions:
        lines += [
            f"        {_scalar(region)}:",
            f"          role: {role}",
            f"          cidr: {cidr} # private, of this stack alone; the regions are peered",
            f"          serviceId: {_scalar(services.get(region, ''))}",
        ]
    lines += ["", "    # protected: never outside the regions above, but for the legacy sites' backups."]
    lines += ["    # excepted: the same, with a reason and an end. public: anyone may read it.", "    datasets:"]
    for name, kind in datasets.items():
        lines.append(f"      {_scalar(name)}: {{class: {_scalar(kind)}}}")
    lines += [
        "",
        "    # Backups at the old sites, until they are wiped: backup -> drain -> wipe -> closed, never back.",
    ]
    lines += ["    legacy:", "      sites:"]
    for name, account in sites.items():
        lines += [
            f"        {_scalar(name)}:",
            f"          region: {_scalar(homes.get(name, ''))}",
            f"          accountId: {json.dumps(account)}",
            "          deployerRole: usdata-deployer # the IAM role in that account that deploys this stack",
            "          phase: backup",
            f"          expires: {json.dumps(answers['expires'])} # past this day nothing is planned any more",
        ]
    return "\n".join(lines) + "\n"


def _pairs(text: str) -> dict[str, str]:
    """`A=x,B=y` as a map; what has no equals sign has no value, which is a finding."""
    parts: Sequence[str] = [part.strip() for part in text.split(",") if part.strip()]
    return {name.strip(): value.strip() for name, _, value in (part.partition("=") for part in parts)}


def _scalar(text: str) -> str:
    """A text as YAML: plain where it can only be a text, else in quotes, which JSON's are."""
    plain = re.fullmatch(r"[a-z][a-z0-9]*(?:[-.][A-Za-z0-9]+|\.)*", text) and text not in _WORDS
    return text if plain and not text.endswith(".") else json.dumps(text)


_WORDS: Final = frozenset({"y", "n", "yes", "no", "on", "off", "null", "true", "false"})
"""What one YAML parser or another takes for something else than a text."""
