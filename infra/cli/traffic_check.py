"""The second opinion on traffic of a preview: can anything that would be there answer a user but an edge in the US?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra.cli.refusal import Exit
from infra.engine.display import Paper, Tone, count, escape
from infra.engine.events import Op
from infra.engine.options import Command
from infra.engine.values import UNKNOWN, plain_properties
from infra.verify import graph, traffic

if TYPE_CHECKING:
    from collections.abc import Iterable

    from infra.cli.runs import Outcome
    from infra.engine.resource import Resource
    from infra.engine.values import Value
    from infra.verify.traffic import Leak

_MOST = 10


def leaks(outcome: Outcome) -> tuple[Leak, ...] | None:
    """What a preview's resources would let out, or `None` where it does not say: it failed, or it shows a part only."""
    planned, request = outcome.loaded.plan.traffic, outcome.request
    partial = request.options.targets or request.options.excludes
    if planned is None or request.command is not Command.PREVIEW or outcome.recorder.failed or partial:
        return None
    return traffic.leaks(
        after(outcome),
        zone=planned.zone,
        hostnames=frozenset(hostname.name for hostname in planned.hostnames),
        regions=frozenset(edge.region for edge in planned.edges),
    )


def after(outcome: Outcome) -> graph.Graph:
    """What there would be after a run."""
    return graph_of(c.step.new for c in outcome.recorder.all() if c.step.new is not None and c.op is not Op.DELETE)


def graph_of(resources: Iterable[Resource]) -> graph.Graph:
    """Resources of a state or a run, as the second opinion reads them."""
    return graph.Graph(
        {
            resource.urn: graph.Node(
                urn=resource.urn,
                type=resource.type,
                name=resource.urn.rpartition("::")[2],
                provider=resource.provider.rpartition("::")[0],
                id=resource.id,
                inputs={name: _marked(value) for name, value in plain_properties(resource.inputs).items()},
                outputs=plain_properties(resource.outputs),
                sources={name: frozenset(urns) for name, urns in resource.property_dependencies.items()},
            )
            for resource in resources
        }
    )


def _marked(value: Value) -> object:
    """The value as engines write it, with their mark for what is not known."""
    if isinstance(value, dict):
        return {name: _marked(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_marked(item) for item in value]
    return graph.UNKNOWN if value is UNKNOWN else value


def render(outcome: Outcome, paper: Paper) -> list[str]:
    """The verdict in words; empty where there is none."""
    found, planned = leaks(outcome), outcome.loaded.plan.traffic
    if found is None or planned is None:
        return []
    if not found:
        regions = " and ".join(sorted(edge.region.value for edge in planned.edges))
        number = count(len(planned.hostnames), "hostname")
        safe = paper.paint("TRAFFIC", Tone.ADDED, bold=True)
        return [f"  {safe}   every possible answer of {number} is an edge in {regions}"]
    lines = [f"  {paper.paint('TRAFFIC', Tone.BAD, bold=True)}   {count(len(found), 'way')} past the edges:"]
    lines += [f"    {escape(leak.what)}  {escape(leak.urn.partition('$')[2] or leak.rule)}" for leak in found[:_MOST]]
    return lines + ([f"    and {len(found) - _MOST} more"] if len(found) > _MOST else [])


def exit_code(outcome: Outcome) -> Exit:
    """The run's own, or FAILED where a preview that went well shows a leak."""
    own = Exit(outcome.result.exit)
    return Exit.FAILED if own is Exit.DONE and leaks(outcome) else own


def document(outcome: Outcome) -> list[dict[str, str]] | None:
    """The same for machines."""
    found = leaks(outcome)
    return None if found is None else [{"urn": leak.urn, "rule": leak.rule.value, "what": leak.what} for leak in found]
