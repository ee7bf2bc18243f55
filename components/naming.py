"""Physical names that the plan leaves to the components: of what holds no data.

Like the names of holders (`infra.residency.naming`) each carries the region's key: `usds-vcn-iad`.
"""

from infra.residency.regions import UsRegion


def regional(organization: str, what: str, region: UsRegion) -> str:
    """What something is called of which a region has one: `usds-vcn-iad`."""
    return f"{organization}-{what}-{region.facts.key}"


def private_endpoint(organization: str, region: UsRegion) -> str:
    """The name and address prefix of a region's private endpoint, which may have 16 characters: `usds-iad`."""
    return f"{organization}-{region.facts.key}"
