"""Pseudonyms: who has no key gets nowhere, who has it gets the same one."""

from __future__ import annotations

from uuid import UUID

import pytest

from cityhub.adapters.kit.pseudonym import Pseudonyms, case_pseudonym

KEY = b"0123456789abcdef"


def test_the_same_number_has_the_same_pseudonym_and_others_have_others() -> None:
    one = Pseudonyms(KEY)
    names = [one.of("permit", "1"), one.of("permit", "2"), one.of("contact", "1"), one.of("permit", "1", "")]
    names += [one.of("a", "bc"), one.of("ab", "c"), Pseudonyms(KEY + b"x").of("permit", "1")]
    assert len(set(names)) == len(names)
    assert all(len(name) == 32 and int(name, 16) for name in names)
    assert Pseudonyms(KEY).of("permit", "1") == names[0]


def test_without_a_key_there_are_none() -> None:
    with pytest.raises(ValueError, match="has 3 bytes, it must have 16 at least"):
        Pseudonyms(b"abc")


def test_a_case_is_hashed_as_a_partner_would() -> None:
    """`printf cityhub/case/0f8fad5b-d9cb-469f-a165-70867728950e | sha256sum | cut -c 1-32`."""
    case = UUID("0F8FAD5B-D9CB-469F-A165-70867728950E")
    assert case_pseudonym(case) == "9bcaf97ac43d9054ad48e4b2ab97af9e"
