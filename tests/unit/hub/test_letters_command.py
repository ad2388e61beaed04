"""`cityhub dead-letters`: what is said of bad input, and of a hub that does not run."""

from __future__ import annotations

from pathlib import Path

import pytest

from cityhub.hub.secrets import load_or_create
from tests.ports import free_ports
from tests.unit.hub.commands import code_and_words

BY = ("--by", "Anna")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("list", "wdb"), "no partner 'wdb'; write wbd"),
        (("list", "wbd", "--since", "yesterday"), "--since 'yesterday' is no instant"),
        (("list", "wbd", "--first", "0"), "--first"),
        (("list", "wbd", "--before", "-1"), "--before"),
        (("show", "wbd", "7"), "'7' is no letter: write PART/OFFSET"),
        (("show", "wbd", "0/99999999999999999999"), "is no letter"),
        (("show", "wdb", "0/7"), "no partner 'wdb'"),
        (("redrive", "wbd", "0/7"), "--by"),
        (("redrive", "wbd", "0/7", "--by", " "), "--by: say who decides"),
        (("redrive", "wbd", *BY), "name letters, or describe them"),
        (("redrive", "wdb", "0/7", *BY), "no partner 'wdb'"),
        (("redrive", "wbd", "0/7", "0/x", *BY), "'0/x' is no letter"),
        (("redrive", "wbd", "0/7", "--max", "1001", *BY), "--max"),
        (("redrive", "wbd", "0/7", "0/8", *BY, "--edit", "good"), "an edit is for one letter, 2 are named"),
        (("redrive", "wbd", "0/7", *BY, "--edit", "missing"), "missing cannot be read"),
        (("redrive", "wbd", "0/7", *BY, "--edit", "bad"), "bad is no edit such as"),
        (("redrive", "wbd", "0/7", *BY, "--edit", "deep"), "deep is no edit such as"),
    ],
)
def test_bad_input_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], words: str
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, text in {"good": '{"merge": {"fill": 1}}', "bad": '{"id": 1}', "deep": '{"data":' * 9_999}.items():
        Path(name).write_text(text, "utf-8")
    code, said = code_and_words("dead-letters", *arguments, "--data", str(tmp_path))
    assert (code, words in said) == (2, True), said


@pytest.mark.parametrize("arguments", [("list", "wbd"), ("show", "wbd", "0/7"), ("redrive", "wbd", "0/7", *BY)])
def test_without_kafka_it_says_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    load_or_create(tmp_path)
    monkeypatch.setenv("CITYHUB_KAFKA_PORT", str(free_ports(1)[0]))
    code, said = code_and_words("dead-letters", *arguments, "--data", str(tmp_path))
    assert (code, "cannot start the producer" in said) == (3, True), said
