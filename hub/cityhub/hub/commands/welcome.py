"""What the person at the keyboard needs once the hub runs: address, log-ins, one line to try, and how to go on."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cityhub.hub.commands.narrator import show
from cityhub.hub.rooms import DEMO
from cityhub.hub.secrets import Secrets, load
from cityhub.hub.settings import Settings, parse
from cityhub.hub.supervisor.state import HubState

_SUBSCRIPTION = r'{"query":"subscription { kpiValues(kpi: \"M01\") { start value unit n revision } }"}'
_ROLES = {
    "leitung": "city leadership",
    "controlling": "controlling",
    "betrieb": "operation of the hub",
    "startup": "startups",
}


class Welcome:
    """Announces the page as soon as it is reachable, and everything once all is ready; each once."""

    def __init__(self, settings: Settings, secrets: Secrets, say: Callable[[str], None]) -> None:
        self._settings = settings
        self._secrets = secrets
        self._say = say
        self._page_told = False
        self._all_told = False

    @classmethod
    def from_folder(cls, settings: Settings) -> Welcome:
        """For an installation that is running."""
        return cls(settings, load(settings.data), show)

    def changed(self, state: HubState) -> None:
        """Announce what `state` allows to announce."""
        web = next((process for process in state.processes if process.name == "web"), None)
        if web is not None and web.good and not self._page_told:
            self._page_told = True
            self._say(f"the dashboard is open at {self._settings.public_url}")
        if state.ready and not self._all_told:
            self._all_told = True
            self._say("everything is ready")
            self.show()

    def show(self) -> None:
        """Print it; never into a log, because of the passwords."""
        address = self._settings.public_url
        command, where = _command(), _where(self._settings.data)
        rows = [
            f"  {name:<12} {password:<20} {_ROLES.get(name, '')}"
            for name, password in self._secrets.user_passwords.items()
        ]
        show(
            "\n".join(
                [
                    "",
                    "  Innovation Hub Duisburg",
                    f"  {address}",
                    "",
                    f"  {'log-in':<12} {'password':<20} for",
                    *rows,
                    "",
                    "  M01 as a live stream, as a startup reads it:",
                    f'  curl -N -H "Authorization: Bearer $({command} token{where} --client startup-demo)" \\',
                    '    -H "Accept: text/event-stream" -H "Content-Type: application/json" \\',
                    f"    -d '{_SUBSCRIPTION}' \\",
                    f"    {address}/graphql",
                    "",
                    *self._sandbox(f"{command} sandbox", where),
                    "",
                    f"  {command} status{where}    what is running, and how old the data are",
                    f"  {command} down{where}      end everything (Ctrl-C where it runs in front)",
                    f"  logs: {self._settings.data / 'logs'}",
                    "",
                ]
            )
        )

    def _sandbox(self, command: str, where: str) -> list[str]:
        """The next three commands of the demo tenant; none without the simulated city."""
        if not self._settings.city:
            return []
        yesterday = (datetime.now(UTC) - timedelta(days=1)).date()
        return [
            f"  The sandbox, tenant {DEMO}: a day of the city at 600 times its speed, something that goes wrong, and",
            "  what there is then; docs/sandbox.md goes on from here",
            f"  {command} replay {DEMO} {yesterday} --speed 600{where}",
            f"  echo '{{kind: silent, where: {{subjects: [stellplatz-01*]}}}}' | {command} inject {DEMO} -{where}",
            f"  {command} show {DEMO}{where}",
        ]


def _where(data: Path) -> str:
    """The option that every command needs, unless the data directory is the one that is taken anyway."""
    return "" if data == parse({}).data else f" --data {shlex.quote(str(data))}"


def _command() -> str:
    """How this installation's `cityhub` is called from here: as short as it can be."""
    script = Path(sys.executable).with_name("cityhub")
    try:
        return str(script.relative_to(Path.cwd()))
    except ValueError:
        return str(script)
