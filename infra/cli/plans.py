"""Plan files: what a preview found, for `up --plan` to keep to. Values of secrets are blinded, never written."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast

from infra.cli.files import replace_file
from infra.cli.refusal import Refused

if TYPE_CHECKING:
    from pathlib import Path

    from infra.engine.plans import Plan


def read(path: Path | None) -> Plan | None:
    """The plan in a file, or none where no file is named.

    Raises:
        Refused: The file cannot be read or is no plan.
    """
    if path is None:
        return None
    from infra.engine.encoding import EncodingError  # noqa: PLC0415 (the engine is slow to import)
    from infra.engine.plans import Plan  # noqa: PLC0415 (the same)

    shape = "what `python -m infra preview --save-plan FILE` writes"
    try:
        document = json.loads(path.read_bytes())
        if not isinstance(document, dict) or "resourcePlans" not in document:
            raise Refused("the plan file is no plan", given=str(path), allowed=shape)
        return Plan.load(cast("dict[str, Any]", document), None)
    except OSError as error:
        raise Refused(f"the plan file cannot be read: {error.strerror}", given=str(path), allowed=shape) from error
    except (ValueError, RecursionError, KeyError, TypeError, AttributeError, EncodingError) as error:
        raise Refused(f"the plan file is damaged: {error}", given=str(path), allowed=shape) from error


def write(path: Path, plan: Plan) -> None:
    """Write a plan, all of it or nothing.

    Raises:
        Refused: The file cannot be written, or the plan holds a secret that nothing could keep.
    """
    replace_file(path, json.dumps(plan.dump(_no_secret), indent=2, ensure_ascii=False) + "\n")


def _no_secret(_text: str) -> str:
    raise Refused(
        "the plan would hold a secret",
        why="a plan file is read by people and machines that need no secrets",
        fix="run `up` without --plan",
    )
