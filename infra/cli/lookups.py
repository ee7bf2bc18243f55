"""Settings that only a look-up in Oracle Cloud can give, asked for with the credentials that are there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from infra.cli.doctor import Examined, Verdict
from infra.cli.refusal import Refused
from infra.residency.regions import UsRegion

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra.cli.workspace import Workspace
    from infra.residency.deployment import DeploymentRequest
    from infra.residency.guardrails_request import GuardrailsRequest

_SERVICES: Final = "services-in-oracle-services-network"
"""How the service whose OCID the service gateway needs ends its `cidr_block` label (page "Service Gateway")."""

_INSTALL: Final = ".venv/bin/uv pip install --python .venv/bin/python -r pyproject.toml --extra lookups"


def resolve(workspace: Workspace) -> Iterator[Examined]:
    """Each looked-up setting of the stack file: as the cloud has it, or what to write instead.

    Raises:
        Refused: The `oci` package or the credentials are missing, or Oracle Cloud does not answer.
    """
    whole = _request(workspace)
    request = whole.oci
    oci = package("--resolve")
    config = credentials(oci, request.profile or "DEFAULT", "--resolve")
    try:
        storage = oci.object_storage.ObjectStorageClient(config)
        yield _compared(
            "oci.objectStorageNamespace", request.object_storage_namespace, str(storage.get_namespace().data)
        )
        for name, region in sorted((name, it) for name, it in request.regions.items() if name in set(UsRegion)):
            network = oci.core.VirtualNetworkClient({**config, "region": name})
            services = oci.pagination.list_call_get_all_results(network.list_services).data
            found = next((s.id for s in services if str(s.cidr_block).endswith(_SERVICES)), "")
            yield _compared(
                f"oci.regions.{name}.serviceId", region.service_id, found, nothing="the region names no such service"
            )
        if whole.guardrails is not None and request.home_region in set(UsRegion):
            client = oci.cloud_guard.CloudGuardClient({**config, "region": request.home_region})
            yield from _guardrails(oci, client, request.tenancy_id, whole.guardrails)
    except (oci.exceptions.ServiceError, oci.exceptions.RequestException, oci.exceptions.ConnectTimeout) as error:
        raise Refused(
            f"Oracle Cloud did not answer: {getattr(error, 'message', None) or error}",
            fix="check the profile and its policies: it must read Object Storage namespaces, network services and "
            "Cloud Guard's recipes and policies",
        ) from error


def _request(workspace: Workspace) -> DeploymentRequest:
    """What the stack file says, right in shape: what is looked up may be the very thing that is not right yet."""
    from infra import settings  # noqa: PLC0415 (only here)
    from infra.cli.refusal import BadStackFile  # noqa: PLC0415 (the same)

    file = settings.read(workspace.file.read_bytes())
    if file.findings:
        raise BadStackFile(file.findings, workspace.shown_file)
    return file.request


def _guardrails(oci: Any, client: Any, tenancy: str, request: GuardrailsRequest) -> Iterator[Examined]:
    """Oracle's own detector recipes of the tenancy, and the security policies of its realm by their friendly names."""
    from infra.residency.security_zones import Detector, SecurityPolicy  # noqa: PLC0415 (only here)

    def listed(call: Any) -> Any:
        found = oci.pagination.list_call_get_all_results(call, compartment_id=tenancy).data
        return getattr(found, "items", found)

    recipes = {str(it.detector): it.id for it in listed(client.list_detector_recipes) if str(it.owner) == "ORACLE"}
    for detector in Detector:
        yield _compared(
            f"guardrails.detectorRecipes.{detector}",
            request.detector_recipes.get(detector, ""),
            recipes.get(f"IAAS_{detector.upper()}_DETECTOR", ""),
            nothing="Oracle has no such recipe in this tenancy: enable Cloud Guard first",
        )
    policies = {str(it.friendly_name): it.id for it in listed(client.list_security_policies)}
    for policy in SecurityPolicy:
        yield _compared(
            f"guardrails.securityPolicies.{policy}",
            request.security_policies.get(policy, ""),
            policies.get(policy.friendly_name, ""),
            nothing=f"the realm has no policy called {policy.friendly_name!r}",
        )


def package(purpose: str) -> Any:
    """Oracle's SDK.

    Raises:
        Refused: It is not installed.
    """
    try:
        import oci  # pyright: ignore[reportMissingImports, reportMissingTypeStubs]  # noqa: PLC0415 (an extra)
    except ImportError as error:
        raise Refused(
            f"{purpose} needs the package oci, which is not installed",
            why="no preview needs it, so it is an extra of its own",
            fix=_INSTALL,
        ) from error
    return oci


def credentials(oci: Any, profile: str, purpose: str) -> Any:
    """The configuration of a profile.

    Raises:
        Refused: There is none, or it is not usable.
    """
    try:
        return oci.config.from_file(profile_name=profile)
    except (oci.exceptions.ConfigFileNotFound, oci.exceptions.ProfileNotFound, oci.exceptions.InvalidConfig) as error:
        raise Refused(
            f"{purpose} needs credentials of Oracle Cloud: {error}",
            allowed=f"profile {profile} in ~/.oci/config",
            fix="oci setup config, or read the values elsewhere: oci os ns get; oci network service list --region NAME",
        ) from error


def _compared(path: str, written: str, found: str, *, nothing: str = "nothing") -> Examined:
    right = bool(found) and written == found
    return Examined(
        subject=path,
        verdict=Verdict.OK if right else Verdict.MISSING,
        found=found or nothing,
        needed_for="pulumi up",
        fix=f"write {path}: {found} (the file says {written or 'nothing'})" if found and not right else "",
    )
