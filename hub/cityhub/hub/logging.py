"""How processes of the hub log: JSON lines on standard error, which the supervisor keeps in `logs/<process>.log`."""

from __future__ import annotations

import logging
import sys

import structlog

_NOT_NEWS = "Sending username and password in the clear"
"""Kafka's clients say so with every connection: that listener is on loopback only (docs/operating.md, Ports)."""


def configure(level: str) -> None:
    """Send structlog and the standard library's loggers through one JSON renderer.

    Args:
        level: `debug`, `info`, `warning` or `error`; libraries log from `warning` on, unless `debug` is asked for.
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
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.ExtraAdder()],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
        )
    )
    handler.addFilter(lambda record: record.msg != _NOT_NEWS)
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.DEBUG if level == "debug" else logging.WARNING)
    logging.getLogger("cityhub").setLevel(level.upper())
    logging.getLogger("aiokafka").setLevel(logging.NOTSET)
    for name in ("httpx", "httpcore", "authlib"):  # they write addresses with codes and states, at `debug` headers too
        logging.getLogger(name).setLevel(logging.WARNING)
