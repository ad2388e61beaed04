"""The asset register: read once for all who ask, exact about what is wrong, and standing while it is away."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from cityhub.adapters.errors import FeedFault
from cityhub.adapters.kit.register import EVERY, Register, parse
from cityhub.sandbox.city.assets import register_csv

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
GOOD = b"asset;borough\nlamp-1;STB05\n"


class Partner:
    """Answers with what it has; counts. Attributes: body: None = it is away."""

    def __init__(self, body: bytes | None) -> None:
        self.body = body
        self.asked = 0

    async def answer(self, request: httpx.Request) -> httpx.Response:
        self.asked += 1
        await asyncio.sleep(0)
        if self.body is None:
            raise httpx.ConnectError("away")
        return httpx.Response(200, headers={"content-type": "text/csv"}, stream=httpx.ByteStream(self.body))


async def test_all_who_ask_at_once_share_one_answer_and_it_is_asked_for_again_later() -> None:
    partner, now = Partner(GOOD), [NOW]
    async with httpx.AsyncClient(transport=httpx.MockTransport(partner.answer)) as http:
        register = Register(http, "http://city/assets.csv", lambda: now[0])
        await asyncio.gather(*(register.ready() for _ in range(50)))
        assert (partner.asked, register.borough("lamp-1"), register.borough("lamp-2")) == (1, "STB05", "")
        first = register.version
        partner.body = GOOD + b"lamp-2;STB01\n"
        await register.ready()
        assert partner.asked == 1
        now[0] += EVERY
        await register.ready()
    assert (partner.asked, register.borough("lamp-2")) == (2, "STB01")
    assert register.version != first


async def test_what_was_read_stands_while_it_is_away_and_without_it_all_who_ask_are_told() -> None:
    partner, now = Partner(None), [NOW]
    async with httpx.AsyncClient(transport=httpx.MockTransport(partner.answer)) as http:
        register = Register(http, "http://city/assets.csv", lambda: now[0])
        told = await asyncio.gather(*(register.ready() for _ in range(3)), return_exceptions=True)
        assert [type(one) for one in told] == [FeedFault] * 3
        assert partner.asked == 1
        partner.body = GOOD
        await register.ready()
        partner.body, now[0] = None, NOW + EVERY + timedelta(seconds=1)
        await register.ready()
    assert register.borough("lamp-1") == "STB05"


async def test_from_a_file_and_none_at_all(tmp_path: Path) -> None:
    async with httpx.AsyncClient() as http:
        missing = Register(http, (tmp_path / "none.csv").as_uri(), lambda: NOW)
        with pytest.raises(FeedFault, match=r"none\.csv cannot be read: No such file"):
            await missing.ready()
        (tmp_path / "a.csv").write_bytes(GOOD)
        register = Register(http, (tmp_path / "a.csv").as_uri(), lambda: NOW)
        await register.ready()
        assert register.borough("lamp-1") == "STB05"
        nothing = Register(http, "", lambda: NOW)
        await nothing.ready()
        assert nothing.borough("lamp-1") == ""


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "heading must be asset;borough"),
        (b"asset,borough\n", "heading must be asset;borough"),
        (b"asset;borough\nlamp-1;STB08\n", "line 2: .*STB08.*must be an asset and STB01 to STB07"),
        (b"asset;borough\n;STB01\n", "line 2"),
        (b"asset;borough\nlamp-1;STB01;x\n", "line 2"),
        (b"asset;borough\n\xff;STB01\n", "no CSV in UTF-8"),
        (b'asset;borough\n"lamp;STB01\n', "no CSV in UTF-8"),
    ],
)
def test_a_wrong_register_names_line_and_remedy(body: bytes, message: str) -> None:
    with pytest.raises(FeedFault, match=message):
        parse(body)


def test_the_citys_own_is_one_and_may_begin_with_a_mark() -> None:
    assert len(parse(register_csv())) > 400
    assert parse(b"\xef\xbb\xbf" + GOOD) == {"lamp-1": "STB05"}
