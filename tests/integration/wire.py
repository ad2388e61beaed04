"""Kafka's log-in spoken byte by byte: shows a refusal as such, where client libraries retry until a time-out."""

from __future__ import annotations

import socket
import struct
from types import TracebackType
from typing import NamedTuple

_METADATA, _HANDSHAKE, _AUTHENTICATE = 3, 17, 36


class Verdict(NamedTuple):
    """The broker's answer to a log-in.

    Attributes:
        error: Kafka's error code, 0 for none.
        session_s: how long the connection lives without a new log-in; 0 for ever.
    """

    accepted: bool
    error: int
    session_s: float


class Wire:
    """One connection to one listener."""

    def __init__(self, bootstrap: str) -> None:
        host, _, port = bootstrap.rpartition(":")
        self._socket = socket.create_connection((host, int(port)), timeout=60)

    def __enter__(self) -> Wire:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._socket.close()

    def log_in(self, mechanism: str, proof: bytes) -> Verdict:
        """SaslHandshake and SaslAuthenticate with one proof."""
        answer = self._ask(_HANDSHAKE, 1, _text(mechanism))
        (error,) = struct.unpack_from(">h", answer)
        if error:
            return Verdict(False, error, 0)
        return self._authenticate(proof)

    def _authenticate(self, proof: bytes) -> Verdict:
        answer = self._ask(_AUTHENTICATE, 1, struct.pack(">i", len(proof)) + proof)
        error, message = struct.unpack_from(">hh", answer)
        at = 4 + max(message, 0)
        (length,) = struct.unpack_from(">i", answer, at)
        if length > 0 and not error:  # RFC 7628 §3.2.3: the reason comes first, the refusal after an empty message
            return self._authenticate(b"\x01")
        (session_ms,) = struct.unpack_from(">q", answer, at + 4 + max(length, 0))
        return Verdict(error == 0, error, session_ms / 1000)

    def brokers(self) -> int | None:
        """How many brokers a metadata request names; None when the broker hangs up instead of answering."""
        try:
            answer = self._ask(_METADATA, 1, struct.pack(">i", 0))
        except ConnectionError:
            return None
        (count,) = struct.unpack_from(">i", answer)
        return int(count)

    def _ask(self, key: int, version: int, body: bytes) -> bytes:
        request = struct.pack(">hhi", key, version, 1) + _text("test") + body
        self._socket.sendall(struct.pack(">i", len(request)) + request)
        (size,) = struct.unpack(">i", self._exactly(4))
        return self._exactly(size)[4:]

    def _exactly(self, size: int) -> bytes:
        content = b""
        while len(content) < size:
            part = self._socket.recv(size - len(content))
            if not part:
                raise ConnectionResetError("the broker hung up")
            content += part
        return content


def plain(username: str, password: str) -> bytes:
    """Proof of SASL/PLAIN."""
    return f"\0{username}\0{password}".encode()


def bearer(token: str) -> bytes:
    """Proof of SASL/OAUTHBEARER."""
    return f"n,,\x01auth=Bearer {token}\x01\x01".encode()


def token_accepted(bootstrap: str, token: str) -> bool:
    """Whether the partners' listener lets the token in."""
    with Wire(bootstrap) as wire:
        return wire.log_in("OAUTHBEARER", bearer(token)).accepted


def _text(value: str) -> bytes:
    return struct.pack(">h", len(value)) + value.encode()
