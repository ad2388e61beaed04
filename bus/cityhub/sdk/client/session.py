"""Asking the hub with a token, again and again until it answers or the deadline has come.

Source of the rules: RFC 6749 (client credentials), RFC 9110 (`Retry-After`), docs/doors.md.
"""

from __future__ import annotations

import base64
import binascii
import itertools
import random
import time
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar
from urllib.parse import quote

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from cityhub.sdk.client.account import Account
from cityhub.sdk.client.wire import Heard, NoReply, Pause, Reply, Request, Steps
from cityhub.sdk.errors import HubRefused, NotAcknowledged

MARGIN_S = 30.0
"""A token is asked for anew so long before its end, or a fifth of its life if that is shorter."""
_LIFE_S = 60.0
_UNAUTHORIZED = 401
_LATER = frozenset({408, 429})
_FAULTS = 500
_OK = 200
_SHOWN = 300
_T = TypeVar("_T")


class Patience(Struct, frozen=True, kw_only=True):
    """How long and how often the same is tried.

    Attributes:
        deadline_s: for all requests of one call together.
        first_s, most_s: before the n-th try again it waits a random time up to first · 2ⁿ, at most `most_s` (full
            jitter), beside what the hub asks for by `Retry-After`.
        attempt_s: for one answer.
    """

    deadline_s: float = 60.0
    first_s: float = 0.5
    most_s: float = 30.0
    attempt_s: float = 30.0


class Trouble(Exception):  # noqa: N818 - a reason to try again
    """No answer that settles anything. `wait_s`: what the hub asks to wait."""

    def __init__(self, why: str, wait_s: float = 0.0) -> None:
        super().__init__(why)
        self.wait_s = wait_s


class Tokens:
    """The client's token, kept until shortly before it ends.

    Args:
        clock: monotonic seconds.
    """

    def __init__(self, account: Account, clock: Callable[[], float] = time.monotonic) -> None:
        self._account = account
        self._clock = clock
        self._token = ""
        self._until = 0.0

    def steps(self, timeout_s: float = 30.0) -> Steps[str]:
        """A token that is good for a while.

        Raises:
            Trouble: none came; trying again may help. HubRefused: it will not.
        """
        if self._token and self._clock() < self._until:
            return self._token
        asked = self._clock()
        account = self._account
        login = f"{quote(account.client, safe='')}:{quote(account.secret, safe='')}".encode()
        headers = {
            "authorization": f"Basic {base64.b64encode(login).decode()}",
            "content-type": "application/x-www-form-urlencoded",
        }
        form = b"grant_type=client_credentials"
        heard = yield Request(url=account.tokens_at, method="POST", headers=headers, content=form, timeout_s=timeout_s)
        found = _object(_settled(heard, account.tokens_at))
        if "access_token" not in found:
            raise _no_token(account, heard, found)
        life = found.get("expires_in")
        life_s = float(life) if isinstance(life, int | float) else _LIFE_S
        self._token, self._until = str(found["access_token"]), asked + life_s - min(MARGIN_S, life_s / 5)
        return self._token

    def forget(self, token: str) -> None:
        """The hub does not take it any more."""
        if self._token == token:
            self._token = ""


