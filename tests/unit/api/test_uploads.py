"""`/v1/uploads`: who may, what is answered, and that nothing is said of others' tables."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from starlette.applications import Starlette

from cityhub.adapters.tabular import uploads as module
from cityhub.adapters.tabular.uploads import Uploads
from cityhub.api.partner.uploads import UploadRoutes
from cityhub.sdk.principal import Principal

TABLE = "/v1/uploads/imd.bim/bim-modelle"
BODY = "Gebäude;Stand;Fläche (m²)\r\nrathaus;01.10.2026;1.418\r\n".encode()


def principal(*roles: str, organisation: str = "imd") -> Principal:
    return Principal(subject="anna", organisation=organisation, roles=frozenset(roles))


PUBLISHER = principal("partner-publisher")
OTHERS = {
    "nobody": (None, 401),
    "admin who is no publisher": (principal("partner-admin"), 403),
    "operator": (principal("hub-operator", organisation=""), 403),
    "leadership": (principal("leadership", organisation="city"), 403),
    "startup": (principal("startup", "partner-publisher", organisation="startup-demo"), 403),
    "no organisation": (principal("partner-publisher", organisation=""), 403),
    "another partner": (principal("partner-publisher", organisation="dvv"), 404),
}


class Hub:
    """The routes over a folder. Attribute: caller = who asks."""

    def __init__(self, root: Path) -> None:
        self.caller: Principal | None = PUBLISHER
        self.folder = root / "imd.bim"
        self.folder.mkdir()
        uploads = Uploads({"imd.bim": self.folder}, lambda _: {}, lambda: datetime.now(UTC))

        async def principal_of(_: object) -> Principal | None:
            return self.caller

        app = Starlette(routes=list(UploadRoutes(uploads, principal_of).routes()))
        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://hub")

    async def stage(self) -> str:
        answer = await self.http.post(TABLE, content=BODY)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["id"])


@pytest_asyncio.fixture
async def hub(tmp_path: Path) -> AsyncIterator[Hub]:
    found = Hub(tmp_path)
    async with found.http:
        yield found


async def test_a_table_goes_its_whole_way(hub: Hub) -> None:
    (told,) = (await hub.http.get("/v1/uploads")).json()["tables"]
    assert (told["feed"], told["table"], told["post"]) == ("imd.bim", "bim-modelle", TABLE)
    assert {one["column"]: one["kind"] for one in told["columns"]} == {
        "Gebäude": "text",
        "Stand": "instant",
        "Fläche (m²)": "integer",
    }
    answer = (await hub.http.post(told["post"], content=BODY)).json()
    assert (answer["report"]["new"], answer["report"]["refused"], answer["committed"]) == (1, 0, False)
    staged = f"/v1/uploads/imd.bim/staged/{answer['id']}"
    assert (await hub.http.get(staged)).json() == answer
    done = (await hub.http.post(f"{staged}/commit")).json()
    assert done == answer | {"committed": True}
    assert (hub.folder / done["file"]).read_bytes() == BODY
    refused = await hub.http.delete(staged)
    assert (refused.status_code, refused.json()["reason"]) == (409, "committed")


async def test_a_row_and_a_change_of_mind(hub: Hub) -> None:
    row = {"Gebäude": "rathaus", "Stand": "01.10.2026", "Fläche (m²)": "1418"}
    staged = (await hub.http.post(f"{TABLE}/row", content=json.dumps(row))).json()
    assert staged["report"]["new"] == 1
    gone = await hub.http.delete(f"/v1/uploads/imd.bim/staged/{staged['id']}")
    assert gone.json() == {"discarded": staged["id"]}
    assert list(hub.folder.iterdir()) == []


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"Stand": 1}', b"\xff", b"[" * 100_000])
async def test_a_body_that_is_no_row(hub: Hub, body: bytes) -> None:
    answer = await hub.http.post(f"{TABLE}/row", content=body)
    assert answer.status_code == 400
    assert "the body is no JSON object of texts by column" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("ending", "kind", "begin"),
    [("csv", "text/csv; charset=utf-8", b"\xef\xbb\xbfGeb"), ("xlsx", "application/vnd.openxml", b"PK")],
)
async def test_templates(hub: Hub, ending: str, kind: str, begin: bytes) -> None:
    answer = await hub.http.get(f"{TABLE}/template.{ending}")
    assert answer.content.startswith(begin)
    assert answer.headers["content-type"].startswith(kind)
    assert answer.headers["content-disposition"] == f'attachment; filename="bim-modelle_vorlage.{ending}"'


async def test_a_template_that_there_is_none_of(hub: Hub) -> None:
    answer = await hub.http.get(f"{TABLE}/template.exe")
    assert (answer.status_code, answer.json()["reason"]) == (404, "unknown")


@pytest.mark.parametrize(("caller", "status"), OTHERS.values(), ids=OTHERS.keys())
async def test_others_get_nothing_and_change_nothing(hub: Hub, caller: Principal | None, status: int) -> None:
    id_ = await hub.stage()
    before = sorted(hub.folder.iterdir())
    hub.caller = caller
    staged = f"/v1/uploads/imd.bim/staged/{id_}"
    for method, path in (
        ("POST", TABLE),
        ("POST", f"{TABLE}/row"),
        ("GET", f"{TABLE}/template.csv"),
        ("GET", staged),
        ("DELETE", staged),
        ("POST", f"{staged}/commit"),
    ):
        answer = await hub.http.request(method, path, content=b"{}" if method == "POST" else None)
        assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json"), path
        assert "rathaus" not in answer.text
    listed = await hub.http.get("/v1/uploads")
    assert listed.json().get("tables", []) == [] if status == 404 else listed.status_code == status
    assert sorted(hub.folder.iterdir()) == before


async def test_refusals_say_what_to_do(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    empty = await hub.http.post(TABLE)
    assert (empty.status_code, empty.json()["reason"]) == (400, "empty")
    monkeypatch.setattr(module, "MAX_BYTES", 10)
    assert (await hub.http.post(TABLE, content=BODY)).status_code == 413
    monkeypatch.undo()
    monkeypatch.setattr(module, "MOST_STAGED", 0)
    full = await hub.http.post(TABLE, content=BODY)
    assert (full.status_code, full.headers["retry-after"]) == (429, "5")
    monkeypatch.undo()
    unusable = (await hub.http.post(TABLE, content=b"Geb")).json()
    refused = await hub.http.post(f"/v1/uploads/imd.bim/staged/{unusable['id']}/commit")
    assert (refused.status_code, refused.json()["reason"]) == (409, "nothing_in_it")


async def test_a_folder_that_cannot_be_used_is_the_operators(hub: Hub) -> None:
    hub.folder.rmdir()
    answer = await hub.http.post(TABLE, content=BODY)
    assert (answer.status_code, answer.json()["reason"]) == (503, "uploads_away")
    assert "its operator must give it the folder that the adapters read" in answer.json()["detail"]
