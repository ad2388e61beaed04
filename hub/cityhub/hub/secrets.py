"""The installation's own secrets: made once, kept in one file that only its owner can read.

Source of the rule: secrets are made per installation (mode 0600), never committed, logged or put on a command line. A
file that is mounted for this process belongs to somebody else: Kubernetes lets the pod's group read it (mode 0440).
"""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
from collections.abc import Mapping
from pathlib import Path
from secrets import token_urlsafe

import msgspec

from cityhub.hub.errors import SecretsUnusable, StorageUnusable
from cityhub.kpi.proof.signature import new_key

FILE = "secrets.json"
USERS = ("leitung", "controlling", "betrieb", "startup")
_OTHERS, _OTHERS_OF_A_MOUNT = 0o077, 0o037
MACHINE_CLIENTS = ("ingest-dvv", "ingest-wbd", "startup-demo")


class Secrets(msgspec.Struct, frozen=True, kw_only=True):
    """Every secret of one installation; its representation shows none of them.

    Attributes:
        user_passwords: first password of each person's account, by user name.
        client_secrets: of the machine clients, by client id.
        receipt_key: private key with which receipts are signed, PEM.
        pseudonym_key: of the adapters' pseudonyms; with another one people and cases are counted anew.
        admin_client_secret: of the hub's own client in the embedded Keycloak.
    """

    kafka_broker_password: str
    kafka_hub_password: str
    keycloak_admin_password: str
    web_client_secret: str
    session_key: str
    user_passwords: Mapping[str, str]
    client_secrets: Mapping[str, str]
    receipt_key: str = ""
    pseudonym_key: str = ""
    admin_client_secret: str = ""

    def __repr__(self) -> str:
        return "Secrets(…)"


def load(data_dir: Path) -> Secrets:
    """Read the secrets of an installation.

    Raises:
        SecretsUnusable: the file is absent, damaged, incomplete or readable by others.
        StorageUnusable: it cannot be read.
    """
    path = data_dir / FILE
    try:
        found = path.stat()
        mode = stat.S_IMODE(found.st_mode)
        if mode & (_OTHERS if found.st_uid == os.geteuid() else _OTHERS_OF_A_MOUNT):
            raise SecretsUnusable(
                f"{path} has mode {mode:04o}, others can read it: change its secrets or `chmod 600 {path}`"
            )
        return msgspec.json.decode(path.read_bytes(), type=Secrets)
    except FileNotFoundError:
        raise SecretsUnusable(f"{path} does not exist: `cityhub up` makes it, `cityhub secrets` prints one") from None
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise SecretsUnusable(
            f"{path} is damaged ({error}): restore it from a backup; without one, move the whole folder {data_dir} "
            "away and let `cityhub up` make a new installation"
        ) from error
    except OSError as error:
        raise StorageUnusable(f"{path} cannot be read: {error.strerror}") from error


def load_or_create(data_dir: Path) -> Secrets:
    """Read the secrets; at the first start make them, later add those that a newer version needs.

    Raises:
        SecretsUnusable, StorageUnusable: as `load`; also when the file cannot be written.
    """
    path = data_dir / FILE
    if not path.exists():
        private_folder(data_dir)
        with contextlib.suppress(FileExistsError):  # another process of the hub was faster: its secrets count
            _write(path, msgspec.json.encode(generate()), replace=False)
    known = load(data_dir)
    complete = msgspec.structs.replace(
        known,
        user_passwords={**_people(), **known.user_passwords},
        client_secrets={**_machines(), **known.client_secrets},
        receipt_key=known.receipt_key or new_key(),
        pseudonym_key=known.pseudonym_key or token_urlsafe(32),
        admin_client_secret=known.admin_client_secret or token_urlsafe(32),
    )
    if complete != known:
        _write(path, msgspec.json.encode(complete), replace=True)
    return complete


def private_folder(path: Path) -> Path:
    """Make the folder where absent, for its owner only.

    Raises:
        StorageUnusable: it cannot be made.
    """
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise StorageUnusable(f"folder {path} cannot be made: {error.strerror}") from error
    return path


def write_private(path: Path, text: str) -> None:
    """Put the file there whole or not at all, readable by its owner only.

    Raises:
        StorageUnusable: it cannot be written, for instance because the disk is full.
    """
    _write(path, text.encode(), replace=True)


def _write(path: Path, content: bytes, *, replace: bool) -> None:
    try:
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
            temporary = Path(file.name)
            try:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
                if replace:
                    temporary.replace(path)
                else:
                    path.hardlink_to(temporary)
            finally:
                temporary.unlink(missing_ok=True)
    except FileExistsError:
        raise
    except OSError as error:
        raise StorageUnusable(f"{path} cannot be written: {error.strerror}") from error


def generate() -> Secrets:
    """Secrets of another installation."""
    return Secrets(
        kafka_broker_password=token_urlsafe(32),
        kafka_hub_password=token_urlsafe(32),
        keycloak_admin_password=token_urlsafe(32),
        web_client_secret=token_urlsafe(32),
        session_key=token_urlsafe(32),
        user_passwords=_people(),
        client_secrets=_machines(),
        receipt_key=new_key(),
        pseudonym_key=token_urlsafe(32),
        admin_client_secret=token_urlsafe(32),
    )


def _people() -> dict[str, str]:
    return {name: token_urlsafe(12) for name in USERS}


def _machines() -> dict[str, str]:
    return {name: token_urlsafe(32) for name in MACHINE_CLIENTS}
