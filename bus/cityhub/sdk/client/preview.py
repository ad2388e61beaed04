"""Which numbers an event would change: asked of the hub before it is sent, and nothing is written."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus

import msgspec
from msgspec import Struct

from cityhub.sdk import codec
from cityhub.sdk.client.session import Session, refusal
from cityhub.sdk.client.wire import Reply, Request, Steps
from cityhub.sdk.event import Event

PATH = "/v1/partner/preview"


class Change(Struct, frozen=True):
    """A window whose number would change.

    Attributes:
        window: its kind, such as `hour`; that of `year-to-date` stands for all later days of its year. start, end:
            half-open. scope: `city` or a borough. dimensions: name and value, such as line and 901.
    """

    kpi: str
    window: str
    start: datetime
    end: datetime
    scope: str = "city"
    dimensions: tuple[tuple[str, str], ...] = ()


class _Told(Struct):
    changes: list[Change]


_read = msgspec.json.Decoder(_Told).decode


def steps(session: Session, event: Event, before: Event | None) -> Steps[list[Change]]:
    """Ask the hub.

    Args:
        before: the version of the same entity that counts now, for corrections and retractions.

    Raises:
        HubRefused: it does not take the event, and says why. NotAcknowledged: it does not answer.
    """
    both = [event] if before is None else [before, event]
    kind, body = (codec.STRUCTURED, codec.encode(event)) if before is None else (codec.BATCH, codec.encode_batch(both))
    url = f"{session.account.url}{PATH}"
    request = Request(url=url, method="POST", headers={"content-type": kind}, content=body)
    reply = yield from session.ask(request, session.deadline(), _settles)
    if reply.status != HTTPStatus.OK:
        raise refusal(reply, url)
    return _read(reply.body).changes


def _settles(reply: Reply) -> bool:
    """Whether it is an answer of the hub; one of a network on the way is none."""
    if reply.status != HTTPStatus.OK:
        return True
    try:
        _read(reply.body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False
    return True
