"""Where `pulumi` itself may keep a state: nowhere but where this script puts it.

Whatever names another place is refused, with what is wrong with that place: the environment, Pulumi.yaml, and the
login that an earlier `pulumi login` left on this machine (which is overridden, and so not looked at).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

from infra.cli.refusal import Refused

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_VARIABLE: Final = "PULUMI_BACKEND_URL"

_WHY: Final = {
    "https": "a hosted service keeps the state, and with it every name and address, on its own machines",
    "http": "a hosted service keeps the state, and with it every name and address, on its own machines",
    "s3": "its region is whatever the address or the environment says, and it takes keys that do not expire",
    "gs": "it lies in another cloud, in a region that nothing here decides",
    "azblob": "it lies in another cloud, in a region that nothing here decides",
    "postgres": "it lies in a database that nothing here decides the place of",
    "file": "a disk has no key, no versions and no second copy",
}


def refuse_foreign(root: Path, environment: Mapping[str, str]) -> None:
    """Nothing, where nothing names a backend.

    Raises:
        Refused: Something does.
    """
    import yaml  # noqa: PLC0415 (only a run needs it)

    try:
        document = cast("object", yaml.safe_load((root / "Pulumi.yaml").read_bytes()))
    except (OSError, yaml.YAMLError) as error:
        raise Refused(f"Pulumi.yaml cannot be read: {error}", fix="restore it from version control") from error
    backend = cast("Mapping[str, Any]", document).get("backend") if isinstance(document, dict) else None
    named = {
        _VARIABLE: environment.get(_VARIABLE, ""),
        "backend.url in Pulumi.yaml": str(cast("Mapping[str, Any]", backend).get("url", "")) if backend else "",
    }
    for place, url in named.items():
        if url:
            shown = url.partition("?")[0].rpartition("@")[2]  # an address may carry a password
            raise Refused(
                "the state would not be in its home in the United States",
                given=f"{place}: {shown}",
                allowed="none: the stack file's `state` says where the state is",
                why=_WHY.get(url.partition(":")[0], "nothing here knows where that is"),
                fix=f"take {place} away",
            )
