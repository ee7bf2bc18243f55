"""Tests of the Network Path Analyzer: what the plan claims about reachability, beside the network for anyone to run.

What it refuses: a claim of its own, and an expectation in words: the test's name says what its answer has to be
(`usds-internet-never-reaches-data-iad`).
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_oci as oci

from components import naming
from components.base import Component
from components.tenancy import TenancyFoundation
from infra.residency.placement import Compartment
from infra.residency.reachability import Claim, Spot
from infra.residency.regions import UsRegion

_TCP = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class PathTestsArgs:
    """Claims about one region, and the subnets that they name."""

    foundation: TenancyFoundation
    region: UsRegion
    claims: tuple[Claim, ...]
    subnets: Mapping[str, oci.core.Subnet]
    provider: oci.Provider


class PathTests(Component):
    """One test for each claim."""

    def __init__(self, name: str, args: PathTestsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("PathTests", name, opts)
        for claim in args.claims:
            source, target = self._end(args, claim.source), self._end(args, claim.target)
            oci.vnmonitoring.PathAnalyzerTest(
                f"{claim.name}-{args.region}",
                compartment_id=args.foundation.compartments[Compartment.NETWORK].id,
                display_name=naming.regional(args.foundation.organization, claim.name, args.region),
                protocol=_TCP,
                source_endpoint=oci.vnmonitoring.PathAnalyzerTestSourceEndpointArgs(**source),
                destination_endpoint=oci.vnmonitoring.PathAnalyzerTestDestinationEndpointArgs(**target),
                protocol_parameters=oci.vnmonitoring.PathAnalyzerTestProtocolParametersArgs(
                    type="TCP", destination_port=claim.port
                ),
                query_options=oci.vnmonitoring.PathAnalyzerTestQueryOptionsArgs(is_bi_directional_analysis=False),
                opts=self._child(args.provider),
            )
        self.register_outputs({})

    @staticmethod
    def _end(args: PathTestsArgs, spot: Spot) -> dict[str, pulumi.Input[str]]:
        if spot.subnet is None:
            return {"type": "IP_ADDRESS", "address": str(spot.address)}
        return {"type": "SUBNET", "address": str(spot.address), "subnet_id": args.subnets[spot.subnet].id}
