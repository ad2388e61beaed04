"""Keycloak unpacked and built once per machine; every later start of any installation uses the result.

Keycloak's own build step (augmentation) fixes database kind, path and features. It costs as much as a first start, so
its result is kept in the cache beside the archive it came from, with the hash of every file.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import zipfile
from collections.abc import Mapping
from pathlib import Path

import msgspec

from cityhub.hub.embedded.artefacts import Say, locked, pins
from cityhub.hub.errors import ServiceMissing, StorageUnusable

# Nobody uses them, so nobody has to defend them: account and administration pages, impersonation, token exchange, …
_FEATURES_OFF = (
    "account,account-api,admin,admin-fine-grained-authz,authorization,ciba,identity-brokering-api,impersonation,kerberos,"
    "organization,passkeys,passkeys-conditional-ui-authenticator,token-exchange-standard,twitter-broker,"
    "user-event-metrics,web-authn"
)
BUILD = ("build", "--db=dev-file", "--http-relative-path=/auth", f"--features-disabled={_FEATURES_OFF}")
_MANIFEST = "cityhub-files.json"


def ready(archive: Path, cache: Path, java: tuple[str, ...], *, say: Say) -> Path:
    """The built distribution, checked file by file; made where it is absent or damaged.

    Args:
        archive: Keycloak's zip, already checked.
        java: command that runs Keycloak's entry point, up to the class path (see `keycloak.java`).

    Raises:
        ServiceMissing: Keycloak's build step fails.
        StorageUnusable: the cache cannot be written, for instance because the disk is full.
    """
    (pin,) = pins("keycloak")
    key = hashlib.sha256("\0".join((pin.sha256, *BUILD)).encode()).hexdigest()[:12]
    folder = cache / f"{pin.name}-{pin.version}-{key}"
    with locked(cache, "keycloak", say):
        damage = _damage(folder)
        if damage is None:
            return folder
        if folder.exists():
            say(f"{folder} is damaged ({damage}): making it anew")
        try:
            _make(archive, folder, java, say)
        except OSError as error:
            raise StorageUnusable(f"Keycloak cannot be unpacked to {folder}: {error.strerror or error}") from error
    return folder


def _make(archive: Path, folder: Path, java: tuple[str, ...], say: Say) -> None:
    """Make it beside its place and move it there whole, so that what is there is never half done."""
    say(f"keycloak: unpacking and building {archive.stem}, once per machine (about half a minute)")
    work = folder.with_name(f"{folder.name}.new")
    shutil.rmtree(work, ignore_errors=True)
    with zipfile.ZipFile(archive) as content:
        content.extractall(work)
    (unpacked,) = work.iterdir()
    done = subprocess.run(  # noqa: S603 - own command line
        [*java, f"-Dkc.home.dir={unpacked}", *entry_point(unpacked), *BUILD],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise ServiceMissing(f"Keycloak's build step failed: {(done.stdout + done.stderr).strip()[-800:]}")
    (unpacked / _MANIFEST).write_bytes(msgspec.json.encode(_hashes(unpacked)))
    shutil.rmtree(folder, ignore_errors=True)
    unpacked.rename(folder)
    work.rmdir()


def entry_point(folder: Path) -> tuple[str, ...]:
    """Class path and main class of an unpacked distribution."""
    return ("-cp", str(folder / "lib" / "quarkus-run.jar"), "io.quarkus.bootstrap.runner.QuarkusEntryPoint")


def _damage(folder: Path) -> str | None:
    """The first file that is not as it was built, None where all are."""
    try:
        expected = msgspec.json.decode((folder / _MANIFEST).read_bytes(), type=dict[str, str])
    except (OSError, msgspec.MsgspecError) as error:
        return str(error)
    found = _hashes(folder)
    return next((name for name in expected.keys() | found.keys() if expected.get(name) != found.get(name)), None)


def _hashes(folder: Path) -> Mapping[str, str]:
    hashes = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.name != _MANIFEST:
            with path.open("rb") as file:
                hashes[str(path.relative_to(folder))] = hashlib.file_digest(file, "sha256").hexdigest()
    return hashes
