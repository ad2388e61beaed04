"""Contracts: the shipped ones, loading, and the bounds the engine computes with."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

import cityhub.sdk
from cityhub.sdk.contract import Contract, Contracts, Correctable, Field, load_contracts, parse_contract
from cityhub.sdk.decimals import LIMIT, scaled
from cityhub.sdk.errors import ContractError, UnknownContract
from tests.unit.sdk.sample_contract import GOOD, contract

SHIPPED = Path(cityhub.sdk.__file__).parent / "contracts"
DOCS = Path(__file__).parents[3] / "docs" / "contracts.md"


def test_every_shipped_contract_loads_and_stands_where_its_type_says() -> None:
    contracts = load_contracts()
    places = {f"de.duisburg.{path.parent.name}.{path.stem}" for path in SHIPPED.glob("*/*")}
    assert set(contracts) == places
    assert len(contracts) >= 11


def test_german_meanings_have_umlauts() -> None:
    texts = "".join(path.read_text("utf-8") for path in SHIPPED.glob("*/*.yaml"))
    assert "ä" in texts
    assert not {word for word in ("fuer ", "Strasse,", "ueber", "Buero", "Aenderung", "geaendert") if word in texts}


def test_periods_hang_together() -> None:
    one = contract()
    assert (one.cadence_s, one.lateness_s, one.horizon_s) == (30, 600, 21_600)
    assert all(other.horizon_s >= other.lateness_s > 0 for other in load_contracts().values())


def test_contracts_are_a_mapping_by_type_that_knows_topics() -> None:
    contracts = load_contracts()
    transit = contracts.of_topic("du.evt.dvv.transit.v1")
    assert [one.type.split(".")[-2] for one in transit] == ["prediction-published", "stop-departed", "trip-cancelled"]
    assert contracts.of_topic("du.evt.dvv.nothing.v1") == ()
    assert contracts.get("de.duisburg.dvv.nothing.v1") is None
    assert list(Contracts(reversed(list(contracts.values())))) == list(contracts)


def test_an_unknown_type_is_answered_with_near_ones() -> None:
    with pytest.raises(UnknownContract) as unknown:
        load_contracts()["de.duisburg.dvv.transit.stop-departs.v1"]
    assert str(unknown.value).startswith(
        "no contract for event type 'de.duisburg.dvv.transit.stop-departs.v1'; write de"
    )
    assert "dvv.transit.stop-departed.v1" in str(unknown.value)
    with pytest.raises(UnknownContract, match=r"; none of the [0-9]+ there are is like it"):
        load_contracts()["x"]
    with pytest.raises(UnknownContract, match="there is none yet"):
        Contracts([])["de.duisburg.dvv.transit.stop-departed.v1"]


def test_loading_names_every_problem_of_every_file(tmp_path: Path) -> None:
    for name, body in {
        "wbd/a.v1.yaml": GOOD.encode(),
        "wbd/b.v1.yaml": GOOD.encode(),
        "wbd/c.v1.yaml": GOOD.replace("30s", "x").replace("10min", "y").encode(),
        "wbd/d.v1.yml": b"",
        "wbd/e.v1.yaml": b"\xff",
    }.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(body)
    with pytest.raises(ContractError) as refused:
        load_contracts(tmp_path)
    same, cadence, lateness, yml, bytes_ = refused.value.problems
    assert same.startswith("wbd/b.v1.yaml: type: de.duisburg.wbd.skip.weighed.v1 stands in wbd/a.v1.yaml too; delete")
    assert cadence.startswith("wbd/c.v1.yaml: cadence: duration 'x'")
    assert lateness.startswith("wbd/c.v1.yaml: lateness: duration 'y'")
    assert yml == "wbd/d.v1.yml: is no .yaml file; rename it, or take it out of the folder"
    assert bytes_.startswith("wbd/e.v1.yaml: not readable as UTF-8")
    assert str(refused.value).count("\n") == 4


def test_bounds_are_the_engines_integers() -> None:
    fields = contract().fields
    assert (fields["mass_t"].low, fields["mass_t"].high) == (0, 12_500)
    assert (fields["revision"].low, fields["revision"].high) == (1, None)
    assert contract("fields.mass_t.max", 0.1).fields["mass_t"].high == 100


@given(whole=st.integers(-LIMIT, LIMIT), scale=st.integers(1, 9))
def test_a_decimal_within_its_scale_is_exact(whole: int, scale: int) -> None:
    written = f"{Decimal(whole).scaleb(-scale):f}"
    assert scaled(float(written), scale) == whole
    assert scaled(msgspec.json.decode(written), scale) == whole


@given(whole=st.integers(-LIMIT // 10, LIMIT // 10), scale=st.integers(1, 8), digit=st.integers(1, 9))
def test_a_decimal_beyond_its_scale_is_refused(whole: int, scale: int, digit: int) -> None:
    written = Decimal(whole * 10 + digit).scaleb(-scale - 1)
    with pytest.raises(ValueError, match="more than the"):
        scaled(float(written), scale)


@pytest.mark.parametrize("value", [LIMIT + 1, -LIMIT - 1, 1e300, 10**400, float("inf"), float("nan")])
def test_what_no_reader_keeps_exactly_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match="to be exact"):
        scaled(value, 1)


@given(low=st.integers(-(10**9), 10**9), width=st.integers(0, 10**9), scale=st.integers(1, 6))
def test_bounds_survive_the_file(low: int, width: int, scale: int) -> None:
    field: dict[str, Any] = {
        "type": "decimal",
        "scale": scale,
        "min": float(Decimal(low).scaleb(-scale)),
        "max": float(Decimal(low + width).scaleb(-scale)),
        "meaning": {"de": "a", "en": "b"},
    }
    read = contract("fields.mass_t", field).fields["mass_t"]
    assert (read.low, read.high) == (low, low + width)


def test_the_documentation_has_a_good_example_and_every_key() -> None:
    page = DOCS.read_text("utf-8")
    example = parse_contract(page.split("```yaml\n")[1].split("```")[0], "docs/contracts.md")
    assert example.correctable is not None
    keys = {field.name for kind in (Contract, Field, Correctable) for field in msgspec.structs.fields(kind)}
    assert {key for key in keys if f"`{key}`" not in page} == set()
