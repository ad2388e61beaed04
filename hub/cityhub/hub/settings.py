"""Settings of the hub: `CITYHUB_<NAME>` in the environment, read once, all problems reported together.

The table of docs/operating.md lists every setting with its default; a test compares the two.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails

from cityhub.adapters.dvv.transit.source import Format
from cityhub.hub.errors import Misconfigured

PREFIX = "CITYHUB_"
_FOR_TESTS = {"recordings"}
"""`CITYHUB_RECORDINGS` tells the tests where recorded messages are; it is no setting, and no mistake either."""
_EVERY_ADDRESS = ("0.0.0.0", "::")  # noqa: S104 - recognised, not bound


def _server(url: str) -> str:
    """`http(s)://host[:port]` without a path, because paths of our own are appended to it."""
    parts = urlsplit(url)
    if url and (parts.scheme not in {"http", "https"} or not parts.hostname or parts.path.strip("/") or parts.query):
        raise ValueError("must look like http://host:port, without a path")
    return url.rstrip("/")


def _address(url: str) -> str:
    parts = urlsplit(url)
    if url and (parts.scheme not in {"http", "https"} or not parts.hostname):
        raise ValueError("must be an address such as http://host:port/path")
    return url.rstrip("/")


def _database(url: str) -> str:
    parts = urlsplit(url)
    if url and (parts.scheme not in {"postgresql", "postgres"} or not parts.hostname or not parts.path.strip("/")):
        raise ValueError("must look like postgresql://user:password@host:port/database")
    return url


def _absolute(path: Path) -> Path:
    """One spelling for one folder, wherever the process that reads it lives."""
    try:
        return path.expanduser().resolve()
    except RuntimeError as error:
        raise ValueError(f"names the home of a user who has none: {error}") from error


def _archive(where: str) -> str:
    """A folder's one spelling, or a URL: that is shown in messages, so it holds no keys."""
    if where and "://" not in where:
        return str(_absolute(Path(where)))
    if "@" in urlsplit(where).netloc:
        raise ValueError("holds a log-in; give it in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY instead")
    return where


Folder = Annotated[Path, AfterValidator(_absolute)]
Port = Annotated[int, Field(ge=1, le=65_535)]
ServerUrl = Annotated[str, AfterValidator(_server)]
Url = Annotated[str, AfterValidator(_address)]
Centre = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,40}$")]
StoreUrl = Annotated[str, AfterValidator(_database)]
Archive = Annotated[str, AfterValidator(_archive)]


