"""Where each partner's system is: the simulated city's, unless the file `CITYHUB_SOURCES` names another.

city.appointments:
  url: https://termine.example/journal
  secret_file: /run/secrets/termine      # token or password; its last line break does not count
  every_s: 30                            # seconds between two questions
wbd.bins: {enabled: false}
city.roadworks:
  url: https://verkehr.example/datex
  also: [https://autobahn.example/A40/services/roadworks]   # of a source that may have several addresses
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
import yaml
from msgspec import Struct

from cityhub.adapters.catalogue import ADAPTERS
from cityhub.adapters.city.order_office.inbox import Inbox
from cityhub.adapters.dvv.transit.source import DVV_TRANSIT, ControlCentre
from cityhub.adapters.kit.adapter import Link
from cityhub.adapters.kit.folder_adapter import folder_of
from cityhub.adapters.kit.source import Source
from cityhub.adapters.tabular.form import shipped
from cityhub.hub.errors import Misconfigured
from cityhub.hub.settings import Settings
from cityhub.sdk import plain_yaml

SCHEMES = {"http": ("http", "https"), "mqtt": ("mqtt", "mqtts"), "folder": ("file",), "tcp": ("tcp",)}
"""Of addresses, by transport."""
LONGEST_PAUSE_S = 300.0
FOLDER_PAUSE_S = 30.0
"""A folder is looked into this often, however seldom something is put there: it asks nothing of anybody."""
BREATH_S = 1.0


class Named(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the file says of a source; `every_s` 0 = as the source's declaration suggests."""

    url: str = ""
    also: tuple[str, ...] = ()
    secret_file: str = ""
    every_s: float = 0.0
    enabled: bool = True


class Place(Struct, frozen=True):
    """A source that is read. Attributes: every_s: seconds between two questions."""

    source: Source
    link: Link
    every_s: float


def places(settings: Settings) -> list[Place]:
    """All sources that are read, by feed.

    Raises:
        Misconfigured: every problem of the file at once.
    """
    named = _named(settings)
    problems = [f"{feed}: {problem}" for feed, one in named.items() for problem in _problems(feed, one)]
    if problems:
        raise Misconfigured(f"{settings.sources} is wrong:\n" + "\n".join(f"  {problem}" for problem in problems))
    found = []
    for feed, (source, _) in sorted(ADAPTERS.items()):
        one = named.get(feed, Named())
        if one.enabled and (one.url or settings.city):
            link = Link(
                url=one.url.rstrip("/") or simulated(source, settings),
                synthetic=not one.url,
                secret=_secret(one.secret_file),
                also=tuple(url.rstrip("/") for url in one.also),
            )
            found.append(Place(source, link, one.every_s or _pause_s(source, settings)))
    return found


def control_centre(settings: Settings) -> ControlCentre:
    """Where departures are asked for."""
    return ControlCentre(
        url=settings.transit_url,
        name=settings.transit_centre,
        format=settings.transit_format,
        sender=settings.transit_sender,
        trip_updates_url=settings.transit_trip_updates_url,
        agencies=frozenset(name.strip() for name in settings.transit_agencies.split(";")) - {""},
    )


def table_folders(settings: Settings) -> Mapping[str, Path]:
    """Drop folders of sources that send tables, by feed; no secret is read.

    Raises:
        Misconfigured: the file cannot be read.
    """
    named, found = _named(settings), {}
    for form in shipped():
        one = named.get(form.feed, Named())
        url = one.url or (simulated(form.source, settings) if settings.city else "")
        if one.enabled and urlsplit(url).scheme in SCHEMES["folder"]:
            found[form.feed] = folder_of(url)
    return found


def inbox(settings: Settings) -> Inbox | None:
    """Where audio alerts go; None = nowhere.

    Raises:
        Misconfigured: the file of its secret cannot be read.
    """
    if settings.alerts_url:
        file = settings.alerts_secret_file
        if file and not Path(file).is_file():
            raise Misconfigured(f"CITYHUB_ALERTS_SECRET_FILE = {file!r}: is not there")
        return Inbox(settings.alerts_url, _secret(file))
    if not settings.city:
        return None
    return Inbox(f"http://127.0.0.1:{settings.city_port}{INBOX}", simulated=True)


INBOX = "/city/order-office/inbox"
"""Of the simulated city."""


def simulated(source: Source, settings: Settings) -> str:
    """Address of a source in the simulated city."""
    partner, _, name = source.feed.partition(".")
    if source.transport == "folder":
        return (drop_folder(settings) / source.feed).as_uri()
    if source.transport == "mqtt":
        return f"mqtt://127.0.0.1:{settings.city_mqtt_port}/{name}"
    if source.transport == "tcp":
        return f"tcp://127.0.0.1:{settings.city_ais_port}"
    return f"http://127.0.0.1:{settings.city_port}/{partner}/{name}"


def drop_folder(settings: Settings) -> Path:
    """Where the simulated city puts files, a folder per feed."""
    return settings.data / "city-files"


def _pause_s(source: Source, settings: Settings) -> float:
    """Three times within the interval of the source, but not more often than any, and at least every five minutes.

    What is pushed is listened to all the time: between two questions there is only breath.
    """
    if source.transport in {"mqtt", "tcp"}:
        return BREATH_S
    longest = FOLDER_PAUSE_S if source.transport == "folder" else LONGEST_PAUSE_S
    return max(settings.poll_s, min(longest, source.interval_s / 3))


def _named(settings: Settings) -> Mapping[str, Named]:
    if not settings.sources:
        return {}
    try:
        tree: Any = plain_yaml.load(Path(settings.sources).read_text(encoding="utf-8")) or {}
        return msgspec.convert(tree, dict[str, Named])
    except (OSError, UnicodeDecodeError, yaml.YAMLError, msgspec.ValidationError) as error:
        raise Misconfigured(f"{settings.sources} cannot be read as the list of sources: {error}") from error


def _problems(feed: str, one: Named) -> Iterator[str]:
    if feed == DVV_TRANSIT.feed:
        yield "its address is the setting CITYHUB_TRANSIT_URL; take it out of this file"
        return
    if feed not in ADAPTERS:
        near = difflib.get_close_matches(feed, ADAPTERS, n=1, cutoff=0.5)
        yield f"no such source; did you mean {near[0]}?" if near else "no such source; `cityhub adapter list` has all"
        return
    source = ADAPTERS[feed][0]
    for url in (one.url, *one.also):
        yield from _wrong_address(url, SCHEMES[source.transport])
    if one.also and not (source.several and one.url):
        yield "also: only a source that may have several addresses takes it, beside its url"
    if len({*one.also, one.url}) <= len(one.also):
        yield "also: an address stands twice; each is read once"
    if one.every_s < 0:
        yield f"every_s {one.every_s}: must be seconds, more than 0"
    if one.secret_file and not Path(one.secret_file).is_file():
        yield f"secret_file {one.secret_file!r}: is not there"


def _wrong_address(url: str, schemes: tuple[str, ...]) -> Iterator[str]:
    if url and urlsplit(url).scheme not in schemes:
        yield f"url {url!r}: must begin with {' or '.join(f'{scheme}://' for scheme in schemes)}"
    if urlsplit(url).password:
        yield "url holds a password, which would be shown; put it into a file and name it as secret_file"


def _secret(file: str) -> str:
    return Path(file).read_text(encoding="utf-8").strip() if file else ""
