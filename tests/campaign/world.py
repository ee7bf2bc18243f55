"""A stack as planned values, its goals as an engine would hear them, and the edits that people make to both.

No SDK runs: goals are made from the plan, the program's watch is shown each of them as it would be shown a constructor,
and the engine's own step planner decides what would happen. Left out is whatever does not bear on holders: of a
bucket's guards there is one, its policy, since an engine deletes dependents first.
"""

import json
from dataclasses import dataclass, field, replace
from functools import cache
from types import SimpleNamespace
from typing import Any

import pulumi

from infra.engine import urns
from infra.engine.context import BailError, GenerationError, Run
from infra.engine.deletions import Deletions
from infra.engine.events import Op, Severity
from infra.engine.executor import Executor, Halted, StepFailedError
from infra.engine.generator import Generator
from infra.engine.goals import Alias, Goal
from infra.engine.offline import offline_provider
from infra.engine.options import Command, Options
from infra.engine.state import Deployment
from infra.holder_watch import HolderWatch
from infra.residency.deployment import DeploymentRequest
from infra.residency.evidence import Evidence
from infra.residency.findings import ResidencyError
from infra.residency.holders import (
    AWS_BUCKET,
    OCI_BUCKET,
    OCI_KEY,
    OCI_VAULT,
    TYPES,
    Deployed,
    SiteRecord,
    data_buckets,
    holders,
)
from infra.residency.lifecycle import Phase
from infra.residency.placement import Plan
from infra.residency.planner import plan
from infra.residency.receipts import Scope, Step
from tests.residency.samples import GOOD, TODAY, with_oci, with_site
from tests.support.receipts import SIGNERS, chain, evidence, root

SITE = "virginia"
SCOPE = Scope(stack="s", site=SITE, account_id="111111111111", region="us-east-1")
STEPS = {
    Phase.BACKUP: (),
    Phase.DRAIN: (),
    Phase.WIPE: (Step.CENSUS, Step.COMPARISON),
    Phase.CLOSED: (Step.CENSUS, Step.COMPARISON, Step.EMPTY),
}
POLICY = "aws:s3/bucketPolicy:BucketPolicy"
REQUEST = with_site(
    with_oci(
        replace(
            GOOD,
            datasets={name: GOOD.datasets[name] for name in ("profiles", "messages")},
            sites={SITE: GOOD.sites[SITE]},
            signers=SIGNERS,
        ),
        regions={name: GOOD.oci.regions[name] for name in ("us-ashburn-1", "us-phoenix-1")},
    ),
    SITE,
    operator_role="retirers",
)

_ID = "id"

_NEEDED: dict[str, dict[str, Any]] = {
    OCI_BUCKET: {"compartmentId": "ocid1.compartment.oc1..a"},
    OCI_VAULT: {"compartmentId": "ocid1.compartment.oc1..a"},
    OCI_KEY: {
        "compartmentId": "ocid1.compartment.oc1..a",
        "keyShape": {"algorithm": "AES", "length": 32},
        "managementEndpoint": "https://a-management.kms.us-ashburn-1.oraclecloud.com",
    },
}
"""Inputs that a provider demands and that identify nothing."""

Goals = dict[str, Goal]
"""By key (`<types>::<name>`), in the order of registration; providers and parents are URNs."""


class RefusedError(Exception):
    """The edit was refused before an engine heard of it."""


@dataclass(frozen=True, kw_only=True)
class World:
    """What is deployed, as the engine's state has it and as the planner knows it, and the file that it comes from."""

    request: DeploymentRequest = REQUEST
    state: Deployment = field(default_factory=Deployment)
    deployed: Deployed = field(default_factory=Deployed)


@cache
def receipts(buckets: frozenset[str], *steps: Step) -> tuple[tuple[str, str], ...]:
    """A right chain about these buckets, signed by two."""
    return chain(SCOPE, buckets, *steps, day=TODAY)


def _buckets(world: World) -> frozenset[str]:
    """The buckets that the site's receipts are about: those that are gone by now, too."""
    return data_buckets(replace(world.deployed, retired={}), SITE) or frozenset({"none"})


def in_phase(world: World, phase: Phase) -> DeploymentRequest:
    """The stack file with the site in a phase, confirming the census of what is deployed."""
    confirmed = root(_buckets(world)) if STEPS[phase] else None
    return with_site(world.request, SITE, phase=phase.value, confirm_census=confirmed)


def proof(world: World, *steps: Step) -> Evidence:
    """Receipts of these steps about the buckets that are deployed, and what is deployed."""
    texts = [receipts(_buckets(world), *steps)] if steps else []
    return evidence(*texts, stack="s", deployed=world.deployed)