class Session:
    """One client's way of asking.

    Args:
        clock: monotonic seconds. chance: random numbers from 0 to 1.
    """

    def __init__(
        self,
        account: Account,
        patience: Patience,
        *,
        clock: Callable[[], float] = time.monotonic,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.account = account
        self.tokens = Tokens(account, clock)
        self._patience = patience
        self._clock = clock
        self._chance = chance

    def deadline(self) -> float:
        """When a call that begins now has to end, by the clock."""
        return self._clock() + self._patience.deadline_s

    def ask(self, request: Request, end: float, understood: Callable[[Reply], bool] = lambda _: True) -> Steps[Reply]:
        """The hub's answer, whatever it says, as long as it settles the matter.

        Args:
            understood: whether an answer says what it must; one that does not is as good as none.

        Raises:
            NotAcknowledged: there was none before `end`. HubRefused: no token is given or taken.
        """
        return (yield from self._insisting(lambda: self._asked(request, end, understood), end))

    def bearer(self) -> Steps[str]:
        """A token. Raises: as `ask`."""
        end = self.deadline()
        return (yield from self._insisting(lambda: self.tokens.steps(self._left(end)), end))

    def _insisting(self, attempt: Callable[[], Steps[_T]], end: float) -> Steps[_T]:
        for number in itertools.count():
            try:
                return (yield from attempt())
            except Trouble as trouble:
                most = min(self._patience.most_s, self._patience.first_s * 2.0 ** min(number, 30))
                wait_s = trouble.wait_s + self._chance() * most
                if self._clock() + wait_s >= end:
                    tries = f"tried {number + 1} times within {self._patience.deadline_s:g} s"
                    raise NotAcknowledged(f"{trouble}; {tries}, send the same again later") from None
            yield Pause(wait_s)
        raise AssertionError  # count never ends

    def _asked(self, request: Request, end: float, understood: Callable[[Reply], bool]) -> Steps[Reply]:
        for renewed in (False, True):
            token = yield from self.tokens.steps(self._left(end))
            headers = {**request.headers, "authorization": f"Bearer {token}"}
            heard = yield replace(request, headers=headers, timeout_s=self._left(end))
            reply = _settled(heard, request.url)
            if not understood(reply):
                raise Trouble(f"{request.url} answered {reply.status} with something else than the hub's words")
            if reply.status != _UNAUTHORIZED:
                return reply
            self.tokens.forget(token)
            if renewed:
                raise refusal(reply, request.url)
        raise AssertionError  # the second time returns or raises

    def _left(self, end: float) -> float:
        return max(0.1, min(self._patience.attempt_s, end - self._clock()))


def refusal(reply: Reply, url: str) -> HubRefused:
    """What the hub says against a request as a whole."""
    found = _object(reply)
    said = str(found.get("detail") or found.get("error_description") or found.get("error") or "")
    where = reply.headers.get("location", "")
    told = said or (f"it points to {where}; use that address" if where else "without saying why; is it the hub?")
    return HubRefused(f"{url} answered {reply.status}: {told[:_SHOWN]}", reply.status)


def claims_of(token: str) -> dict[str, Any]:
    """What a token says of its bearer; unproved, for showing only."""
    try:
        body = token.split(".")[1]
        found = msgspec.json.decode(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    except (IndexError, binascii.Error, msgspec.DecodeError, UnicodeDecodeError):
        return {}
    return found if isinstance(found, dict) else {}


def _settled(heard: Heard, url: str) -> Reply:
    if not isinstance(heard, Reply):
        raise Trouble(heard.why if isinstance(heard, NoReply) else f"{url}: no answer")
    if heard.status in _LATER or heard.status >= _FAULTS:
        raise Trouble(str(refusal(heard, url)), _retry_after(heard))
    return heard


def _retry_after(reply: Reply) -> float:
    """Seconds, also when it is given as a date."""
    said = reply.headers.get("retry-after", "").strip()
    if said.isascii() and said.isdigit():
        return float(said[:9])
    try:
        until = parsedate_to_datetime(said)
        now = parsedate_to_datetime(reply.headers.get("date", ""))
    except (TypeError, ValueError):
        return 0.0
    return max(0.0, (until.astimezone(UTC) - now.astimezone(UTC)).total_seconds())


def _no_token(account: Account, heard: Heard, found: dict[str, Any]) -> Exception:
    if not isinstance(heard, Reply) or heard.status == _OK:
        return Trouble(f"{account.tokens_at} answered without a token")
    said = refusal(heard, account.tokens_at)
    if not found.get("error"):
        return HubRefused(f"{said}; no tokens are given there: check CITYHUB_URL and CITYHUB_TOKEN_URL", said.status)
    told = f"no token for client {account.client}: check CITYHUB_CLIENT and CITYHUB_SECRET, or whether it was revoked"
    return HubRefused(f"{said}; {told}", said.status)


def _object(reply: Reply) -> dict[str, Any]:
    try:
        found = msgspec.json.decode(reply.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def now() -> datetime:
    """The clock of judgements."""
    return datetime.now(UTC)
