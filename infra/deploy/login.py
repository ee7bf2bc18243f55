"""A session of Oracle Cloud for a CI job: the job's own identity token, exchanged for a token of an hour.

The job proves who it is with the token that GitHub signs for it (`id-token: write`); the tenancy's identity domain
trusts that issuer for one repository and one environment, and names whom it stands for. The application that the
exchange goes through has an identifier and a word of its own (`OCI_EXCHANGE_CLIENT`, `OCI_EXCHANGE_SECRET`, secrets of
the environment): with them alone nobody gets a token.

The session is written as a profile, where the Oracle provider and this script look for one; the identity that AWS is to
believe beside it, since AWS's provider exchanges it itself.
"""

from __future__ import annotations

import json
import urllib.error
import urllib.parse
import urllib.request
from typing import TYPE_CHECKING, Final

from infra.cli.refusal import Exit, Refused
from infra.deploy.oracle import private, sdk

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from infra.residency.placement import Tenancy
    from infra.residency.regions import UsRegion

_URL, _TOKEN = "ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_TOKEN"
NEEDED: Final = (_URL, _TOKEN, "OCI_DOMAIN_URL", "OCI_EXCHANGE_CLIENT", "OCI_EXCHANGE_SECRET")
"""Variables without which a job has no identity to exchange."""


def identity(environment: Mapping[str, str], audience: str) -> str:
    """The token that says which job of which repository this is.

    Raises:
        Refused: There is none: this is no job, a fork's, or one without `id-token: write`.
    """
    if missing := [name for name in NEEDED if not environment.get(name)]:
        raise Refused(
            "this run has no identity that Oracle Cloud would believe",
            given=f"without {', '.join(missing)}",
            allowed="a job of this repository with `permissions: id-token: write`, in a protected environment",
            why="a fork's pull request gets none, on purpose",
            fix="a preview needs none: python -m infra preview --stack NAME --state REDACTED",
        )
    url = f"{environment[_URL]}&audience={urllib.parse.quote(audience)}"
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {environment[_TOKEN]}"})  # noqa: S310 (GitHub's)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 (the same)
            return str(json.load(answer)["value"])
    except (urllib.error.URLError, ValueError, KeyError, TimeoutError) as error:
        if isinstance(error, urllib.error.HTTPError):
            error.close()  # it is an answer, too, with a connection of its own
        raise Refused(f"GitHub gave no identity token: {error}", fix="run the job again", code=Exit.FAILED) from error


def login(tenancy: Tenancy, region: UsRegion, folder: Path, environment: Mapping[str, str]) -> Path:
    """Exchange the job's identity for a session, and write it as the stack file's profile; returns the file.

    Raises:
        Refused: The job has no identity, or the identity domain does not believe it.
    """
    domain = environment.get("OCI_DOMAIN_URL", "")
    token = identity(environment, audience=domain)
    oci = sdk()
    try:
        signer = oci.auth.signers.TokenExchangeSigner(
            token, domain, environment["OCI_EXCHANGE_CLIENT"], environment["OCI_EXCHANGE_SECRET"]
        )
    except Exception as error:  # noqa: BLE001 (the SDK raises whatever its HTTP library does)
        raise Refused(
            f"the identity domain does not believe this job ({type(error).__name__})",
            given=domain,
            fix="docs/deploy.md says which issuer, repository and environment it must trust",
            code=Exit.FAILED,
        ) from None  # its text may carry the request
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415 (only a login needs it)

    key = signer.session_key_supplier.private_key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    private(folder / "aws.token", identity(environment, audience="sts.amazonaws.com"))
    private(folder / "session.token", signer.get_security_token())
    private(folder / "session.pem", key)
    private(
        folder / "config",
        f"[{tenancy.profile or 'DEFAULT'}]\n"
        f"tenancy={tenancy.id}\nregion={region}\nfingerprint=00\n"
        f"security_token_file={folder / 'session.token'}\nkey_file={folder / 'session.pem'}\n",
    )
    return folder / "config"
