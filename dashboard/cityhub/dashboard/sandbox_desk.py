"""What the screen asks of the sandbox, and what it gets. The composition root puts both together: siblings stay apart.

Shapes are those of `/v1/sandbox` (docs/sandbox.md).
"""

from __future__ import annotations

from collections.abc import Coroutine, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Literal, Protocol, TypeVar

from msgspec import Struct

from cityhub.kpi.values import KpiValue, WindowKind
from cityhub.sdk.principal import Principal
from cityhub.sdk.text import Text

Answer = TypeVar("Answer")


class SandboxTrouble(Exception):  # noqa: N818 - an answer, not a failure
    """Root of what a desk raises. Attributes: lines = each with value and remedy; without German, `de` is ""."""

    def __init__(self, *lines: Text) -> None:
        super().__init__("\n".join(one.en for one in lines))
        self.lines = lines


class NoSuchTenant(SandboxTrouble):
    """There is none of that name for whoever asks, or they may not see the sandbox at all."""


class SandboxRefused(SandboxTrouble):
    """What was asked for is not valid, too much, or not there."""


class SandboxAway(SandboxTrouble):
    """Nobody answers now."""


class KeyLife(Struct, frozen=True, kw_only=True):
    """How long a tenant's key is good. Attributes: used = newest request with it, None = there was none yet."""

    made: datetime
    expires: datetime
    used: datetime | None
    state: Literal["good", "ends-soon", "over"]


class Tenant(Struct, frozen=True, kw_only=True):
    """A tenant as its startup sees it.

    Attributes:
        origins: web pages that browsers may ask from. key: of its programs; None where none of its own is recorded.
    """

    name: str
    organisation: str
    created: datetime
    expires: datetime
    origins: tuple[str, ...] = ()
    key: KeyLife | None = None


class Key(Struct, frozen=True):
    """Client credentials. Attributes: secret = told once."""

    client: str
    secret: str


class Made(Struct, frozen=True):
    """Attributes: key = None where the tenant was there already."""

    tenant: Tenant
    key: Key | None


class Play(Struct, frozen=True, kw_only=True):
    """The day that is replayed. Attributes: streams = empty: all."""

    day: date
    seed: int
    streams: tuple[str, ...] = ()
    loop: bool = False


class Where(Struct, frozen=True):
    """Which events an inject is for; empty = all."""

    types: tuple[str, ...] = ()
    subjects: tuple[str, ...] = ()
    boroughs: tuple[str, ...] = ()


class Inject(Struct, frozen=True, rename={"since": "from"}):
    """Something that goes wrong. Attributes: until = None: for ever; share = of the events, 0 to 1."""

    kind: str
    since: datetime | None = None
    until: datetime | None = None
    where: Where = Where()
    share: float = 1.0


class Standing(Struct, frozen=True, kw_only=True):
    """A tenant's room now.

    Attributes:
        now: virtual time up to which everything has happened. behind_s: virtual seconds behind the clock.
        speed: virtual seconds per real one. frozen_at: None while the clock runs or is on its way (`rushing_to`).
        cursor: number of the log's newest entry.
    """

    now: datetime
    speed: float
    frozen_at: datetime | None
    rushing_to: datetime | None
    behind_s: float
    lap: int
    play: Play | None
    ends: datetime | None
    events: int
    injects: tuple[Inject, ...]
    kpis: tuple[str, ...]
    cursor: int


class Entry(Struct, frozen=True):
    """An entry of a tenant's log. Attributes: kind = event, value or refused; says = its body, in short."""

    cursor: int
    kind: str
    name: str
    at: datetime
    says: str


class Request(Struct, frozen=True):
    """A request to a tenant. Attributes: took_ms = until the first byte."""

    at: datetime
    method: str
    path: str
    status: int
    took_ms: int


class Usage(Struct, frozen=True, kw_only=True):
    """What a tenant has asked, and may ask: `left` of `quota` requests until the window of `window_s` is over.

    Attributes:
        refused: were too many. lately: newest first.
    """

    requests: int
    refused: int
    quota: int
    window_s: int
    left: int
    lately: tuple[Request, ...]


class Side(Struct, frozen=True):
    """One number of a comparison. Attributes: n = events behind it."""

    value: float | None
    n: int
    label: str


class Line(Struct, frozen=True, kw_only=True):
    """A window in which two KPIs differ. Attributes: None = it has no number; difference = own − city."""

    start: datetime
    end: datetime
    scope: str
    own: Side | None
    city: Side | None
    difference: float | None
    same_events: bool


class Comparison(Struct, frozen=True, kw_only=True):
    """Own KPI and the city's in their finest common window. Attributes: windows, differing = how many."""

    own: str
    city: str
    window: WindowKind
    unit: str
    windows: int
    differing: int
    lines: tuple[Line, ...]


class Course(Struct, frozen=True):
    """A comparison with all values of both for the city, oldest first."""

    comparison: Comparison
    own: tuple[KpiValue, ...]
    city: tuple[KpiValue, ...]


class CityKpi(Struct, frozen=True):
    """A KPI of the city that tenants see."""

    id: str
    name: Text


class Offer(Struct, frozen=True):
    """What a tenant can work with."""

    streams: tuple[str, ...]
    injects: tuple[str, ...]
    kpis: tuple[CityKpi, ...]


class Doors(Struct, frozen=True):
    """Addresses for programs. Attributes: hub = origin; token = of the token endpoint; client = of the tenant."""

    hub: str
    token: str
    client: str


class SandboxDesk(Protocol):
    """Speaks for whoever looks: whose tenants are meant follows from the principal alone.

    What is async belongs to the server's event loop and raises SandboxTrouble.
    """

    def admits(self, who: Principal | None) -> bool:
        """Whether somebody may see the sandbox."""
        ...

    def chooses(self, who: Principal | None) -> bool:
        """Whether somebody makes tenants for organisations of any name."""
        ...

    def offer(self) -> Offer: ...
    def doors(self, tenant: str) -> Doors: ...
    def waited(self, asking: Coroutine[Any, Any, Answer]) -> Answer:
        """What something async says, for a thread that draws; SandboxAway where it takes too long."""
        ...

    async def tenants(self, who: Principal | None) -> Sequence[Tenant]: ...
    async def tenant(self, who: Principal | None, name: str) -> Tenant: ...
    async def create(
        self, who: Principal | None, name: str, days: int, organisation: str, key_days: int | None
    ) -> Made:
        """Make a tenant. Args: key_days = None: its key is good as long as the tenant."""
        ...

    async def rotate(self, who: Principal | None, name: str, key_days: int | None) -> Made:
        """Another key, in any case; the one before ends."""
        ...

    async def allow(self, who: Principal | None, name: str, origins: Sequence[str]) -> Tenant: ...
    async def delete(self, who: Principal | None, name: str) -> None: ...
    async def usage(self, who: Principal | None, name: str) -> Usage: ...
    async def newest(self, who: Principal | None, name: str, kinds: Sequence[str]) -> Sequence[Entry]:
        """Newest entries of these kinds, newest first; no kind = of all."""
        ...

    async def ask(self, who: Principal | None, name: str, command: Mapping[str, Any], answer: type[Answer]) -> Answer:
        """What a tenant's room says to a command, such as `{"do": "stand"}`."""
        ...

    async def course(self, who: Principal | None, name: str, own: str, city: str) -> Course: ...
