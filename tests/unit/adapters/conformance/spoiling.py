"""What becomes of answers on their way from strangers."""

from __future__ import annotations

import random
from collections.abc import Callable

_CUTS, _FLIPS = 50, 40
DEEP = b"[" * 200_000
BOMB = (
    b'<?xml version="1.0"?><!DOCTYPE b [<!ENTITY a "aaaaaaaaaa">'
    + b"".join(b'<!ENTITY a%d "%s">' % (n, b"&a%s;" % (str(n - 1).encode() if n else b"") * 10) for n in range(12))
    + b"]><b>&a11;</b>"
)


def spoilers() -> list[Callable[[bytes], bytes]]:
    """Cut at every fiftieth, flipped bits, other encodings, bombs."""
    chance = random.Random(4711)  # noqa: S311

    def cut(part: int) -> Callable[[bytes], bytes]:
        return lambda body: body[: len(body) * part // _CUTS]

    def flip(where: float, bit: int) -> Callable[[bytes], bytes]:
        def flipped(body: bytes) -> bytes:
            at = int(where * len(body))
            return body[:at] + bytes([body[at] ^ 1 << bit]) + body[at + 1 :]

        return flipped

    def instead(of: bytes) -> Callable[[bytes], bytes]:
        return lambda _: of

    return [
        *(cut(part) for part in range(_CUTS)),
        *(flip(chance.random(), chance.randrange(8)) for _ in range(_FLIPS)),
        lambda body: b"\xef\xbb\xbf" + body,
        lambda body: body.decode("utf-8", "replace").encode("utf-16"),
        lambda body: body.decode("utf-8", "replace").encode("cp1252", "replace"),
        *map(instead, (b"", b"[]", b"{}", b"null", b"\x00" * 1000, DEEP, BOMB, b"\x1f\x8b\x08" + b"\x00" * 100)),
    ]
