"""How processes of the hub log: JSON lines on standard error, which the supervisor keeps in `logs/<process>.log`.

What stands in a line, and what never does: docs/observability.md, "Logs".
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

_NOT_NEWS = "Sending username and password in the clear"
"""Kafka's clients say so with every connection: that listener is on loopback only (docs/operating.md, Ports)."""
_SECRET_KEYS = re.compile(
    "authorization|cookie|token|password|secret|sub|subject|principal|user|username|email|preferred_username|session_id",
    re.ASCII,
)
"""Never written, whoever logs them."""
_SECRETS = re.compile(
    r"""eyJ[\w-]{8,}\.[\w-]+\.[\w-]*           # a JWT
    |(?i:\b(?:bearer|basic))\s+[\w.~+/=-]{8,}  # a header
    |(?<=://)[^/\s:@]+:[^/\s@]+(?=@)           # user and password in an address
    |(?<=[?&])(?:code|state|session_state|id_token_hint|access_token|refresh_token|client_secret)=[^&\s"']+
    |[\w.+-]+@[\w-]+\.[\w.-]*[a-z]             # an e-mail address""",
    re.ASCII | re.VERBOSE,
)
HIDDEN = "(hidden)"


def configure(level: str, process: str = "") -> None:
    """Send structlog and the standard library's loggers through one JSON renderer.

    Args:
        level: `debug`, `info`, `warning` or `error`; libraries log from `warning` on, unless `debug` is asked for.
        process: name that every line carries.
    """
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter(shared, process))
    handler.addFilter(lambda record: record.msg != _NOT_NEWS)
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.DEBUG if level == "debug" else logging.WARNING)
    logging.getLogger("cityhub").setLevel(level.upper())
    logging.getLogger("aiokafka").setLevel(logging.NOTSET)
    for name in ("httpx", "httpcore", "authlib"):  # they write addresses with codes and states, at `debug` headers too
        logging.getLogger(name).setLevel(logging.WARNING)


def formatter(shared: list[structlog.typing.Processor], process: str) -> structlog.stdlib.ProcessorFormatter:
    """A line of JSON; `shared` is done to what the standard library logs, too."""

    def named(_: Any, __: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        return {**line, "process": process} if process else line

    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[*shared, structlog.stdlib.ExtraAdder()],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            named,
            without_secrets,
            structlog.processors.JSONRenderer(ensure_ascii=False, default=_as_text),
        ],
    )


def without_secrets(_: Any, __: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Hide tokens, log-ins, addresses of people and what is called like one, wherever in a line it stands."""
    return {name: HIDDEN if _SECRET_KEYS.fullmatch(name.lower()) else _without(value) for name, value in line.items()}


def _without(value: Any) -> Any:
    if isinstance(value, str):
        return _SECRETS.sub(HIDDEN, value)
    if isinstance(value, dict):
        return without_secrets(None, "", value)
    if isinstance(value, list | tuple):
        return [_without(one) for one in value]
    return value


def _as_text(value: Any) -> str:
    """What is no JSON of its own, without its secrets."""
    return _SECRETS.sub(HIDDEN, str(value))
