"""Settings: defaults, problems told together, the way to other processes, and their table in the documentation."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cityhub.adapters.dvv.transit.source import ControlCentre
from cityhub.hub.errors import Misconfigured
from cityhub.hub.settings import PREFIX, Settings, parse
from cityhub.hub.sources import control_centre

OPERATING = Path(__file__).parents[3] / "docs" / "operating.md"


def problems(environment: dict[str, str], **options: object) -> list[str]:
    with pytest.raises(Misconfigured) as caught:
        parse(environment, options)
    assert caught.value.exit_code == 2
    return str(caught.value).splitlines()[1:]


def test_nothing_has_to_be_set() -> None:
    settings = parse({"HOME": "ignored", "PATH": "ignored"})
    assert settings.data == Path("var").resolve()
    assert settings.public_url == "http://127.0.0.1:8000"
    assert settings.transit_url == "http://127.0.0.1:18090"


def test_all_problems_are_told_together_with_the_names_tried() -> None:
    told = problems(
        {
            "CITYHUB_POTR": "1",
            "CITYHUB_PORT": "70000",
            "CITYHUB_POLL_S": "soon",
            "CITYHUB_PUBLIC_URL": "hub.example/path",
            "CITYHUB_CITY_PORT": "19092",
            "CITYHUB_KAFKA_BOOTSTRAP": "",
            "CITYHUB_KAFKA_USERNAME": "hub",
        }
    )
    assert len(told) == 6
    text = "\n".join(told)
    assert "CITYHUB_POTR: unknown setting; did you mean CITYHUB_PORT?" in text
    assert "CITYHUB_PORT = '70000': must be less than or equal to 65535" in text
    assert "CITYHUB_POLL_S = 'soon': must be a valid number" in text
    assert "CITYHUB_PUBLIC_URL = 'hub.example/path': must look like http://host:port" in text
    assert "CITYHUB_CITY_PORT and CITYHUB_KAFKA_PORT are both 19092" in text
    assert "CITYHUB_KAFKA_BOOTSTRAP and CITYHUB_KAFKA_PASSWORD must be set too" in text


def test_options_win_over_the_environment_and_are_named_as_typed() -> None:
    assert parse({"CITYHUB_PORT": "8001"}, {"port": "8002"}).port == 8002
    assert problems({"CITYHUB_PORT": "8001"}, port="x")[0].startswith("  --port = 'x':")


def test_a_password_is_never_shown() -> None:
    external = {
        "CITYHUB_KAFKA_BOOTSTRAP": "broker:9092",
        "CITYHUB_KAFKA_USERNAME": "hub",
        "CITYHUB_KAFKA_PASSWORD": "hunter2",
    }
    settings = parse(external)
    assert settings.kafka_password == "hunter2"
    assert "hunter2" not in repr(settings)
    assert "hunter2" not in str(settings.without_passwords().to_environment())
    assert "hunter2" not in "".join(problems({**external, "CITYHUB_PORT": "0"}))


def test_ports_of_external_servers_are_not_ours() -> None:
    settings = parse(
        {"CITYHUB_KEYCLOAK_URL": "https://id.example", "CITYHUB_CITY": "no", "CITYHUB_KEYCLOAK_PORT": "8000"}
    )
    assert set(settings.ports()) == {
        "CITYHUB_PORT",
        "CITYHUB_KAFKA_PORT",
        "CITYHUB_KAFKA_CONTROLLER_PORT",
        "CITYHUB_KAFKA_PARTNER_PORT",
    }


@pytest.mark.parametrize(
    ("host", "url"),
    [("::", "http://127.0.0.1:8000"), ("::1", "http://[::1]:8000"), ("hub.example", "http://hub.example:8000")],
)
def test_browsers_get_an_address_they_can_open(host: str, url: str) -> None:
    assert parse({"CITYHUB_HOST": host}).public_url == url


GTFS = {"CITYHUB_TRANSIT_FORMAT": "gtfs", "CITYHUB_TRANSIT_URL": "https://vrr.example/gtfs.zip"}
UPDATES = {"CITYHUB_TRANSIT_TRIP_UPDATES_URL": "https://vrr.example/updates.pb"}


def test_departures_come_in_the_format_that_is_named() -> None:
    xml = {"CITYHUB_TRANSIT_FORMAT": "vdv454-xml", "CITYHUB_TRANSIT_URL": "https://dvg.example/vdv/"}
    assert control_centre(parse({})) == ControlCentre(url="http://127.0.0.1:18090")
    centre = control_centre(parse(xml | {"CITYHUB_TRANSIT_CENTRE": "dvg-2", "CITYHUB_TRANSIT_SENDER": "hub"}))
    assert centre == ControlCentre(url="https://dvg.example/vdv", format="vdv454-xml", name="dvg-2", sender="hub")
    centre = control_centre(parse(GTFS | UPDATES | {"CITYHUB_TRANSIT_AGENCIES": "20; Duisburger VG ;"}))
    assert (centre.trip_updates_url, centre.agencies) == (
        UPDATES["CITYHUB_TRANSIT_TRIP_UPDATES_URL"],
        {"20", "Duisburger VG"},
    )


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({"CITYHUB_TRANSIT_FORMAT": "siri"}, "'siri': must be 'vdv454-json', 'vdv454-xml' or 'gtfs'"),
        ({"CITYHUB_TRANSIT_FORMAT": "vdv454-xml"}, "CITYHUB_TRANSIT_URL must be set too; the simulated city speaks"),
        (GTFS, "CITYHUB_TRANSIT_TRIP_UPDATES_URL must be set for gtfs"),
        (
            UPDATES,
            "CITYHUB_TRANSIT_FORMAT is vdv454-json: CITYHUB_TRANSIT_TRIP_UPDATES_URL must be set for gtfs, and only",
        ),
        ({"CITYHUB_TRANSIT_SENDER": "a/b"}, "CITYHUB_TRANSIT_SENDER = 'a/b': String should match pattern"),
        ({"CITYHUB_TRANSIT_URL": "https://me:geheim@dvg.example"}, "CITYHUB_TRANSIT_URL holds a password"),
    ],
)
def test_what_does_not_fit_the_format_is_told(environment: dict[str, str], message: str) -> None:
    (told,) = problems(environment)
    assert message in told
    assert "geheim" not in told


words = st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1, max_size=12)


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "CITYHUB_DATA": words,
            "CITYHUB_PORT": st.integers(1, 9999).map(str),
            "CITYHUB_CITY": st.sampled_from(["true", "false", "0", "yes"]),
            "CITYHUB_POLL_S": st.floats(0.01, 3600).map(str),
            "CITYHUB_CITY_SEED": st.integers(0, 2**40).map(str),
            "CITYHUB_PUBLIC_URL": words.map(lambda host: f"https://{host.lower()}/"),
            "CITYHUB_LOG_LEVEL": st.sampled_from(["debug", "info", "warning", "error"]),
        },
    )
)
def test_other_processes_get_the_same_settings(environment: dict[str, str]) -> None:
    settings = parse(environment)
    assert parse(settings.to_environment({"CITYHUB_PORT": "1", "PATH": "/bin"})) == settings


def documented() -> list[str]:
    """The rows of the settings table as they must stand in docs/operating.md."""
    given_later = {
        "public_url": "`http://<host>:<port>`",
        "transit_url": "the simulated city",
        "register_url": "the simulated city",
    }
    folders = {"data": "`./var`", "cache": "`$XDG_CACHE_HOME/cityhub`, else `~/.cache/cityhub`"}
    rows = []
    for name, field in Settings.model_fields.items():
        plain = f"`{str(field.default).lower() if isinstance(field.default, bool) else field.default}`"
        default = given_later.get(name) or folders.get(name) or (plain if field.default != "" else "–")
        rows.append(f"| `{PREFIX}{name.upper()}` | {default} | {field.description} |")
    return rows


def test_the_documentation_lists_every_setting_with_its_default() -> None:
    written = [line for line in OPERATING.read_text("utf-8").splitlines() if line.startswith(f"| `{PREFIX}")]
    assert written == documented(), "docs/operating.md must hold this table:\n" + "\n".join(documented())


def test_the_tests_own_variable_is_no_mistake() -> None:
    assert parse({"CITYHUB_RECORDINGS": "/somewhere"}) == parse({})
