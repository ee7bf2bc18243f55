"""Default providers: what manages resources that name no provider, made when first needed, unless forbidden."""

from __future__ import annotations

import json
import re
import threading
from typing import TYPE_CHECKING, Final, cast

from infra.engine import urns
from infra.engine.context import GenerationError
from infra.engine.goals import Goal
from infra.engine.requests import UnsupportedError, provider_inputs
from infra.engine.values import Properties, Secret

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from infra.engine.resource import Resource

_FORBIDDEN: Final = "pulumi:disable-default-providers"
_NO_NAME: Final = re.compile(r"[^A-Za-z0-9_.\-]")


class DefaultProviders:
    """The default providers of one run, by package and version."""

    def __init__(
        self, config: Mapping[str, str], secret_keys: frozenset[str], register: Callable[[Goal], Resource]
    ) -> None:
        self._config = config
        self._secret_keys = secret_keys
        self._register = register
        self._lock = threading.Lock()
        self._references: dict[str, str] = {}
        self._forbidden = _read_forbidden(config.get(_FORBIDDEN, ""))

    def reference(self, package: str, *, version: str, download_url: str) -> str:
        """The reference of the default provider, registering it if need be; a denied one if it is forbidden."""
        if package == "pulumi":
            raise UnsupportedError(
                "resources and functions of package 'pulumi' are not supported by the embedded engine"
            )
        if "*" in self._forbidden or package in self._forbidden:
            return urns.denied_reference(package)
        key = f"{package} {version} {download_url}"
        with self._lock:
            if key not in self._references:
                goal = Goal(
                    type=urns.PROVIDER_TYPE_PREFIX + package,
                    name=_name(version, download_url),
                    custom=True,
                    inputs=self._inputs(package),
                )
                provider_inputs(goal, version=version, download_url=download_url)
                resource = self._register(goal)
                self._references[key] = urns.reference(resource.urn, resource.id)
            return self._references[key]

    def _inputs(self, package: str) -> Properties:
        """The stack's configuration for the package."""
        prefix = f"{package}:"
        return {
            key.removeprefix(prefix): Secret(value) if key in self._secret_keys else value
            for key, value in self._config.items()
            if key.startswith(prefix)
        }


def _name(version: str, download_url: str) -> str:
    parts = ["default"]
    if version:
        parts.append(re.sub(r"[.+\-]", "_", version))
    if download_url:
        parts.append(_NO_NAME.sub("_", download_url))
    return "_".join(parts)


def _read_forbidden(text: str) -> frozenset[str]:
    """The packages without a default provider; `*` for all.

    Raises:
        GenerationError: The configuration value is no list of texts.
    """
    if not text:
        return frozenset()
    try:
        names = cast("object", json.loads(text))
    except ValueError as error:
        raise GenerationError(f"Failed to parse {text}: {error}") from error
    if not isinstance(names, list) or not all(isinstance(n, str) for n in cast("list[object]", names)):
        raise GenerationError(f"{_FORBIDDEN} must be a list of package names, not {text}")
    return frozenset(n.strip() for n in cast("list[str]", names))
