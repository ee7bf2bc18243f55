"""One digest for everything in a bucket, whoever lists it and in whatever order.

A leaf is the digest of one entry. The leaves form a trie over their own hexadecimal digits, three digits a level, two
levels deep: below the root at most 4,096 nodes, below each of those at most 4,096, and each of these holds its leaves
sorted. A node's digest is over the names and digests of what is below it, in the order of the names. The shape depends
on the set of leaves alone, so that the order of a listing, the partitions of a cluster and the engine cannot change the
root; at 10^12 entries a lowest node has 60,000 leaves, 4 MB of text, which any engine can sort. Every digest is SHA-256
over text and is written in hexadecimal, so that SQL engines compute the same without binary types (`sql` says the same
in SQL; a test holds both together).
"""

from __future__ import annotations

import hashlib
from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

LEVELS = (6, 3, 0)
"""Digits of the leaf that name a node, from the lowest level to the root."""


def leaf(*, kind: str, key: str, version: str, size: int, checksum: str) -> str:
    """The digest of one entry; each field is digested first, so that no two entries share a spelling."""
    fields = (kind, key, version, str(size), checksum)
    return _sha256("leaf:" + "".join(_sha256(field) for field in fields))


def root(leaves: Iterable[str]) -> str:
    """The root over distinct leaves in ascending order; needs memory for one lowest node and 8,192 digests.

    Raises:
        ValueError: the leaves are not strictly ascending.
    """
    return root_of(nodes(leaves))


def nodes(leaves: Iterable[str]) -> Iterable[tuple[str, str]]:
    """Names and digests of the nodes right below the root, over distinct leaves in ascending order.

    Raises:
        ValueError: the leaves are not strictly ascending.
    """
    level: Iterable[tuple[str, str]] = ((name, "") for name in _ascending(leaves))
    for digits in LEVELS[:-1]:
        level = _level(level, digits)
    return level


def root_of(nodes: Iterable[tuple[str, str]]) -> str:
    """The root over the nodes right below it, in the order of their names."""
    return next((digest for _, digest in _level(nodes, LEVELS[-1])), _sha256("node:"))


def _level(nodes: Iterable[tuple[str, str]], digits: int) -> Iterable[tuple[str, str]]:
    for name, group in groupby(nodes, key=lambda node: node[0][:digits]):
        digest = hashlib.sha256(b"node:")
        for child, below in group:
            digest.update((child + below).encode())
        yield name, digest.hexdigest()


def _ascending(leaves: Iterable[str]) -> Iterable[str]:
    last = ""
    for name in leaves:
        if name <= last:
            raise ValueError(f"leaf {name} follows {last}: leaves are given sorted and without repetition")
        yield name
        last = name


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
