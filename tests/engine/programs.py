"""Builds the Pulumi program that a scenario describes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pulumi

if TYPE_CHECKING:
    from collections.abc import Callable


class Thing(pulumi.CustomResource):
    """A custom resource with the outputs of its inputs and of `lab`."""

    def __init__(self, type_: str, name: str, inputs: dict[str, Any] | None, opts: pulumi.ResourceOptions) -> None:
        declared = dict.fromkeys(("name", "serial", "region", "rev"))
        super().__init__(type_, name, {**declared, **(inputs or {})}, opts)


class Box(pulumi.ComponentResource):
    """A component."""


class Provider(pulumi.ProviderResource):
    """A provider of the package `lab`."""


def build(spec: dict[str, Any]) -> Callable[[], None]:
    """The program as a callable."""
    return lambda: _Builder(spec).run()


class _Builder:
    def __init__(self, spec: dict[str, Any]) -> None:
        self._spec = spec
        self._made: dict[str, Any] = {}

    def run(self) -> None:
        for entry in self._spec["resources"]:
            made = getattr(self, f"_{entry['kind']}")(entry)
            if made is not None:
                self._made[entry.get("key", entry.get("name"))] = made
        for name, value in self._spec.get("exports", {}).items():
            pulumi.export(name, self._value(value))

    def _provider(self, entry: dict[str, Any]) -> Any:
        return Provider("lab", entry["name"], self._values(entry.get("config", {})), self._opts(entry))

    def _component(self, entry: dict[str, Any]) -> Any:
        return Box(entry.get("type", "lab:comp:Box"), entry["name"], {}, self._opts(entry))

    def _thing(self, entry: dict[str, Any]) -> Any:
        type_ = entry.get("type", "lab:index:Thing")
        return Thing(type_, entry["name"], self._values(entry.get("inputs", {})), self._opts(entry))

    def _get(self, entry: dict[str, Any]) -> Any:
        opts = pulumi.ResourceOptions.merge(self._opts(entry), pulumi.ResourceOptions(id=self._value(entry["id"])))
        return Thing(entry.get("type", "lab:index:Thing"), entry["name"], self._values(entry.get("inputs") or {}), opts)

    def _invoke(self, entry: dict[str, Any]) -> Any:
        token = entry.get("tok", "lab:index:lookup")
        args = self._values(entry.get("args", {}))
        provider = self._made[entry["provider"]] if entry.get("provider") else None
        if entry.get("output"):
            return pulumi.runtime.invoke_output(token, args, pulumi.InvokeOutputOptions(provider=provider))
        return pulumi.runtime.invoke(token, args, pulumi.InvokeOptions(provider=provider)).value

    def _outputs(self, entry: dict[str, Any]) -> None:
        component, values = self._made[entry["of"]], self._values(entry["values"])
        component.__dict__.update({k: pulumi.Output.from_input(v) for k, v in values.items()})
        component.register_outputs(values)

    def _raise(self, entry: dict[str, Any]) -> None:
        raise Exception(entry.get("message", ""))  # noqa: TRY002 (what the recorded programs raised)

    def _runerror(self, entry: dict[str, Any]) -> None:
        raise pulumi.RunError(entry.get("message", ""))

    def _log(self, entry: dict[str, Any]) -> None:
        getattr(pulumi.log, entry["severity"])(entry["message"])

    def _opts(self, entry: dict[str, Any]) -> pulumi.ResourceOptions:
        given: dict[str, Any] = {}
        for key, value in entry.get("opts", {}).items():
            name = "import_" if key == "import" else re.sub(r"([A-Z])", r"_\1", key).lower()
            given[name] = self._option(key, value)
        return pulumi.ResourceOptions(**given)

    def _option(self, key: str, value: Any) -> Any:
        match key:
            case "provider" | "parent" | "deletedWith":
                return self._made[value]
            case "providers" if isinstance(value, dict):
                return {k: self._made[v] for k, v in value.items()}
            case "dependsOn" | "replaceWith" | "providers":
                return [self._made[v] for v in value]
            case "aliases":
                return [self._alias(v) for v in value]
            case "customTimeouts":
                return pulumi.CustomTimeouts(**value)
            case _:
                return self._value(value)

    def _alias(self, value: Any) -> Any:
        if isinstance(value, str):
            return value
        given: dict[str, Any] = {}
        if "name" in value:
            given["name"] = value["name"]
        if "type" in value:
            given["type_"] = value["type"]
        if value.get("noParent"):
            given["parent"] = None
        elif "parent" in value:
            given["parent"] = self._made.get(value["parent"], value["parent"])
        return pulumi.Alias(**given)

    def _values(self, values: dict[str, Any]) -> dict[str, Any]:
        return {k: self._value(v) for k, v in values.items()}

    def _value(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._value(v) for v in value]
        if not isinstance(value, dict):
            return value
        if "$ref" in value:
            return self._ref(value["$ref"])
        if "$secret" in value:
            return pulumi.Output.secret(self._value(value["$secret"]))
        if "$concat" in value:
            return pulumi.Output.concat(*(self._value(v) for v in value["$concat"]))
        return {k: self._value(v) for k, v in value.items()}

    def _ref(self, text: str) -> Any:
        key, _, attribute = text.partition(".")
        made = self._made[key]
        if isinstance(made, pulumi.Output):
            return made.apply(lambda found: found[attribute])
        if isinstance(made, dict):
            return made[attribute]
        if attribute in made.__dict__:
            return made.__dict__[attribute]
        return getattr(made, attribute)
