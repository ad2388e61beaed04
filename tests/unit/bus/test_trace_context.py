"""W3C Trace Context as the hub takes it: a caller's trace goes on, anything else begins a new one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cityhub.bus.trace_context import as_header, continued, in_headers, trace_id

TRACE, PARENT, OWN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7", "0123456789abcdef0123456789abcdef"


def test_a_callers_trace_goes_on_with_this_step_as_parent() -> None:
    assert continued(f"00-{TRACE}-{PARENT}-01", OWN) == f"00-{TRACE}-{OWN[:16]}-01"
    assert continued(f"00-{TRACE}-{PARENT}-fe", OWN).endswith("-00")
    assert trace_id(f"cc-{TRACE}-{PARENT}-01-what-the-future-will-be-like") == TRACE


@pytest.mark.parametrize(
    "said",
    [
        "",
        f"00-{TRACE}-{PARENT}",
        f"ff-{TRACE}-{PARENT}-01",
        f"00-{'0' * 32}-{PARENT}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE.upper()}-{PARENT}-01",
        f"00-{TRACE}-{PARENT}-01-more",
        f"00-{TRACE}-{PARENT}-01\n",
        f"cc-{TRACE}-{PARENT}-01-{'x' * 300}",
    ],
)
def test_what_is_no_header_begins_a_new_trace(said: str) -> None:
    assert continued(said, OWN) == f"00-{OWN}-{OWN[:16]}-00"
    assert trace_id(said) == ""


@given(st.binary(max_size=80))
def test_any_bytes_in_a_record_are_a_trace_or_none(value: bytes) -> None:
    found = in_headers([("traceparent", value)])
    assert found in {"", value.decode("ascii", "replace")}
    assert as_header(found) == ((("traceparent", value),) if found else ())


def test_two_headers_are_none() -> None:
    one = ("Traceparent", f"00-{TRACE}-{PARENT}-01".encode())
    assert in_headers([("x", None), one]) == one[1].decode()
    assert in_headers([one, one]) == in_headers([("traceparent", None)]) == ""
