"""Ranges of addresses, bit by bit: how slow deciders tell what is inside of what."""

import re


def is_within(text: str, around: str) -> bool:
    """Whether the first and the last address of one range are in another, bit by bit."""
    return bool(bits(around)) and bits(text).startswith(bits(around))


def bits(text: str) -> str:
    """The bits that all addresses of a range begin with; something that no range begins with where it is none."""
    match = re.fullmatch(r"(\d+)\.(\d+)\.(\d+)\.(\d+)(?:/(\d+))?", text, re.ASCII)
    if match is None or any(it != str(int(it)) for it in match.groups("32")):
        return text
    octets, length = [int(it) for it in match.groups()[:4]], int(match[5] or 32)
    whole = "".join(f"{it:08b}" for it in octets)
    is_range = max(octets) < 256 and length <= len(whole) and "1" not in whole[length:]  # noqa: PLR2004 (an octet)
    return whole[:length] if is_range else text
