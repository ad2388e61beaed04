"""Why a client cannot send, looked for in the order in which things depend on each other."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from msgspec import Struct

from cityhub.sdk import codec
from cityhub.sdk.client.delivery import Delivery, Parcel, Result
from cityhub.sdk.client.session import Patience, Session, claims_of
from cityhub.sdk.client.wire import Blocking, Heard, NoReply, Reply, Request, Steps
from cityhub.sdk.contract import Contract, Contracts
from cityhub.sdk.errors import Undelivered
from cityhub.sdk.event import FUTURE_TOLERANCE
from cityhub.sdk.sample import first_event

ROLE = "partner-publisher"
MOST_SKEW_S = 60
_READABLE = ", unencrypted: whoever is on the way can read the secret; ask for an https:// address"
PATIENCE = Patience(deadline_s=15, attempt_s=10)


class Check(Struct, frozen=True, kw_only=True):
    """What was found. Attributes: remedy: what to do, "" when it is well."""

    name: str
    ok: bool
    detail: str
    remedy: str = ""


class _Ill(Exception):  # noqa: N818 - a finding
    def __init__(self, detail: str, remedy: str) -> None:
        super().__init__(detail)
        self.remedy = remedy


class Doctor:
    """One client's examination.

    Args:
        session: with `PATIENCE`.
        types: event types that are to be known to the hub; () = all of the partner's in this package.
        wall: now, with time zone.
    """

    def __init__(
        self,
        session: Session,
        driver: Blocking,
        contracts: Contracts,
        wall: Callable[[], datetime],
        types: Sequence[str] = (),
    ) -> None:
        self._session = session
        self._account = session.account
        self._driver = driver
        self._contracts = contracts
        self._wall = wall
        self._types = types
        self._reply = Reply(0)
        self._at = wall()
        self._partner = session.account.partner

    def checks(self) -> Iterator[Check]:
        """Each finding as it is made; the first that is not ok is the last."""
        looks = {
            "address": self._address,
            "token": self._token,
            "role": self._role,
            "clock": self._clock,
            "door": self._door,
            "contracts": self._known,
        }
        for name, look in looks.items():
            try:
                yield Check(name=name, ok=True, detail=look())
            except _Ill as ill:
                yield Check(name=name, ok=False, detail=str(ill), remedy=ill.remedy)
                return

    def _address(self) -> str:
        url = f"{self._account.url}/livez"
        heard = self._driver.run(_once(Request(url=url, timeout_s=PATIENCE.attempt_s)))
        self._at = self._wall()
        if not isinstance(heard, Reply):
            why = heard.why if isinstance(heard, NoReply) else "no answer"
            raise _Ill(why, "check CITYHUB_URL, then name resolution, certificate, proxy and firewall on the way")
        self._reply = heard
        return f"{self._account.url} answers{'' if _is_private(self._account.url) else _READABLE}"

    def _token(self) -> str:
        try:
            self._driver.run(self._session.bearer())
        except Undelivered as error:
            remedy = (
                f"the hub's operator sees the client with `cityhub partner list`; tokens: {self._account.tokens_at}"
            )
            raise _Ill(str(error), remedy) from error
        return f"client {self._account.client} gets a token"

    def _role(self) -> str:
        claims = claims_of(self._driver.run(self._session.bearer()))
        access = claims.get("realm_access")
        roles = access.get("roles", ()) if isinstance(access, dict) else ()
        partner = claims.get("organisation")
        ask = f"ask the hub's operator to onboard {self._account.partner or 'you'} with `cityhub partner onboard`"
        if ROLE not in roles:
            raise _Ill(f"the token has not the role {ROLE}", ask)
        if not isinstance(partner, str) or not partner:
            raise _Ill("the token has no claim organisation", ask)
        if self._account.partner not in {"", partner}:
            raise _Ill(f"client {self._account.client} speaks for {partner}", ask)
        self._partner = partner
        return f"{ROLE} of {partner}"

    def _clock(self) -> str:
        try:
            theirs = parsedate_to_datetime(self._reply.headers.get("date", "")).astimezone(UTC)
        except (TypeError, ValueError):
            return "the hub does not tell its time"
        skew = (self._at - theirs).total_seconds()
        if abs(skew) > MOST_SKEW_S:
            where = "ahead of" if skew > 0 else "behind"
            tolerated = FUTURE_TOLERANCE.seconds // 60
            remedy = (
                f"set it by NTP: events more than {tolerated} minutes in the future are refused, others count wrongly"
            )
            raise _Ill(f"this clock is {abs(skew):.0f} s {where} the hub's", remedy)
        return f"{abs(skew):.0f} s beside the hub's"

    def _door(self) -> str:
        own = self._own() or list(self._contracts.values())
        self._judged(own[:1], "the role is there, the door is not: show this to the hub's operator")
        return f"{self._account.url}/v1/events answers"

    def _known(self) -> str:
        unknown = [type_ for type_ in self._types if type_ not in self._contracts]
        update = "install the current cityhub-sdk, or ask the hub's operator for the contract"
        if unknown:
            raise _Ill(f"this package has no contract for {', '.join(unknown)}", update)
        own = self._own()
        if not own:
            raise _Ill(f"this package has no contract of {self._partner}", update)
        for contract, result in zip(own, self._judged(own, update), strict=True):
            if result.status != "valid":
                raise _Ill(f"{contract.type}: the hub says {result.reason}: {result.detail}", update)
        return f"{len(own)} types, the hub reads them as this package does"

    def _own(self) -> list[Contract]:
        named = [self._contracts[type_] for type_ in self._types if type_ in self._contracts]
        return named or [one for one in self._contracts.values() if one.partner == self._partner]

    def _judged(self, contracts: Sequence[Contract], remedy: str) -> list[Result]:
        """What the hub says of a first event of each type; it writes none."""
        events = [first_event(contract, self._wall().replace(microsecond=0)) for contract in contracts]
        parcels = [Parcel(event.id, codec.encode(event)) for event in events]
        try:
            return self._driver.run(Delivery(self._session).deliver(parcels, only_judge=True))
        except Undelivered as error:
            raise _Ill(str(error), remedy) from error


def as_text(check: Check) -> str:
    """A line, and what to do below it."""
    return f"{'ok  ' if check.ok else 'FAIL'} {check.name}: {check.detail}" + (
        check.remedy and f"\n     {check.remedy}"
    )


def _is_private(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme == "https" or parts.hostname in {"127.0.0.1", "::1", "localhost"}


def _once(request: Request) -> Steps[Heard]:
    return (yield request)
