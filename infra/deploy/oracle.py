"""Clients of Oracle Cloud for the state's home: of one region, with a short-lived token, and with nothing else.

The token is a session token of the profile that the stack file names (`oci session authenticate` for people, `login`
for CI). A profile with an API key is refused: a key lasts until somebody remembers to revoke it.
"""

from __future__ import annotations

import importlib
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from infra.cli.refusal import Exit, Refused

if TYPE_CHECKING:
    from collections.abc import Callable

    from infra.residency.regions import UsRegion

INSTALL: Final = ".venv/bin/uv pip install --python .venv/bin/python -r pyproject.toml --extra deploy"
_TIMEOUT: Final = (10, 60)
"""Seconds to connect, and to wait for an answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clients:
    """What makes clients of one region.

    Attributes:
        make: gives a client of a class of the SDK; further arguments are the SDK's (`service_endpoint`).
    """

    region: UsRegion
    make: Callable[..., Any]

    def storage(self) -> Any:
        """Object Storage."""
        return self.make(sdk("object_storage").ObjectStorageClient)


def sdk(module: str = "") -> Any:
    """The Oracle Cloud SDK, or a module of it.

    Raises:
        Refused: It is not installed.
    """
    try:
        return importlib.import_module(f"oci.{module}" if module else "oci")
    except ImportError as error:
        raise Refused(
            "the state of a real stack needs the package oci, which is not installed",
            why="only deploying needs it, so it is an extra of its own",
            fix=INSTALL,
        ) from error


def clients(profile: str, region: UsRegion, *, config: Path | None = None) -> Clients:
    """Clients of a region with the session token of a profile.

    Raises:
        Refused: There is no such profile, or it holds a long-lived key.
    """
    oci = sdk()
    path = config or Path("~/.oci/config").expanduser()
    try:
        settings = dict(oci.config.from_file(file_location=str(path), profile_name=profile))
        if not settings.get("security_token_file"):
            raise Refused(
                f"profile {profile} holds a key that does not expire",
                given=str(path),
                allowed="a profile with a session token",
                why="whoever takes such a key has the state until somebody notices",
                fix=f"oci session authenticate --profile-name {profile} --region {region}",
            )
        token = Path(settings["security_token_file"]).expanduser().read_text(encoding="utf-8").strip()
        key = oci.signer.load_private_key_from_file(str(Path(settings["key_file"]).expanduser()))
    except (OSError, oci.exceptions.ClientError, ValueError, KeyError) as error:
        raise Refused(
            f"there is no session of Oracle Cloud: {error}",
            given=f"profile {profile} in {path}",
            allowed="a profile with a session token",
            fix=f"oci session authenticate --profile-name {profile} --region {region}; in CI the command login",
        ) from error
    return Clients(region=region, make=maker(region, oci.auth.signers.SecurityTokenSigner(token, key)))


def maker(region: UsRegion, signer: Any, **fixed: Any) -> Callable[..., Any]:
    """What makes clients of a region that sign with a signer; `fixed` goes to each of them."""
    oci = sdk()

    def make(kind: Any, **arguments: Any) -> Any:
        merged = {"retry_strategy": oci.retry.DEFAULT_RETRY_STRATEGY, "timeout": _TIMEOUT, **fixed, **arguments}
        return kind({"region": region.value}, signer=signer, **merged)

    return make


def private(path: Path, text: str) -> None:
    """Write a file that only its owner may read, whatever was there before."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    path.touch(mode=stat.S_IRUSR | stat.S_IWUSR)
    path.write_text(text, encoding="utf-8")


def unreachable(what: str, error: Any) -> Refused:
    """What to say where Oracle Cloud does not do what it was asked."""
    status = getattr(error, "status", None)
    return Refused(
        f"{what} failed: {getattr(error, 'message', None) or error}",
        given=f"status {status}" if status else "",
        fix="the session may have ended, or its policies may not allow it (docs/deploy.md)" if status else "try again",
        code=Exit.FAILED,
    )
