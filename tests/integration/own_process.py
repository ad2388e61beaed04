"""One of the hub's own processes beside the session's servers, to be killed by a test."""

from __future__ import annotations

import os
import subprocess
import sys

from tests.integration.servers import LIMIT_S, Kafka


class OwnProcess:
    """`cityhub <name>`, again and again; what it says goes to the test's output."""

    def __init__(self, kafka: Kafka, name: str) -> None:
        self._environment = kafka.installation.settings.to_environment(os.environ)
        self._name = name
        self._child: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it; whatever ran before has ended."""
        self._child = subprocess.Popen([sys.executable, "-m", "cityhub.hub", self._name], env=self._environment)

    def kill(self) -> None:
        """The process dies at once, as on a crash."""
        if self._child is not None:
            self._child.kill()
            self._child.wait(LIMIT_S)

    def lives(self) -> bool:
        """Whether it was started and has not ended."""
        return self._child is not None and self._child.poll() is None

    def keep(self) -> None:
        """Start it again if it has ended, as the supervisor does."""
        if not self.lives():
            self.start()
