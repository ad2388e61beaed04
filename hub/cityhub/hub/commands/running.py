"""The settings of a hub that is running, which may have been started with other options than the command at hand."""

from __future__ import annotations

import os

from cityhub.hub.settings import Settings, parse
from cityhub.hub.supervisor import lock, state


def settings_of_running(settings: Settings) -> Settings:
    """What the supervisor of the data directory was started with; `settings` itself when none runs."""
    pid = lock.holder(settings.data)
    running = state.read(settings.data) if pid else None
    if running is None or running.pid != pid:
        return settings
    passwords = {name: value for name, value in os.environ.items() if name == "CITYHUB_KAFKA_PASSWORD"}
    return parse({**running.settings, **passwords})
