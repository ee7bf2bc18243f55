"""`python -m infra.sandbox outage|objects`: lose a region of Oracle Cloud, and write what a failover must not lose."""

import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import click

_BAD_INPUT, _REFUSED = 2, 1


def add_to(group: click.Group, database: Callable[[], Path]) -> None:
    """Add the commands to a group; `database` gives the clouds' file when a command runs."""

    @group.command()
    @click.argument("region")
    @click.argument("state", type=click.Choice(["begin", "end"]))
    def outage(region: str, state: str) -> None:  # pyright: ignore[reportUnusedFunction] - registered by the decorator
        """Lose REGION of Oracle Cloud, or have it back: until then no call to it is answered."""
        from infra.sandbox.oci.outages import NoSuchRegionError, set_outage  # noqa: PLC0415 - for this command only

        with _refusals():
            try:
                set_outage(database(), region, lost=state == "begin")
            except NoSuchRegionError as error:
                _refuse(str(error), _BAD_INPUT)
        click.echo(f"{region} {'cannot be reached' if state == 'begin' else 'is back'}")

    @group.command()
    @click.argument("region")
    @click.argument("namespace")
    @click.argument("bucket")
    @click.option("--put", metavar="NAME", help="Write an object of this name.")
    @click.option("--delete", metavar="NAME", help="Delete the object of this name.")
    @click.option("--as-group", metavar="GROUP", help="As a member of this group. [default: bound by no policy]")
    @click.option("--late", is_flag=True, help="What is written is not replicated yet.")
    @click.option("--deliver", is_flag=True, help="Replicate what is late.")
    def objects(  # pyright: ignore[reportUnusedFunction] - registered by the decorator
        *,
        region: str,
        namespace: str,
        bucket: str,
        put: str | None,
        delete: str | None,
        as_group: str | None,
        late: bool,
        deliver: bool,
    ) -> None:
        """Write, delete and list the objects of a bucket in REGION: names only, there are no contents."""
        from infra.sandbox.oci.object_api import Bucket, ObjectApi  # noqa: PLC0415 - for this command only

        api, meant = ObjectApi(database()), Bucket(region, namespace, bucket)
        with _refusals():
            if put is not None:
                api.put(meant, put, f"md5-{put}", group=as_group, late=late)
            if delete is not None:
                api.delete(meant, delete, group=as_group)
            if deliver:
                api.deliver(meant)
            found, kind = api.objects(meant), "read-only" if api.read_only(meant) else "writable"
        click.echo(f"{bucket} in {region}, {kind}: {', '.join(found) or 'no object'}")


@contextmanager
def _refusals() -> Generator[None]:
    from infra.sandbox.errors import CloudError, Unreachable  # noqa: PLC0415 - the commands only
    from infra.sandbox.store import SandboxFileError  # noqa: PLC0415 - the same

    try:
        yield
    except CloudError as error:
        _refuse(f"{error.status}-{error.code}, {error.message}", _REFUSED)
    except Unreachable as error:
        _refuse(str(error), _REFUSED)
    except SandboxFileError as error:
        _refuse(str(error), _BAD_INPUT)


def _refuse(message: str, code: int) -> NoReturn:
    click.echo(f"infra.sandbox: {message}", err=True)
    sys.exit(code)
