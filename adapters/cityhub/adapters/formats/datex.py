"""What all publications of DATEX II have in common, version 2.3 or 3; see `xml_items` for names and versions."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from cityhub.adapters.errors import FeedFault
from cityhub.adapters.formats.json_items import Instant
from cityhub.adapters.formats.xml_items import Element, records, value

_POINTS = ("locationForDisplay", "coordinatesForDisplay", "pointCoordinates")


def publication_time(root: Element) -> Instant:
    """When a publication was made.

    Raises:
        FeedFault: `parse`, there is none, or it has no offset.
    """
    text = next((one.text for _, one in records(root, "publicationTime")), None)
    try:
        return msgspec.convert((text or "").strip(), Instant)
    except msgspec.ValidationError as error:
        raise FeedFault(
            "parse", f"publicationTime is {text!r}; a publication of DATEX II has one, with its offset"
        ) from error


def point(element: Element) -> tuple[str | None, str | None]:
    """Latitude and longitude of a location as they are written.

    Where it is shown, else the first point, else the middle of the line; in this order of exactness.
    """
    for name in _POINTS:
        for found in element.iterdescendants(f"{{*}}{name}"):
            return value(found, "latitude"), value(found, "longitude")
    numbers = next(texts(element, "posList"), "").split()
    middle = len(numbers) // 4 * 2
    return (numbers[middle], numbers[middle + 1]) if len(numbers) > 1 else (None, None)


def texts(element: Element, name: str) -> Iterator[str]:
    """Of all elements of a name that hold text, not others."""
    return (text for one in element.iterdescendants(f"{{*}}{name}") if (text := (one.text or "").strip()))