def urn(key: str) -> str:
    """The URN of a key."""
    return f"urn:pulumi:s::usdata::{key}"


def goals_of(planned: Plan) -> Goals:
    """What the program registers for a plan, as far as it bears on holders."""
    goals: Goals = {}
    given_up = {f"legacy.sites.{it.site.name}" for it in planned.sites if not it.site.phase.keeps_holders}

    def add(key: str, *, parent: str = "", provider: str = "", **rest: Any) -> None:
        chain_, _, name = key.partition("::")
        type_ = chain_.rpartition("$")[2]
        goals[key] = Goal(
            type=type_,
            name=name,
            custom=not type_.startswith("usdata:"),
            inputs=rest.pop("inputs", {}),
            parent=urn(parent) if parent else "",
            provider=f"{urn(provider)}::{_ID}" if provider else "",
            **rest,
        )

    for holder in holders(planned):
        package = holder.type.partition(":")[0]
        provider = f"pulumi:providers:{package}::{package}-{holder.place}"
        if provider not in goals:
            add(provider, inputs={"region": holder.place})
        parent = ""
        for part in holder.key.partition("::")[0].split("$")[:-1]:
            chain_ = f"{parent.partition('::')[0]}${part}" if parent else part
            above = f"{chain_}::{holder.of.rpartition('.')[2] if not parent else holder.logical_name}"
            if above not in goals:
                add(above, parent=parent)
            parent = above
        kind, kept = TYPES[holder.type], holder.of not in given_up
        inputs: dict[str, Any] = {**_NEEDED.get(holder.type, {}), **dict(holder.fixed)}
        if kind.named_by is not None:
            inputs[kind.named_by] = holder.name
        if package == "aws":
            inputs["region"] = holder.place
        options = {"parent": parent, "provider": provider, "protect": kept, "retain_on_delete": kept}
        add(holder.key, inputs=inputs, **options)
        if holder.type == AWS_BUCKET:
            guard = f"{parent.partition('::')[0]}${POLICY}::{holder.logical_name}"
            document = {"bucket": holder.name, "region": holder.place, "policy": _document(planned)}
            add(guard, inputs=document, dependencies=[urn(holder.key)], **options)
    return goals


def _document(planned: Plan) -> str:
    """Something that changes with the phase, as a bucket's policy does."""
    return json.dumps({"phase": planned.sites[0].site.phase.value})


def watched(planned: Plan, goals: Goals) -> None:
    """Shows every goal to the program's own watch, as the SDK would show it a constructor.

    Raises:
        RefusedError: it refuses one, or misses one.
    """
    watch = HolderWatch(planned)
    made: dict[str, object] = {}
    try:
        for goal in goals.values():
            resource = made.setdefault(_own_urn(goal), object())
            options = SimpleNamespace(
                parent=made.get(goal.parent),
                provider=made.get(goal.provider.rpartition("::")[0]),
                protect=goal.protect,
                retain_on_delete=goal.retain_on_delete,
                delete_before_replace=goal.delete_before_replace,
                ignore_changes=goal.ignore_changes,
                replace_on_changes=goal.replace_on_changes,
                replacement_trigger=goal.replacement_trigger,
                replace_with=goal.replace_with,
                deleted_with=goal.deleted_with or None,
                aliases=[pulumi.Alias(name=alias.name) if alias.name else alias.urn for alias in goal.aliases],
            )
            props = {_snake(name): value for name, value in goal.inputs.items()}
            shown: Any = SimpleNamespace(type_=goal.type, name=goal.name, props=props, opts=options, resource=resource)
            watch._look(shown)
        watch.end()
    except pulumi.RunError as error:
        raise RefusedError(str(error)) from error


def _snake(name: str) -> str:
    return "".join(f"_{char.lower()}" if char.isupper() else char for char in name)


def _own_urn(goal: Goal) -> str:
    parent_type = urns.qualified_type(goal.parent) if goal.parent else ""
    return urns.make(stack="s", project="usdata", parent_type=parent_type, type_=goal.type, name=goal.name)


