"""Page after page of a listing: while one is read and noted, the service is already making the next.

Where the next page begins stands in the page before it, and the library says so only when it has read all of that. So
it is looked up as soon as the page has arrived. What is found there is no more than a guess: if the page, once read,
says something else, the guess is dropped.
"""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from html import unescape
from threading import local
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from infra.retirement.entry import Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """Where a listing goes on: after this key and this version (or upload)."""

    key: str
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Entries in the order of the listing, and where the next page begins; None at the end."""

    entries: tuple[Entry, ...]
    after: Mark | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Coming:
    """A page that was asked for: where it seems to end, once it is there, and what it says, once it is read."""

    tags: tuple[str, str | None]
    end: Future[Mark | None] = field(default_factory=Future)
    page: Future[Page] = field(default_factory=Future)


_here = local()
"""What the thread is waiting for."""


def pages(
    s3: Any, ask: Callable[[Mark | None], Page], start: Mark | None, tags: tuple[str, str | None]
) -> Iterator[Page]:
    """All pages from `start` on.

    Args:
        s3: the client with which `ask` asks.
        ask: gets the page after a mark.
        start: where to begin.
        tags: the elements of an answer that say, the last time they are there, where it ends: of the key, and of the
            version or upload.
    """
    s3.meta.events.register("before-parse.s3", _arrived, unique_id="pages")
    with ThreadPoolExecutor(max_workers=2) as pool:

        def begin(mark: Mark | None) -> _Coming:
            coming = _Coming(tags=tags)
            pool.submit(_get, ask, mark, coming)
            return coming

        coming = begin(start)
        while True:
            end = coming.end.result()
            following = begin(end) if end else None
            page = coming.page.result()
            if page.after is None:
                yield page
                return
            if following is None or end != page.after:
                following = begin(page.after)
            yield page
            coming = following


def _get(ask: Callable[[Mark | None], Page], mark: Mark | None, coming: _Coming) -> None:
    _here.coming = coming
    try:
        coming.page.set_result(ask(mark))
    except BaseException as problem:  # noqa: BLE001 - the reader of the page gets it
        coming.page.set_exception(problem)
    finally:
        if not coming.end.done():
            coming.end.set_result(None)


def _arrived(response_dict: dict[str, Any], **_: object) -> None:
    """Called by the library, in the thread that asked, before it reads an answer."""
    coming: _Coming | None = getattr(_here, "coming", None)
    if coming is None or coming.end.done() or response_dict["status_code"] != 200:  # noqa: PLR2004 - it is there
        return
    body: bytes = response_dict["body"]
    if b"<IsTruncated>true<" in body:
        key, version = (_last(body, tag) if tag else "" for tag in coming.tags)
        coming.end.set_result(None if key is None or version is None else Mark(key=key, version=version))


def _last(body: bytes, tag: str) -> str | None:
    """The text of the last element of that name; keys come with the characters of an address (`encoding-type`)."""
    _, opened, rest = body.rpartition(f"<{tag}>".encode())
    text, closed, _ = rest.partition(f"</{tag}>".encode())
    return unquote(unescape(text.decode())) if opened and closed else None
