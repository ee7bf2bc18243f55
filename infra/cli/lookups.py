"""Settings that only a look-up in Oracle Cloud can give, asked for with the credentials that are there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from infra.cli.doctor import Examined, Verdict
from infra.cli.refusal import Refused

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra.cli.workspace import Workspace

_SERVICES: Final = "services-in-oracle-services-network"
"""How the service whose OCID the service gateway needs ends its `cidr_block` label (page "Service Gateway")."""

_INSTALL: Final = ".venv/bin/uv pip install --python .venv/bin/python -r pyproject.toml --extra lookups"


def resolve(workspace: Workspace) -> Iterator[Examined]:
    """Each looked-up setting of the stack file: as the cloud has it, or what to write instead.

    Raises:
        Refused: The `oci` package or the credentials are missing, or Oracle Cloud does not answer.
    """
    from datetime import UTC, datetime  # noqa: PLC0415 (only here)

    from infra.cli.runs import load  # noqa: PLC0415 (slow to import)

    request = load(workspace, datetime.now(UTC).date()).request.oci
    oci = _package()
    config = _credentials(oci, request.profile or "DEFAULT")
    try:
        storage = oci.object_storage.ObjectStorageClient(config)
        yield _compared(
            "oci.objectStorageNamespace", request.object_storage_namespace, str(storage.get_namespace().data)
        )
        for name, region in sorted(request.regions.items()):
            network = oci.core.VirtualNetworkClient({**config, "region": name})
            services = oci.pagination.list_call_get_all_results(network.list_services).data
            found = next((s.id for s in services if str(s.cidr_block).endswith(_SERVICES)), "")
            yield _compared(f"oci.regions.{name}.serviceId", region.service_id, found)
    except (oci.exceptions.ServiceError, oci.exceptions.RequestException, oci.exceptions.ConnectTimeout) as error:
        raise Refused(
            f"Oracle Cloud did not answer: {getattr(error, 'message', None) or error}",
            fix="check the profile and its policies: it must read Object Storage namespaces and network services",
        ) from error


def _package() -> Any:
    try:
        import oci  # pyright: ignore[reportMissingImports, reportMissingTypeStubs]  # noqa: PLC0415 (an extra)
    except ImportError as error:
        raise Refused(
            "--resolve needs the package oci, which is not installed",
            why="it is only used to look settings up, so it is an extra of its own",
            fix=_INSTALL,
        ) from error
    return oci


def _credentials(oci: Any, profile: str) -> Any:
    try:
        return oci.config.from_file(profile_name=profile)
    except (oci.exceptions.ConfigFileNotFound, oci.exceptions.ProfileNotFound, oci.exceptions.InvalidConfig) as error:
        raise Refused(
            f"--resolve needs credentials of Oracle Cloud: {error}",
            allowed=f"profile {profile} in ~/.oci/config",
            fix="oci setup config, or read the values elsewhere: oci os ns get; oci network service list --region NAME",
        ) from error


def _compared(path: str, written: str, found: str) -> Examined:
    right = written == found
    return Examined(
        subject=path,
        verdict=Verdict.OK if right else Verdict.MISSING,
        found=found or "the region names no such service",
        needed_for="pulumi up",
        fix="" if right else f"write {path}: {found} (the file says {written})",
    )
