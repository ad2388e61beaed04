"""Licences under the names that catalogues have for them."""

from __future__ import annotations

import pytest

from cityhub.adapters.city.datasets.licence import chosen, licence


@pytest.mark.parametrize(
    ("name", "code", "is_open"),
    [
        ("http://dcat-ap.de/def/licenses/dl-by-de/2.0", "dl-by-de/2.0", True),
        ("http://dcat-ap.de/def/licenses/dl-by-de/2_0", "dl-by-de/2.0", True),
        ("https://www.dcat-ap.de/def/licenses/dl-zero-de/2.0/", "dl-zero-de/2.0", True),
        ("https://www.govdata.de/dl-de/by-2-0", "dl-by-de/2.0", True),
        ("http://www.govdata.de/dl-de/by-1-0", "dl-by-de/1.0", True),
        ("dl-de-zero-2.0", "dl-zero-de/2.0", True),
        ("DL-DE->Zero-2.0", "dl-zero-de/2.0", True),
        ("http://dcat-ap.de/def/licenses/dl-by-nc-de/1.0", "dl-by-nc-de/1.0", False),
        ("https://creativecommons.org/licenses/by/4.0/", "cc-by/4.0", True),
        ("https://creativecommons.org/licenses/by/4.0/deed.de", "cc-by/4.0", True),
        ("https://creativecommons.org/licenses/by/4.0/legalcode", "cc-by/4.0", True),
        ("http://creativecommons.org/licenses/by/3.0/de/", "cc-by-de/3.0", True),
        ("http://dcat-ap.de/def/licenses/cc-by-de/3_0", "cc-by-de/3.0", True),
        ("https://creativecommons.org/licenses/by/3.0/at/", "cc-by-at/3.0", True),
        ("http://publications.europa.eu/resource/authority/licence/CC_BY_4_0", "cc-by/4.0", True),
        ("http://publications.europa.eu/resource/authority/licence/CC_BYSA_4_0", "cc-by-sa/4.0", True),
        ("http://publications.europa.eu/resource/authority/licence/CC0", "cc-zero", True),
        ("CC BY 4.0", "cc-by/4.0", True),
        ("CC-BY-SA-4.0", "cc-by-sa/4.0", True),
        ("cc-by", "cc-by", True),
        ("http://www.opendefinition.org/licenses/cc-by", "cc-by", True),
        ("cc-nc", "cc-by-nc", False),
        ("http://creativecommons.org/licenses/by-nc-nd/4.0/", "cc-by-nc-nd/4.0", False),
        ("http://dcat-ap.de/def/licenses/cc-by-nc-de/4_0", "cc-by-nc-de/4.0", False),
        ("http://creativecommons.org/licenses/by-nd/3.0/", "cc-by-nd/3.0", False),
        ("https://creativecommons.org/publicdomain/zero/1.0/", "cc-zero", True),
        ("http://creativecommons.org/publicdomain/mark/1.0/", "ccpdm/1.0", True),
        ("http://dcat-ap.de/def/licenses/od-bl", "odbl", True),
        ("odc-odbl", "odbl", True),
        ("https://opendatacommons.org/licenses/by/1-0/", "odby", True),
        ("http://dcat-ap.de/def/licenses/officialWork", "officialWork", True),
        ("http://www.gesetze-im-internet.de/urhg/__5.html", "officialWork", True),
        ("http://dcat-ap.de/def/licenses/geoNutz/20131001", "geonutz/20131001", True),
        ("other-closed", "other-closed", False),
        ("http://dcat-ap.de/def/licenses/other-open", "other-open", True),
    ],
)
def test_each_name_leads_to_one_code(name: str, code: str, is_open: bool) -> None:
    found = licence(name)
    assert found
    assert (found.code, found.is_open) == (code, is_open)


@pytest.mark.parametrize("name", ["", "notspecified", "frei", "https://example.org/cc-by", "cc-", "CC-BY-4.0 oder so"])
def test_another_name_is_not_guessed(name: str) -> None:
    assert licence(name) is None


def test_of_several_distributions_an_open_one_opens_the_data_set() -> None:
    names = ["http://creativecommons.org/licenses/by-nc/4.0/", "x", "dl-de-zero-2.0", "cc-by"]
    assert [one and one.code for one in (chosen(names), chosen(names[:2]), chosen(["x"]), chosen([]))] == [
        "cc-by",
        "cc-by-nc/4.0",
        None,
        None,
    ]