class Settings(BaseModel):
    """All settings. Paths are absolute, addresses have no trailing slash, and the embedded ports are distinct."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)

    data: Folder = Field(default=Path("var"), description="data directory; holds everything the hub remembers")
    cache: Folder = Field(default=Path("~/.cache/cityhub"), description="downloaded servers, shared by installations")
    host: str = Field(default="127.0.0.1", min_length=1, description="address the web server listens on")
    port: Port = Field(default=8000, description="port of dashboard, API and log-in")
    public_url: ServerUrl = Field(default="", description="address that browsers use")
    probe_host: str = Field(default="127.0.0.1", min_length=1, description="address the probes listen on")
    probe_port: int = Field(default=0, ge=0, le=65_535, description="port of a process's probes and metrics; 0 = none")
    log_level: Literal["debug", "info", "warning", "error"] = Field(default="info", description="least level logged")
    city: bool = Field(default=True, description="run the simulated city")
    city_port: Port = Field(default=18090, description="port of the simulated city's feeds")
    city_mqtt_port: Port = Field(default=18091, description="port of the simulated city's MQTT broker")
    city_ais_port: Port = Field(default=18092, description="port of the simulated city's AIS receiver")
    city_seed: int = Field(default=2026, ge=0, description="seed of the simulated city")
    city_backfill_hours: int = Field(default=48, ge=0, le=720, description="hours played at the first start")
    transit_url: Url = Field(default="", description="public-transport feed: control centre, or zip of GTFS")
    transit_format: Format = Field(default="vdv454-json", description="`vdv454-json`, `vdv454-xml` or `gtfs`")
    transit_centre: Centre = Field(default="dvg", description="Leitstellenkennung of the control centre")
    transit_sender: Centre = Field(default="cityhub", description="our Leitstellenkennung, agreed for VDV 453")
    transit_trip_updates_url: Url = Field(default="", description="GTFS Realtime TripUpdates that go with the GTFS")
    transit_agencies: str = Field(default="", description="agencies read of the GTFS, `id or name;…`; empty = all")
    sources: str = Field(default="", description="YAML file with addresses of partners' systems; empty = simulated")
    register_url: str = Field(default="", description="asset register: CSV, `file:///…` or `http(s)://…`")
    alerts_url: Url = Field(default="", description="inbox that gets audio alerts; empty = the simulated city's")
    alerts_secret_file: str = Field(default="", description="file with the bearer token of that inbox")
    poll_s: float = Field(default=10.0, gt=0, le=3600, description="seconds between two polls of a feed")
    kafka_port: Port = Field(default=19092, description="embedded Kafka, listener of the hub's own processes")
    kafka_controller_port: Port = Field(default=19093, description="embedded Kafka, controller")
    kafka_partner_port: Port = Field(default=19094, description="embedded Kafka, listener of partners (OAUTHBEARER)")
    kafka_bootstrap: str = Field(default="", description="external Kafka `host:port,…`; empty = embedded")
    kafka_username: str = Field(default="", description="log-in at the external Kafka")
    kafka_password: str = Field(default="", repr=False, description="log-in at the external Kafka")
    kafka_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = Field(
        default="PLAIN", description="how the external Kafka checks the log-in"
    )
    kafka_ca: str = Field(
        default="", description="external Kafka speaks TLS: its CA's certificates (PEM file), or `system`"
    )
    store_url: StoreUrl = Field(
        default="", repr=False, description="PostgreSQL for KPI values and log-ins; empty = files in data"
    )
    archive: Archive = Field(default="", description="archive: folder or URL as `s3://bucket/prefix`; empty = in data")
    archive_every: float = Field(default=60.0, gt=0, le=3600, description="seconds between two turns of the archiver")
    archive_keep: int = Field(default=0, ge=0, description="days of events that the archive keeps; 0 = for ever")
    rooms_port: Port = Field(default=18093, description="port of the sandbox's rooms")
    rooms_url: ServerUrl = Field(default="", description="rooms on another machine; empty = on this one")
    releases: str = Field(default="", description="YAML file of event types that owners released for the sandbox")
    keycloak_port: Port = Field(default=18080, description="embedded Keycloak")
    keycloak_url: ServerUrl = Field(default="", description="external Keycloak; empty = embedded")
    keycloak_admin_secret_file: str = Field(
        default="",
        description="file with the secret of `hub-admin` at the external Keycloak; empty = no administration",
    )

    def to_environment(self, base: Mapping[str, str] | None = None) -> dict[str, str]:
        """The environment that gives another process the same settings; `parse` is its inverse.

        Args:
            base: what else it shall hold; settings in it are left out.
        """
        others = {name: value for name, value in (base or {}).items() if not name.startswith(PREFIX)}
        return others | {
            PREFIX + name.upper(): str(value).lower() if isinstance(value, bool) else str(value)
            for name, value in self.model_dump().items()
        }

    @property
    def store(self) -> str | Path:
        """Where KPI values are kept: URL of a PostgreSQL database, or an SQLite file."""
        return self.store_url or self.data / "store.db"

    @property
    def sessions(self) -> str | Path:
        """Where log-ins of browsers rest: the same database, where all web processes see them, or a file."""
        return self.store_url or self.data / "web.db"

    def without_passwords(self) -> Settings:
        """The same, fit to be shown or written to a file."""
        return self.model_copy(update={"kafka_password": "", "store_url": ""})

    def ports(self) -> dict[str, int]:
        """Ports that the hub's processes will listen on, by the setting that changes each."""
        used = {"port": self.port, "rooms_port": self.rooms_port}
        used |= {"probe_port": self.probe_port} if self.probe_port else {}
        if self.city:
            used |= {name: getattr(self, name) for name in ("city_port", "city_mqtt_port", "city_ais_port")}
        if not self.kafka_bootstrap:
            used |= {
                name: getattr(self, name) for name in ("kafka_port", "kafka_controller_port", "kafka_partner_port")
            }
        if not self.keycloak_url:
            used["keycloak_port"] = self.keycloak_port
        return {PREFIX + name.upper(): port for name, port in used.items()}


