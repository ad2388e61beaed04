"""The embedded Keycloak: one process on loopback, its database a file in the data directory.

Browsers reach it through the web app only (`/auth` of the public address); the hub calls it directly. Its realm is made
and kept up to date by `identity.provision`.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import httpx

from cityhub.hub.embedded import distribution
from cityhub.hub.embedded.artefacts import Say, ensure
from cityhub.hub.embedded.java import java_home
from cityhub.hub.errors import StorageUnusable
from cityhub.hub.process import ProcessSpec
from cityhub.hub.secrets import Secrets, private_folder, write_private
from cityhub.hub.settings import Settings

HOST = "127.0.0.1"
ADMIN = "admin"
_MADE = "made"

# What kc.sh sets, without its shell in between: one process to stop, and none left behind by a kill. The first compiler
# alone halves the processor time of a start.
_JVM = (
    "-Xms64m",
    "-Xmx512m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-XX:MetaspaceSize=96M",
    "-XX:MaxMetaspaceSize=256m",
    "-XX:+ExitOnOutOfMemoryError",
    "--add-opens=java.base/java.util=ALL-UNNAMED",
    "--add-opens=java.base/java.util.concurrent=ALL-UNNAMED",
    "--add-opens=java.base/java.security=ALL-UNNAMED",
    "--add-opens=java.base/java.lang=ALL-UNNAMED",
    "--enable-native-access=ALL-UNNAMED",
    "--sun-misc-unsafe-memory-access=allow",
    "-Dfile.encoding=UTF-8",
    "-Duser.language=en",
    "-Duser.country=US",
    "-Djdk.tls.rejectClientInitiatedRenegotiation=true",
    "-Djava.util.concurrent.ForkJoinPool.common.threadFactory=io.quarkus.bootstrap.forkjoin.QuarkusForkJoinWorkerThreadFactory",
    "-Djava.util.logging.manager=org.jboss.logmanager.LogManager",
    "-Dpicocli.disable.closures=true",
)


def url(settings: Settings) -> str:
    """Origin on which the hub reaches the embedded Keycloak."""
    return f"http://{HOST}:{settings.keycloak_port}"


def prepare(settings: Settings, secrets: Secrets, *, say: Say) -> ProcessSpec:
    """Fetch, unpack and build (once); afterwards the returned process can be started.

    Raises:
        ServiceMissing: files or the Java runtime are missing or damaged, or the build step fails.
        StorageUnusable: the cache or the data directory cannot be written.
    """
    command = (str(java_home() / "bin" / "java"), *_JVM)
    (archive,) = ensure("keycloak", settings.cache, say=say)
    built = distribution.ready(archive, settings.cache, command, say=say)
    private_folder(settings.data)
    home = _home(private_folder(settings.data / "keycloak"), built)
    return ProcessSpec(
        name="keycloak",
        argv=(*command, f"-Dkc.home.dir={home}", *distribution.entry_point(built), *_start(settings, home)),
        env={
            "LC_ALL": "C.UTF-8",
            "KC_BOOTSTRAP_ADMIN_USERNAME": ADMIN,
            "KC_BOOTSTRAP_ADMIN_PASSWORD": secrets.keycloak_admin_password,
        },
        probe=lambda: unready(url(settings)),
        stop_s=20.0,
    )


def unready(origin: str) -> str | None:
    """None when Keycloak serves requests, else why not. At most 2 s."""
    address = f"{origin}/auth/realms/master"
    try:
        answer = httpx.get(address, timeout=2.0, trust_env=False)
    except httpx.HTTPError as error:
        return f"nothing answers at {address} yet: {error}"
    return None if answer.is_success else f"{address} answers {answer.status_code}"


def note_made(settings: Settings) -> None:
    """Remember that database and realm are complete: from now on the database is kept whatever happens.

    Raises:
        StorageUnusable: it cannot be written.
    """
    write_private(settings.data / "keycloak" / _MADE, "")


def _start(settings: Settings, home: Path) -> tuple[str, ...]:
    database = f"jdbc:h2:file:{home / 'h2' / 'keycloak'};NON_KEYWORDS=VALUE;DB_CLOSE_ON_EXIT=FALSE;TRACE_LEVEL_FILE=0"
    return (
        "start",
        "--optimized",
        "--http-enabled=true",
        f"--http-host={HOST}",
        f"--http-port={settings.keycloak_port}",
        f"--hostname={settings.public_url}/auth",
        "--hostname-backchannel-dynamic=true",
        "--proxy-headers=xforwarded",
        "--cache=local",  # without it a cluster's ports are opened on all addresses
        f"--db-url={database}",
    )


def _home(home: Path, built: Path) -> Path:
    """Keycloak's home: the shared programs by link, everything it writes in the installation's own folder.

    A database whose first start was cut off while its tables were made never starts again; it holds nothing yet, so it
    is made anew.
    """
    try:
        if not (home / _MADE).exists() and (home / "h2").exists():
            shutil.rmtree(home / "h2")
        for name in ("lib", "providers"):
            link = home / name
            link.unlink(missing_ok=True)
            link.symlink_to(built / name)
        (home / "conf").mkdir(exist_ok=True)
    except OSError as error:
        raise StorageUnusable(f"folder {home} cannot be written: {error.strerror}") from error
    return home
