"""Jobs of an orchestrator as OData 4: their shape, nothing else."""

from __future__ import annotations

from typing import Annotated, Literal
from urllib.parse import parse_qs, urlsplit

import msgspec
from msgspec import Meta, Raw, Struct, field

from cityhub.adapters.errors import FeedFault
from cityhub.adapters.formats.json_items import Id, Instant, parse_items, parse_json
from cityhub.adapters.kit.reject import Reject

FIELDS = "Key,ReleaseName,State,StartTime,EndTime,OutputArguments"
"""What is asked for: neither robot nor machine, input or message."""


class Output(Struct, frozen=True):
    """What a process says at its end. Attributes: manual_s: seconds that a person would have needed."""

    manual_s: int | None = field(name="HandzeitSekunden", default=None)


class Job(Struct, frozen=True):
    """A job. Attributes: output: JSON as text."""

    key: Id = field(name="Key")
    process: Id = field(name="ReleaseName")
    state: Literal[
        "Successful", "Faulted", "Stopped", "Pending", "Running", "Stopping", "Terminating", "Suspended", "Resumed"
    ] = field(name="State")
    started: Instant | None = field(name="StartTime", default=None)
    ended: Instant | None = field(name="EndTime", default=None)
    output: Annotated[str, Meta(max_length=1_000_000)] | None = field(name="OutputArguments", default=None)


class Page(Struct, frozen=True):
    """An answer."""

    jobs: tuple[Raw, ...] = field(name="value")
    next_link: str | None = field(name="@odata.nextLink", default=None)


_page = msgspec.json.Decoder(Page)
_job = msgspec.json.Decoder(Job)
_output = msgspec.json.Decoder(Output)


def parse(body: bytes) -> tuple[int | None, list[tuple[str, Job]], list[Reject]]:
    """How many jobs the next page passes over (None: there is none), the well-formed jobs with their paths, the others.

    Raises:
        FeedFault: `parse` or `too_many_values`.
    """
    page = parse_json(body, _page, "a page of jobs")
    jobs, rejects = parse_items(page.jobs, _job, "value")
    return _skip(page.next_link), jobs, rejects


def manual_s(job: Job) -> int | None:
    """As the job's output says it.

    Raises:
        ValueError: the output is no JSON object, or the number is none.
    """
    return None if not job.output else _output.decode(job.output).manual_s


def _skip(link: str | None) -> int | None:
    """Only the number is used: where to ask says our own settings, never an answer."""
    if link is None:
        return None
    skips = parse_qs(urlsplit(link).query).get("$skip", [])
    if len(skips) != 1 or not (skips[0].isascii() and skips[0].isdigit()):
        raise FeedFault("parse", f"@odata.nextLink {link[:200]!r} has no $skip; jobs must be paged by it")
    return int(skips[0])
