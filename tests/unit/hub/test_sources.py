"""Where partners' systems are: simulated unless a file names another."""

from __future__ import annotations

from pathlib import Path

import pytest

from cityhub.adapters.catalogue import ADAPTERS
from cityhub.hub.errors import Misconfigured
from cityhub.hub.settings import Settings, parse
from cityhub.hub.sources import places, table_folders

FEED = "city.appointments"


def settings(folder: Path, text: str | None, **more: str) -> Settings:
    file = folder / "sources.yaml"
    if text is not None:
        file.write_text(text, encoding="utf-8")
    named = {} if text is None else {"CITYHUB_SOURCES": str(file)}
    return parse({"CITYHUB_DATA": str(folder), **named, **more})


def test_without_a_file_every_source_is_the_simulated_citys(tmp_path: Path) -> None:
    found = {place.source.feed: place for place in places(settings(tmp_path, None))}
    assert found.keys() == ADAPTERS.keys()
    assert all(place.link.synthetic for place in found.values())
    pushed = {"mqtt", "tcp"}
    assert all(10 <= place.every_s <= 300 or place.source.transport in pushed for place in found.values())
    assert found[FEED].link.url == "http://127.0.0.1:18090/city/appointments"
    assert (found["dvv.lamps"].link.url, found["dvv.lamps"].every_s) == ("mqtt://127.0.0.1:18091/lamps", 1)
    assert (found["duisport.vessels"].link.url, found["duisport.vessels"].every_s) == ("tcp://127.0.0.1:18092", 1)
    assert found["duisport.containers"].link.url == (tmp_path / "city-files" / "duisport.containers").as_uri()


def test_without_the_simulated_city_only_named_sources_are_read(tmp_path: Path) -> None:
    assert places(settings(tmp_path, None, CITYHUB_CITY="false")) == []
    (tmp_path / "token").write_text("geheim\n", encoding="utf-8")
    text = f"{FEED}: {{url: https://termine.example/j/, secret_file: {tmp_path}/token, every_s: 7}}"
    (place,) = places(settings(tmp_path, text, CITYHUB_CITY="false"))
    assert (place.link.url, place.link.synthetic, place.link.secret) == ("https://termine.example/j", False, "geheim")
    assert place.every_s == 7
    assert "geheim" not in repr(place)


def test_the_web_server_puts_tables_where_the_adapters_read_them(tmp_path: Path) -> None:
    """Without reading a secret: the file that holds it may be on another machine."""
    text = """
wf.settlements: {url: "file:///srv/a%20b", secret_file: /nowhere}
dvv.water: {enabled: false}
imd.bim: {url: "http://127.0.0.1/x"}
"""
    found = table_folders(settings(tmp_path, text))
    assert found["wf.settlements"] == Path("/srv/a b")
    read = {place.source.feed: place.link.url for place in places(settings(tmp_path, None))}
    assert found["kontor.tours"].as_uri() == read["kontor.tours"]
    assert not {"dvv.water", "imd.bim", "gebag.flats"} & found.keys()
    assert table_folders(settings(tmp_path, text, CITYHUB_CITY="false")).keys() == {"wf.settlements"}


def test_a_source_may_be_left_out(tmp_path: Path) -> None:
    found = places(settings(tmp_path, f"{FEED}: {{enabled: false}}"))
    assert FEED not in {place.source.feed for place in found}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("city.appointment: {}", "did you mean city.appointments?"),
        ("dvv.transit: {url: 'http://x'}", "its address is the setting CITYHUB_TRANSIT_URL"),
        ("zzz: {}", "no such source; `cityhub adapter list` has all"),
        (f"{FEED}: {{url: 'ftp://x'}}", "url 'ftp://x': must begin with http:// or https://"),
        (f"{FEED}: {{url: 'https://me:secret@x'}}", "holds a password"),
        ("dvv.lamps: {url: 'https://x'}", "url 'https://x': must begin with mqtt:// or mqtts://"),
        (f"{FEED}: {{every_s: -1}}", "every_s -1.0: must be seconds"),
        (f"{FEED}: {{secret_file: /nowhere/x}}", "secret_file '/nowhere/x': is not there"),
        (f"{FEED}: {{adress: x}}", "unknown field `adress`"),
        ("- a", "cannot be read as the list of sources"),
        ("a: [", "cannot be read as the list of sources"),
    ],
)
def test_a_wrong_file_is_told_with_the_remedy(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(Misconfigured, match="sources") as caught:
        places(settings(tmp_path, text))
    assert message in str(caught.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match=r"nowhere\.yaml cannot be read"):
        places(parse({"CITYHUB_DATA": str(tmp_path), "CITYHUB_SOURCES": str(tmp_path / "nowhere.yaml")}))
