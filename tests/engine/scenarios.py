"""Random scenarios for the provider `lab`, drawn by a seed: what people do to a stack, and what goes wrong meanwhile.

A scenario is a life of a program: it is applied, edited, previewed, targeted, refreshed, destroyed, with faults and
kills on the way. Everything it refers to is there, so what is compared is engines, not the errors of bad programs.
"""

from __future__ import annotations

import copy
import random
from typing import Any

_NAMES = "abcdefgh"
_REGIONS = ("r1", "r2")
_OPERATIONS = ("Create", "Update", "Delete", "Check", "Diff", "Read")


def scenario(seed: int, steps: int = 6) -> dict[str, Any]:
    """The scenario of a seed."""
    return _Life(random.Random(seed), f"random-{seed}").lived(steps)  # noqa: S311 (no secret is drawn)


class _Life:
    """Programs and steps as they come; each step starts from the program that the last one left."""

    def __init__(self, dice: random.Random, name: str) -> None:
        self._dice = dice
        self._name = name
        self._entries: list[dict[str, Any]] = [_provider("p1", "r1")]
        self._made = 0
        if dice.random() < 0.5:
            self._entries.append(_provider("p2", dice.choice(_REGIONS)))
        for _ in range(dice.randint(1, 2)):
            if dice.random() < 0.5:
                self._add_component()
        for _ in range(dice.randint(2, 5)):
            self._add_thing()

    def lived(self, count: int) -> dict[str, Any]:
        steps = [{"command": "up", "program": self._program()}]
        while len(steps) < count:
            steps.extend(self._turn())
        return {
            "name": self._name,
            "description": "drawn by a seed",
            "config": {"pulumi:disable-default-providers": '["*"]'},
            "steps": steps,
        }

    def _turn(self) -> list[dict[str, Any]]:
        """What happens next: mostly an edit and an `up`."""
        turns = {
            self._applied: 45, self._failing: 17, self._previewed: 8, self._planned: 5, self._killed: 5,
            self._drifted: 5, self._state_edited: 5, self._refreshed: 6, self._destroyed: 4,
        }  # fmt: skip
        return self._dice.choices(list(turns), list(turns.values()))[0]()

    def _applied(self) -> list[dict[str, Any]]:
        return [{"command": "up", "program": self._edited(), "flags": self._flags()}]

    def _failing(self) -> list[dict[str, Any]]:
        return [self._applied()[0] | {"faults": [self._fault()]}, {"command": "up"}]

    def _previewed(self) -> list[dict[str, Any]]:
        return [{"command": "preview", "program": self._edited()}, {"command": "up"}]

    def _planned(self) -> list[dict[str, Any]]:
        planned = {"command": "preview", "flags": ["--save-plan", "{plan}"], "program": self._edited()}
        return [planned, {"command": "up", "flags": ["--plan", "{plan}"]}]

    def _killed(self) -> list[dict[str, Any]]:
        """A resource is added for certain, and the engine is killed while it is made."""
        self._edit()
        added = self._add_thing()
        fault = {"op": "Create", "name": added["name"], "mode": self._dice.choice(("hang-before", "hang-after"))}
        killed = {"command": "up", "program": self._program(), "faults": [fault], "killOnHang": True}
        return [killed, {"command": "cancel"}, {"command": "preview"}, {"command": "up"}]

    def _drifted(self) -> list[dict[str, Any]]:
        """Somebody deletes or changes a thing behind the engine's back."""
        named = [thing for thing in self._things() if "name" in thing["inputs"]]
        if not named:
            return self._refreshed()
        thing = self._dice.choice(named)
        region = next(e for e in self._providers() if e["name"] == thing["opts"]["provider"])["config"]["region"]
        edit = self._dice.choice(
            ({"op": "delete"}, {"op": "patch", "inputs": {"x": 9}}, {"op": "patch", "outputs": {"rev": 7}})
        )
        edit |= {"region": region, "id": f"{thing['inputs']['name']}@{region}"}
        return [{"command": self._dice.choice(("up", "refresh")), "storeEdits": [edit]}]

    def _state_edited(self) -> list[dict[str, Any]]:
        word = self._dice.choice(("taint", "untaint", "protect", "unprotect", "delete"))
        return [{"command": "state", "flags": [word, self._urn()]}, {"command": "up"}]

    def _refreshed(self) -> list[dict[str, Any]]:
        return [{"command": "refresh"}]

    def _destroyed(self) -> list[dict[str, Any]]:
        return [{"command": "destroy", "flags": self._destroy_flags()}]

    # -- what a step does beside the program

    def _flags(self) -> list[str]:
        draw = self._dice.random()
        if draw < 0.10:
            return ["--target", self._urn(), *self._dice.choice(([], ["--target-dependents"]))]
        if draw < 0.16:
            return ["--exclude", self._urn(), *self._dice.choice(([], ["--exclude-dependents"]))]
        if draw < 0.22:
            return [self._dice.choice(("--replace", "--target-replace")), self._urn()]
        if draw < 0.28:
            return ["--refresh"]
        if draw < 0.36:
            return ["--continue-on-error"]
        return []

    def _destroy_flags(self) -> list[str]:
        draw = self._dice.random()
        if draw < 0.4:
            return ["--target", self._urn(), *self._dice.choice(([], ["--target-dependents"]))]
        if draw < 0.5:
            return ["--exclude-protected"]
        return ["--continue-on-error"] if draw < 0.6 else []

    def _fault(self) -> dict[str, Any]:
        mode = self._dice.choice(("before", "before", "after", "partial"))
        if mode == "partial":
            op = self._dice.choice(("Create", "Update"))
        elif mode == "after":
            op = self._dice.choice(("Create", "Update", "Delete"))
        else:
            op = self._dice.choice(_OPERATIONS)
        return {"op": op, "name": self._thing()["name"], "mode": mode, "message": "out of luck"}

    # -- edits of the program

    def _edited(self) -> dict[str, Any]:
        for _ in range(self._dice.choice((1, 1, 2, 3))):
            self._edit()
        return self._program()

    def _edit(self) -> None:
        edits = (
            self._add_thing, self._add_thing, self._remove, self._change, self._change, self._change, self._fix,
            self._rename, self._option, self._option, self._unset, self._move, self._region, self._swap, self._secret,
            self._depend, self._add_component, self._connect,
        )  # fmt: skip
        self._dice.choice(edits)()

    def _add_component(self) -> None:
        made = {"kind": "component", "name": f"box{self._number()}", "opts": {}}
        if (boxes := self._boxes()) and self._dice.random() < 0.3:
            made["opts"]["parent"] = self._dice.choice(boxes)["name"]
        self._entries.append(made)

    def _add_thing(self) -> dict[str, Any]:
        number = self._number()
        name = f"{_NAMES[number % len(_NAMES)]}{number}"
        made: dict[str, Any] = {"kind": "thing", "name": name, "inputs": {}, "opts": {"provider": self._a_provider()}}
        if self._dice.random() < 0.6:
            made["inputs"]["name"] = f"{name}-x"
        if self._dice.random() < 0.5:
            made["inputs"]["x"] = 1
        things = self._things()
        if things and self._dice.random() < 0.6:
            made["inputs"][self._dice.choice(("up", "fixedUp"))] = self._reference(self._dice.choice(things))
        if (boxes := self._boxes()) and self._dice.random() < 0.4:
            made["opts"]["parent"] = self._dice.choice(boxes)["name"]
        self._entries.append(made)
        if self._dice.random() < 0.3:
            self._option(made)
        return made

    def _remove(self) -> None:
        thing = self._thing()
        if len(self._things()) > 1:
            self._entries.remove(thing)
            self._forget(thing["name"])

    def _change(self) -> None:
        self._thing()["inputs"]["x"] = self._dice.randint(1, 4)

    def _fix(self) -> None:
        self._thing()["inputs"][self._dice.choice(("fixedX", "fixedY"))] = self._dice.randint(1, 4)

    def _connect(self) -> None:
        thing = self._thing()
        if before := self._before(thing):
            thing["inputs"][self._dice.choice(("up", "fixedUp"))] = self._reference(self._dice.choice(before))

    def _depend(self) -> None:
        thing = self._thing()
        if before := self._before(thing):
            thing["opts"]["dependsOn"] = [self._dice.choice(before)["name"]]

    def _rename(self) -> None:
        thing = self._thing()
        old, new = thing["name"], f"{thing['name'][0]}{self._number()}"
        if self._dice.random() < 0.7:
            thing["opts"]["aliases"] = [{"name": old}]
        thing["name"] = new
        self._replace_name(old, new)

    def _move(self) -> None:
        thing = self._thing()
        before = [e for e in self._boxes() if self._entries.index(e) < self._entries.index(thing)]
        if not before:
            return
        target, old = self._dice.choice(before)["name"], thing["opts"].get("parent")
        if target != old:
            if self._dice.random() < 0.7:
                thing["opts"]["aliases"] = [{"parent": old} if old else {"noParent": True}]
            thing["opts"]["parent"] = target

    def _region(self) -> None:
        provider = self._dice.choice(self._providers())
        provider["config"]["region"] = self._dice.choice(_REGIONS)

    def _swap(self) -> None:
        thing = self._thing()
        before = [p for p in self._providers() if self._entries.index(p) < self._entries.index(thing)]
        thing["opts"]["provider"] = self._dice.choice(before)["name"]

    def _secret(self) -> None:
        thing = self._thing()
        key = self._dice.choice(("x", "s"))
        value = thing["inputs"].get(key, 1)
        thing["inputs"][key] = (
            value["$secret"] if isinstance(value, dict) and "$secret" in value else {"$secret": value}
        )

    def _option(self, thing: dict[str, Any] | None = None) -> None:
        thing = thing or self._thing()
        before = self._before(thing)
        values: list[tuple[str, Any]] = [
            ("protect", True), ("retainOnDelete", True), ("ignoreChanges", ["x"]), ("replaceOnChanges", ["x"]),
            ("deleteBeforeReplace", self._dice.random() < 0.7), ("additionalSecretOutputs", ["serial"]),
        ]  # fmt: skip
        if before:
            values += [("deletedWith", self._dice.choice(before)["name"])] * 2
            values += [("replaceWith", [self._dice.choice(before)["name"]])]
        key, value = self._dice.choice(values)
        thing["opts"][key] = value

    def _unset(self) -> None:
        opts = self._thing()["opts"]
        if optional := sorted(set(opts) - {"provider", "parent"}):
            del opts[self._dice.choice(optional)]

    # -- the program

    def _number(self) -> int:
        self._made += 1
        return self._made

    def _kind(self, kind: str) -> list[dict[str, Any]]:
        return [e for e in self._entries if e["kind"] == kind]

    def _things(self) -> list[dict[str, Any]]:
        return self._kind("thing")

    def _thing(self) -> dict[str, Any]:
        return self._dice.choice(self._things())

    def _boxes(self) -> list[dict[str, Any]]:
        return self._kind("component")

    def _providers(self) -> list[dict[str, Any]]:
        return self._kind("provider")

    def _a_provider(self) -> str:
        return self._dice.choice(self._providers())["name"]

    def _before(self, thing: dict[str, Any]) -> list[dict[str, Any]]:
        return [e for e in self._entries[: self._entries.index(thing)] if e["kind"] == "thing"]

    def _reference(self, thing: dict[str, Any]) -> dict[str, Any]:
        reference = {"$ref": f"{thing['name']}.{self._dice.choice(('serial', 'serial', 'rev', 'id', 'name'))}"}
        return {"$concat": ["see ", reference]} if self._dice.random() < 0.2 else reference

    def _urn(self) -> str:
        thing = self._thing()
        types, parent = ["lab:index:Thing"], thing["opts"].get("parent")
        while parent:
            types.insert(0, "lab:comp:Box")
            parent = next(e for e in self._boxes() if e["name"] == parent)["opts"].get("parent")
        return f"urn:pulumi:dev::lab::{'$'.join(types)}::{thing['name']}"

    def _forget(self, name: str) -> None:
        """Nothing refers any longer to a resource that is gone."""
        for entry in self._things():
            inputs, opts = entry["inputs"], entry["opts"]
            entry["inputs"] = {k: v for k, v in inputs.items() if f"{name}." not in _names(v)}
            for key in ("deletedWith", "dependsOn", "replaceWith"):
                if name in (opts.get(key) or ()) if isinstance(opts.get(key), list) else opts.get(key) == name:
                    del opts[key]

    def _replace_name(self, old: str, new: str) -> None:
        for entry in self._things():
            entry["inputs"] = {k: _renamed(v, old, new) for k, v in entry["inputs"].items()}
            opts = entry["opts"]
            if opts.get("deletedWith") == old:
                opts["deletedWith"] = new
            for key in ("dependsOn", "replaceWith"):
                if key in opts:
                    opts[key] = [new if name == old else name for name in opts[key]]

    def _program(self) -> dict[str, Any]:
        things = self._things()
        exports = {"last": {"$ref": f"{things[-1]['name']}.serial"}} if self._made % 3 else {}
        return copy.deepcopy({"resources": self._entries, "exports": exports})


def _provider(name: str, region: str) -> dict[str, Any]:
    return {"kind": "provider", "name": name, "config": {"region": region}}


def _names(value: Any) -> set[str]:
    """What a value refers to, as `name.`."""
    if isinstance(value, dict):
        if "$ref" in value:
            return {value["$ref"].partition(".")[0] + "."}
        return {n for v in value.values() for n in _names(v)}
    return {n for v in value for n in _names(v)} if isinstance(value, list) else set()


def _renamed(value: Any, old: str, new: str) -> Any:
    if isinstance(value, dict):
        if "$ref" in value:
            name, _, attribute = value["$ref"].partition(".")
            return {"$ref": f"{new if name == old else name}.{attribute}"}
        return {k: _renamed(v, old, new) for k, v in value.items()}
    return [_renamed(v, old, new) for v in value] if isinstance(value, list) else value
