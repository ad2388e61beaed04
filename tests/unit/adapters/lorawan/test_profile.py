"""Device profiles: what a value means, exactly, and what is none."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import pytest

from cityhub.adapters.dvv.lamps.mapping import profiles as lamps
from cityhub.adapters.formats.lorawan import profile as module
from cityhub.adapters.formats.lorawan.profile import Binary, Frame, NotReadable, Profile, Rule, Said, load_profiles
from cityhub.adapters.wbd.bins.mapping import profiles as bins
from cityhub.adapters.wbd.sewer_levels.mapping import profiles as sewers

AIR = "de.duisburg.dvv.lamp.environment-observed.v1"
ALERT = "de.duisburg.dvv.lamp.audio-alert-raised.v1"
PARKING = "de.duisburg.dvv.lamp.parking-observed.v1"


def air(**rules: Rule) -> Profile:
    return Profile("m", (Said(AIR, rules),))


def only(profile: Profile, **values: Any) -> dict[str, Any]:
    ((_, data),) = profile.data(values, "lamp-1")
    return data


@pytest.mark.parametrize(
    ("rule", "value", "means"),
    [
        (Rule(source="v", unit="Cel"), 12.3, 12.3),
        (Rule(source="v", unit="Cel"), -0.04, 0.0),
        (Rule(source="v", unit="Cel"), 0.25, 0.2),  # half to even
        (Rule(source="v", unit="K", factor="0.1"), 2931, 293.1),
        (Rule(source="v", unit="Cel", factor="-1"), 4, -4.0),
        (Rule(source="v", unit="Cel"), 1e14, 1e14),
    ],
)
def test_decimals_have_the_scale_of_their_field(rule: Rule, value: float, means: float) -> None:
    data = only(air(temperature_c=rule), v=value)
    assert repr(data["temperature_c"]) == repr(means)


def test_integers_are_rounded_and_booleans_are_no_numbers() -> None:
    rule = air(co2_ppm=Rule(source="v", unit="[ppm]"))
    assert only(rule, v=415.5) == {"co2_ppm": 416}
    for wrong in (True, "415", [415], {}, 1e15, -1e300):
        with pytest.raises(NotReadable) as why:
            only(rule, v=wrong)
        assert (why.value.reason, why.value.where) == ("value", "v")


def test_what_is_not_there_is_left_out_and_nothing_at_all_is_no_event() -> None:
    rule = air(co2_ppm=Rule(source="a", unit="[ppm]"), humidity=Rule(source="b", unit="%"))
    assert only(rule, a=400, b=None, c=7) == {"co2_ppm": 400}
    assert rule.data({"c": 7}, "lamp-1") == []


def test_codes_assets_constants_and_instants() -> None:
    alert = Profile(
        "m",
        (
            Said(
                ALERT,
                {
                    "alert": Rule(source="id"),
                    "lamp": Rule(asset=True),
                    "sound": Rule(source="class", codes={"7": "glass"}),
                    "sounded_at": Rule(source="ms", factor="0.001"),
                },
            ),
        ),
    )
    told = only(alert, **{"id": "a-1", "class": 7, "ms": 1_795_694_400_999})
    assert told == {"alert": "a-1", "lamp": "lamp-1", "sound": "glass", "sounded_at": "2026-11-26T12:00:00Z"}
    with pytest.raises(NotReadable, match=r"^'8' is none of 7$") as why:
        only(alert, **{"class": 8})
    assert why.value.reason == "unknown_code"
    with pytest.raises(NotReadable, match="is no instant"):
        only(alert, ms=10**17)
    assert only(
        Profile("m", (Said(PARKING, {"slot": Rule(constant="p-1"), "occupied": Rule(source="o")}),)), o=True
    ) == {
        "slot": "p-1",
        "occupied": True,
    }


FRAME = Frame(2, (Binary("t", "h", factor="0.1", missing=-32768), Binary("c", "H", missing=65535), Binary("s", "b")))


def test_frames_are_read_by_their_layout() -> None:
    assert FRAME.unpack(struct.pack(">hHb", -123, 65535, -1)) == {"t": -12.3, "s": -1.0}
    assert FRAME.unpack(struct.pack(">hHb", -32768, 0, 0)) == {"c": 0.0, "s": 0.0}
    with pytest.raises(NotReadable, match="4 bytes on port 2; its profile wants 5") as why:
        FRAME.unpack(b"1234")
    assert why.value.reason == "layout"


def test_what_the_network_server_has_decoded_goes_first() -> None:
    profile = Profile("m", (), binary=FRAME)
    assert profile.values(2, {"t": 1}, b"junk") == {"t": 1}
    assert profile.values(2, None, struct.pack(">hHb", 0, 1, 2)) == {"t": 0.0, "c": 1.0, "s": 2.0}
    for one, port in ((profile, 3), (Profile("m", ()), 2)):
        with pytest.raises(NotReadable, match=f"not decoded, and m has no layout for port {port}"):
            one.values(port, None, b"")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f"model: m\nevents: [{{type: {AIR}, fields: {{co2: {{from: a}}}}}}]", "co2: no field of"),
        (
            f"model: m\nevents: [{{type: {AIR}, fields: {{co2_ppm: {{from: a}}}}}}]",
            r"co2_ppm: 1 to \[ppm\] needs a factor",
        ),
        ("model: m\nevents: [{type: x.y, fields: {}}]", "x.y"),
        ("model: m\nevents: []\nbinary: {port: 1, values: [{name: a, code: d}]}", "Invalid enum value 'd'"),
        ("model: m", "missing required field `events`"),
        ("model: m\nevents: []\nclok: t", "unknown field `clok`"),
    ],
)
def test_a_wrong_profile_is_told_with_its_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, message: str
) -> None:
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles" / "mine.yaml").write_text(text, encoding="utf-8")
    monkeypatch.setattr(module, "files", lambda _: tmp_path)
    with pytest.raises(ValueError, match=rf"profile mine\.yaml: .*{message}"):
        load_profiles("any")


def test_all_profiles_are_there() -> None:
    assert set(lamps()) == {f"stadtlaterne/{one}" for one in ("audio", "klima", "stellplatz", "verkehr")}
    assert set(bins()) == {"Füllstand Ultraschall"}
    assert set(sewers()) == {"Kanalpegel"}
