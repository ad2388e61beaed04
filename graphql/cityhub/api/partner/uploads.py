"""`/v1/uploads`: a partner's tables, handed in by people or programs (docs/uploads.md).

Who may: publishers, for sources of their token's organisation. What a browser sends comes through the guard of the web
application, which looks at Origin and Fetch Metadata.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from cityhub.adapters.doors.http import RETRY_S, Refused, partner_of
from cityhub.adapters.errors import UploadRefused, UploadsAway
from cityhub.adapters.tabular import template
from cityhub.adapters.tabular.entry import entries
from cityhub.adapters.tabular.form import Form, Table
from cityhub.adapters.tabular.uploads import Uploads
from cityhub.api.app import PrincipalOf
from cityhub.api.partner.answering import answering
from cityhub.api.problem import problem

_STATUS = {
    "unknown": HTTPStatus.NOT_FOUND,
    "gone": HTTPStatus.NOT_FOUND,
    "empty": HTTPStatus.BAD_REQUEST,
    "columns": HTTPStatus.BAD_REQUEST,
    "too_large": HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    "nothing_in_it": HTTPStatus.CONFLICT,
    "committed": HTTPStatus.CONFLICT,
    "full": HTTPStatus.TOO_MANY_REQUESTS,
    "busy": HTTPStatus.SERVICE_UNAVAILABLE,
}
_TEMPLATES = {
    "csv": "text/csv; charset=utf-8",
    "jsonl": "application/x-ndjson",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_cells = msgspec.json.Decoder(dict[str, str])


class UploadRoutes:
    """The routes' handlers."""

    def __init__(self, uploads: Uploads, principal_of: PrincipalOf) -> None:
        self._uploads = uploads
        self._principal_of = principal_of

    def routes(self) -> list[Route]:
        """To be put on a server."""
        staged = "/v1/uploads/{feed}/staged/{id}"
        handlers: Sequence[tuple[str, str, Callable[[Request], Awaitable[object]]]] = (
            ("GET", "/v1/uploads", self._tables),
            ("GET", staged, self._look),
            ("DELETE", staged, self._discard),
            ("POST", f"{staged}/commit", self._commit),
            ("POST", "/v1/uploads/{feed}/{table}", self._stage),
            ("POST", "/v1/uploads/{feed}/{table}/row", self._row),
        )
        found = [Route(path, _refusing(answering(one)), methods=[method]) for method, path, one in handlers]
        file = Route("/v1/uploads/{feed}/{table}/template.{ending}", _refusing(self._template), methods=["GET"])
        return [*found, file]

    async def _partner(self, request: Request) -> str:
        return partner_of(await self._principal_of(request))

    async def _tables(self, request: Request) -> object:
        partner = await self._partner(request)
        return {"tables": [_told(form, table) for form in self._uploads.forms(partner) for table in form.tables]}

    async def _look(self, request: Request) -> object:
        return await asyncio.to_thread(self._uploads.look, *(await self._asked(request, "id")))

    async def _commit(self, request: Request) -> object:
        return await asyncio.to_thread(self._uploads.commit, *(await self._asked(request, "id")))

    async def _discard(self, request: Request) -> object:
        await asyncio.to_thread(self._uploads.discard, *(await self._asked(request, "id")))
        return {"discarded": request.path_params["id"]}

    async def _stage(self, request: Request) -> object:
        asked = await self._asked(request, "table")
        return await asyncio.to_thread(self._uploads.stage, *asked, await request.body())

    async def _row(self, request: Request) -> object:
        asked = await self._asked(request, "table")
        try:
            cells = _cells.decode(await request.body())
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            text = f"the body is no JSON object of texts by column: {error}"
            raise Refused(HTTPStatus.BAD_REQUEST, text) from error
        return await asyncio.to_thread(self._uploads.stage_row, *asked, cells)

    async def _asked(self, request: Request, what: str) -> tuple[str, str, str]:
        """Partner, feed, and the table or id."""
        return await self._partner(request), request.path_params["feed"], request.path_params[what]

    async def _template(self, request: Request) -> Response:
        _, table = self._uploads.find(*(await self._asked(request, "table")))
        ending = request.path_params["ending"]
        if ending not in {table.form, "xlsx"}:
            raise UploadRefused("unknown", f"there is no template.{ending[:20]}; take {table.form} or xlsx")
        body = await asyncio.to_thread(template.workbook if ending == "xlsx" else template.plain, table)
        headers = {"Content-Disposition": f'attachment; filename="{table.file("vorlage", ending)}"'}
        return Response(body, media_type=_media(table, ending), headers=headers)


def _media(table: Table, ending: str) -> str:
    return _TEMPLATES[ending].replace("utf-8", "windows-1252" if table.encoding == "cp1252" else "utf-8")


def _refusing(endpoint: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        try:
            return await endpoint(request)
        except Refused as refused:
            return problem(refused.status, str(refused), headers=refused.headers)
        except UploadRefused as refused:
            later = {"Retry-After": str(RETRY_S)} if refused.reason in {"busy", "full"} else None
            return problem(_STATUS[refused.reason], str(refused), headers=later, reason=refused.reason)
        except UploadsAway as away:
            return problem(HTTPStatus.SERVICE_UNAVAILABLE, str(away), reason="uploads_away")

    return answer


def _told(form: Form, table: Table) -> Mapping[str, Any]:
    where = f"/v1/uploads/{form.feed}/{table.name}"
    return {
        "feed": form.feed,
        "table": table.name,
        "title": form.title,
        "post": where,
        "templates": [f"{where}/template.{ending}" for ending in (table.form, "xlsx")],
        "columns": [
            {"column": one.column, "kind": one.kind, "required": one.required, "choices": one.choices}
            for one in entries(table)
        ],
    }
