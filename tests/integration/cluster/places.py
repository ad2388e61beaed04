"""Everything in which a process here differs from the chart's container. What is not named here is refused.

1. **Program**: the image's entry point is this interpreter's `cityhub.hub`, its environment that of the Containerfile.
2. **Files**: what is mounted is a folder of the test: an emptyDir for each pod, a claim one for all. Values of the
   environment that are paths, and working directories, are moved there; what is not mounted lies below /dev/null, where
   nothing is and nothing can be made. A file that is mounted is a link, and only its owner may read it, because it
   belongs to the user of the process here.
3. **Ports**: two pods of one machine cannot both listen on 8000, so each declared port is another one.
4. **Addresses**: of the servers outside, named one by one, and of the chart's own Services.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

from msgspec import Struct

from tests.integration.cluster.rendering import NotHere, Release
from tests.ports import free_ports

_ENTRY = (sys.executable, "-m", "cityhub.hub")
_IMAGE = {
    "PATH": f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin",
    "PYTHONUNBUFFERED": "1",
    "PYTHONDONTWRITEBYTECODE": "1",
}
_ADDRESS = re.compile(r"://|^[\w.-]+:\d+(,|$)")


class Outside(Struct, frozen=True):
    """What the example's values name and this machine has elsewhere.

    Attributes:
        addresses: as rendered → here.
        secrets: by name, what the Secrets hold by key.
    """

    addresses: Mapping[str, str]
    secrets: Mapping[str, Mapping[str, str]]


class Command(Struct, frozen=True):
    """A process to start."""

    argv: Sequence[str]
    environment: Mapping[str, str]
    folder: Path


class Places:
    """Where things of a release are on this machine.

    Args:
        folder: of everything that is mounted.
        front: port of the web's Service; its address is the public one.
    """

    def __init__(self, release: Release, folder: Path, outside: Outside, front: int) -> None:
        self._release = release
        self._folder = folder
        self._outside = outside
        self._ports: dict[tuple[str, int], int] = {}
        self.service_ports = {
            name: front if name.endswith("-web") else self.port(name, 0) for name, _ in self._release.services
        }
        self._addresses = dict(outside.addresses)
        for name, spec in self._release.services:
            (port,) = spec["ports"]
            shown = f"http://{name}" + ("" if port["port"] == 80 else f":{port['port']}")
            self._addresses[shown] = f"http://127.0.0.1:{self.service_ports[name]}"

    def port(self, pod: str, number: int) -> int:
        """Where a container's port is."""
        if (pod, number) not in self._ports:
            (port,) = free_ports(1)
            while port in self._ports.values():
                (port,) = free_ports(1)
            self._ports[pod, number] = port
        return self._ports[pod, number]

    def command(self, pod: str, spec: Mapping[str, Any], container: Mapping[str, Any]) -> Command:
        """What a container of a pod runs.

        Raises:
            NotHere: it asks for a Secret, address or volume that is not known here.
        """
        mounted = self._mounted(pod, spec, container)
        made = _IMAGE | dict(self._environment(pod, container, mounted))
        if "/tmp" in mounted:  # noqa: S108 - where the image's programs put what is temporary
            made["TMPDIR"] = str(mounted["/tmp"])  # noqa: S108
        words = [self._word(word) for word in chain(container.get("command", ()), container.get("args", ()))]
        if "command" in container:
            words[0] = sys.executable if words[0] == "python" else words[0]
        argv = words if "command" in container else [*_ENTRY, *words]
        folder = Path(_moved(container["workingDir"], mounted)) if "workingDir" in container else self._folder
        return Command(argv, made, folder)

    def claim(self, name: str) -> Path:
        """The folder of a volume that outlives its pod."""
        return self._folder / "claims" / name

    def _environment(
        self, pod: str, container: Mapping[str, Any], mounted: Mapping[str, Path]
    ) -> Iterator[tuple[str, str]]:
        for source in container.get("envFrom", ()):
            for name, value in self._release.maps[source["configMapRef"]["name"]].items():
                yield name, self._value(pod, name, value, mounted)
        for one in container.get("env", ()):
            if "value" in one:
                yield one["name"], self._value(pod, one["name"], one["value"], mounted)
            else:
                yield one["name"], self._secret(**one["valueFrom"]["secretKeyRef"])

    def _secret(self, name: str, key: str) -> str:
        try:
            return self._outside.secrets[name][key]
        except KeyError:
            raise NotHere(f"there is no Secret {name} with the key {key}") from None

    def _value(self, pod: str, name: str, value: str, mounted: Mapping[str, Path]) -> str:
        if value in self._addresses:
            return self._addresses[value]
        if value.startswith("/"):
            return _moved(value, mounted)
        if name.endswith("_PORT"):
            return str(self.port(pod, int(value)))
        if _ADDRESS.search(value):
            raise NotHere(f"{name} = {value} is an address that has no place here")
        return value

    def _word(self, word: str) -> str:
        for shown, here in self._addresses.items():
            word = word.replace(shown, here)
        return word

    def _mounted(self, pod: str, spec: Mapping[str, Any], container: Mapping[str, Any]) -> dict[str, Path]:
        volumes = {one["name"]: self._volume(pod, one) for one in spec.get("volumes", ())}
        mounts = container.get("volumeMounts", ())
        found = {one["mountPath"]: volumes[one["name"]] for one in mounts if "subPath" not in one}
        for one in mounts:
            if "subPath" in one:
                link = Path(_moved(one["mountPath"], found))
                link.unlink(missing_ok=True)
                link.symlink_to(volumes[one["name"]] / one["subPath"])
        return found

    def _volume(self, pod: str, volume: Mapping[str, Any]) -> Path:
        match volume:
            case {"emptyDir": _}:
                return _made(self._folder / "pods" / pod / volume["name"])
            case {"persistentVolumeClaim": {"claimName": name}}:
                return _made(self.claim(name))
            case {"configMap": {"name": name}}:
                return self._files(self._folder / "maps" / name, self._release.maps[name])
            case {"secret": {"secretName": name, "items": items}}:
                held = {one["path"]: self._secret(name, one["key"]) for one in items}
                return self._files(self._folder / "secrets" / name, held)
        raise NotHere(f"volume {volume['name']} is of a kind that nothing here follows: {volume}")

    def _files(self, folder: Path, held: Mapping[str, str]) -> Path:
        _made(folder)
        for name, text in held.items():
            if not (folder / name).exists():
                file = os.open(folder / name, os.O_WRONLY | os.O_CREAT, 0o400)
                with os.fdopen(file, "w", encoding="utf-8") as out:
                    out.write(text)
        return folder


def _made(folder: Path) -> Path:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def _moved(path: str, mounted: Mapping[str, Path]) -> str:
    for mount in sorted(mounted, key=len, reverse=True):
        if path == mount or path.startswith(f"{mount}/"):
            return f"{mounted[mount]}{path.removeprefix(mount)}"
    return f"/dev/null{path}"