def parse(environment: Mapping[str, str], options: Mapping[str, Any] | None = None) -> Settings:
    """Read the settings.

    Args:
        environment: as `os.environ`; names that do not begin with `CITYHUB_` are ignored, empty values are not given.
        options: values from the command line by setting name; they win over the environment.

    Raises:
        Misconfigured: lists everything that is wrong: unknown names with the nearest known one, bad values, clashes.
    """
    given = {name[len(PREFIX) :].lower(): value for name, value in environment.items() if name.startswith(PREFIX)}
    options = options or {}
    named = {
        name: f"--{name.replace('_', '-')}" if name in options else PREFIX + name.upper()
        for name in Settings.model_fields
    }
    problems = [_unknown(name) for name in given if name not in named and name not in _FOR_TESTS]
    values = {name: value for name, value in {**given, **options}.items() if name in named and value != ""}
    if caches := environment.get("XDG_CACHE_HOME"):
        values.setdefault("cache", Path(caches) / "cityhub")
    try:
        settings = Settings.model_validate(values)
    except ValidationError as error:
        problems += [_bad_value(named, values, detail) for detail in error.errors()]
        wrong = {detail["loc"][0] for detail in error.errors()}
        settings = Settings.model_validate({name: value for name, value in values.items() if name not in wrong})
    problems += _of_transit(settings)
    settings = _complete(settings)
    problems += _clashes(settings)
    if problems:
        raise Misconfigured("these settings are wrong:\n" + "\n".join(f"  {problem}" for problem in problems))
    return settings


def _complete(settings: Settings) -> Settings:
    """Fill in the defaults that depend on other settings."""
    host = "127.0.0.1" if settings.host in _EVERY_ADDRESS else settings.host
    host = f"[{host}]" if ":" in host else host
    city = f"http://127.0.0.1:{settings.city_port}"
    return settings.model_copy(
        update={
            "public_url": settings.public_url or f"http://{host}:{settings.port}",
            "archive": settings.archive or str(settings.data / "archive"),
            "transit_url": settings.transit_url or (city if settings.city else ""),
            "rooms_url": settings.rooms_url or f"http://127.0.0.1:{settings.rooms_port}",
            "register_url": settings.register_url or (f"{city}/assets.csv" if settings.city else ""),
        }
    )


def _unknown(name: str) -> str:
    near = difflib.get_close_matches(name, Settings.model_fields, n=1, cutoff=0.5)
    remedy = f"did you mean {PREFIX}{near[0].upper()}?" if near else "docs/operating.md lists all settings"
    return f"{PREFIX}{name.upper()}: unknown setting; {remedy}"


def _bad_value(named: Mapping[str, str], values: Mapping[str, Any], detail: ErrorDetails) -> str:
    name = str(detail["loc"][0])
    shown = "(hidden)" if "password" in name or name == "store_url" else repr(str(values.get(name)))
    message = detail["msg"].removeprefix("Value error, ").replace("Input should be", "must be")
    return f"{named[name]} = {shown}: {message}"


def _of_transit(settings: Settings) -> Iterator[str]:
    given = f"{PREFIX}TRANSIT_FORMAT is {settings.transit_format}"
    if settings.transit_format != "vdv454-json" and not settings.transit_url:
        yield f"{given}: {PREFIX}TRANSIT_URL must be set too; the simulated city speaks vdv454-json"
    if (settings.transit_format == "gtfs") is not bool(settings.transit_trip_updates_url):
        yield f"{given}: {PREFIX}TRANSIT_TRIP_UPDATES_URL must be set for gtfs, and only for it"
    for name in ("transit_url", "transit_trip_updates_url"):
        if urlsplit(getattr(settings, name)).password:
            yield f"{PREFIX}{name.upper()} holds a password, which would be shown; leave it out"


def _clashes(settings: Settings) -> Iterator[str]:
    by_port: dict[int, list[str]] = {}
    for name, port in settings.ports().items():
        by_port.setdefault(port, []).append(name)
    for port, names in by_port.items():
        if len(names) > 1:
            yield f"{' and '.join(names)} are both {port}: give each its own port"
    login = {name: getattr(settings, name) for name in ("kafka_bootstrap", "kafka_username", "kafka_password")}
    missing = [PREFIX + name.upper() for name, value in login.items() if not value]
    if missing and len(missing) < len(login):
        yield f"{' and '.join(missing)} must be set too: an external Kafka needs address, user name and password"
