"""The city's GraphQL schema over a room: the same queries, answered by the tenant's numbers and clock."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime
from functools import cache
from typing import Any

from cityhub.api.context import Context
from cityhub.api.schema import HubSchema, build_schema
from cityhub.kpi.values import KpiValue
from cityhub.sandbox.room.both import BothProofs, BothReaders
from cityhub.sandbox.room.counts import Counts
from cityhub.sdk.principal import Principal

_TENANT = Principal(subject="tenant", organisation="sandbox", roles=frozenset({"startup"}), expires_at=1 << 40)


class _NothingLive:
    """Subscriptions are the feed's."""

    async def subscribe(self, kpi_id: str | None) -> AsyncIterator[KpiValue]:
        return
        yield  # makes it a generator


def query(
    counts: Counts, now: datetime, document: str, variables: dict[str, Any], operation: str | None
) -> dict[str, Any]:
    """Answer a query as the API does: `data`, `errors`, and `extensions` with its cost.

    Args:
        now: what the tenant's clock shows.
    """
    context = Context(
        principal=_TENANT,
        reader=BothReaders(counts.reader, counts.own()),
        live=_NothingLive(),
        feeds=tuple,
        clock=lambda: now,
        request_id="sandbox",
        streams=False,
        proofs=BothProofs(counts.proofs),
    )
    asked = _schema().execute(document, variable_values=variables, context_value=context, operation_name=operation)
    result = asyncio.run(asked)
    said: dict[str, Any] = {"data": result.data}
    if result.errors:
        said["errors"] = [error.formatted for error in result.errors]
    if result.extensions:
        said["extensions"] = result.extensions
    return said


@cache
def _schema() -> HubSchema:
    return build_schema()