def engine_steps(state: Deployment, goals: Goals) -> tuple[list[tuple[Op, str]], list[str]]:
    """(operation, key) of every step that the engine's planner makes of the goals against a state; and its errors."""
    run = Run(
        command=Command.PREVIEW,
        options=Options(parallel=1, ignore_protect=True),
        project="usdata",
        stack="s",
        previous=replace(state, resources=[resource.copy() for resource in state.resources]),
        preview=True,
        factory=offline_provider,
        journal=None,
        on_event=None,
    )
    generator, executor = Generator(run), Executor(run)
    try:
        for goal in goals.values():
            for steps in generator.register(goal):
                executor.chain(steps, executor.ticket())
        _, deleted = Deletions(run, generator).steps()
        for step in deleted:
            executor.chain([step], executor.ticket())
    except (BailError, GenerationError, StepFailedError, Halted) as error:
        run.error(str(error))
    finally:
        run.registry.close()
    errors = [it.message for it in run.diagnostics if it.severity is Severity.ERROR]
    return [(step.op, step.urn.split("::", 2)[2]) for step in run.steps], errors


LOSING = frozenset({Op.DELETE, Op.REPLACE, Op.CREATE_REPLACEMENT, Op.DELETE_REPLACED, Op.DISCARD, Op.DISCARD_REPLACED})
"""What ends with the old resource gone, from its cloud or from the state."""


def lost(world: World, goals: Goals) -> tuple[set[str], list[str]]:
    """The deployed holders that the engine would delete or replace; and its errors, which would stop it."""
    steps, errors = engine_steps(world.state, goals)
    return {key for op, key in steps if op in LOSING and key in world.deployed.holders}, errors


def accepted(request: DeploymentRequest, given: Evidence) -> Plan:
    """The plan of an edited stack file.

    Raises:
        RefusedError: the planner refuses it.
    """
    try:
        return plan(request, TODAY, given)
    except ResidencyError as error:
        raise RefusedError(str(error)) from error


def applied(world: World, request: DeploymentRequest, planned: Plan, goals: Goals) -> World:
    """The world once an update has ended well."""
    had = {resource.urn: resource for resource in world.state.resources}
    resources = []
    for key, goal in goals.items():
        record = goal.as_resource(urn(key), had.get(urn(key)), "")
        record.id = _ID if goal.custom else ""
        record.outputs = dict(goal.inputs)
        resources.append(record)
    now = {holder.key: holder for holder in holders(planned)}
    (site,) = planned.sites
    gone = {key: site.receipt or "" for key in world.deployed.holders if key not in now}
    deployed = Deployed(
        holders={**world.deployed.holders, **now},
        retired={**world.deployed.retired, **{k: v for k, v in gone.items() if k not in world.deployed.retired}},
        retained=frozenset(key for key, goal in goals.items() if goal.retain_on_delete and goal.type in TYPES),
        sites={SITE: SiteRecord(phase=site.site.phase, expires=site.site.expires)},
    )
    return World(request=request, state=Deployment(resources=resources), deployed=deployed)


def edited_goal(goals: Goals, key: str, edit: str, other: str) -> Goals:
    """The goals with one of them edited as a component's code might be."""
    goal = goals[key]
    kind = TYPES[goal.type]
    named = kind.named_by or "description"
    changes: dict[str, dict[str, Any]] = {
        "rename": {"name": f"{goal.name}-x"},
        "rename with alias": {"name": f"{goal.name}-x", "aliases": [Alias(name=goal.name)]},
        "parent change": {"parent": ""},
        "parent change with alias": {"parent": "", "aliases": [Alias(urn=urn(key))]},
        "replace": {"inputs": {**goal.inputs, named: f"{goal.inputs.get(named)}x", **_other_fixed(goal)}},
        "replace on changes": {"replace_on_changes": ["*"], "inputs": {**goal.inputs, "description": "new"}},
        "replace first": {"delete_before_replace": True, "inputs": {**goal.inputs, named: "x", **_other_fixed(goal)}},
        "trigger": {"replacement_trigger": "again"},
        "alias of another": {"aliases": [Alias(urn=urn(other))]},
        "unprotect": {"protect": False},
        "forget retention": {"retain_on_delete": False},
        "another region": {"inputs": {**goal.inputs, "region": "eu-west-1"}},
    }
    changed = {**goals, key: replace(goal, **changes[edit])} if edit != "left out" else dict(goals)
    if edit == "left out":
        del changed[key]
    return changed


def _other_fixed(goal: Goal) -> dict[str, Any]:
    fixed = TYPES[goal.type].identity(goal.inputs.get)
    return {name: (not value) if isinstance(value, bool) else f"{value}x" for name, value in fixed}


PROGRAM_EDITS = (
    *("rename", "rename with alias", "parent change", "parent change with alias", "replace", "replace on changes"),
    *("replace first", "trigger", "alias of another", "unprotect", "forget retention", "another region", "left out"),
)
