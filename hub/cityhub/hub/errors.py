"""Errors of the hub, by what the person at the keyboard can do about them.

    HubError                   70  a fault of the hub itself
    ├── Misconfigured           2  a setting or a file the operator owns is wrong: correct it
    │   ├── SettingsError       2  settings in the environment or on the command line
    │   └── SecretsUnusable     2  the file with the installation's secrets is damaged or readable by others
    └── ServiceMissing          3  something the hub needs is not there
        ├── JavaMissing         3  the Java runtime's wheel is not installed
        ├── ArtefactUnavailable 3  a server's file is not in the cache and cannot be fetched
        ├── ArtefactDamaged     3  a server's file is not the pinned one, also after fetching it anew
        ├── PortTaken           3  another program listens on a port the hub needs
        └── StorageUnusable     3  a folder cannot be written, or the disk is full

Each carries the exit code of its command; the message says what was wrong, where, and what to do.
"""

from __future__ import annotations

from typing import ClassVar


class HubError(Exception):
    """Root of everything the hub raises."""

    exit_code: ClassVar[int] = 70


class Misconfigured(HubError):  # noqa: N818 - a state of the world
    """A setting or a file the operator owns is wrong."""

    exit_code: ClassVar[int] = 2


class SettingsError(Misconfigured):
    """Settings in the environment or on the command line are wrong; the message lists all of them."""


class SecretsUnusable(Misconfigured):
    """`secrets.json` is damaged or readable by others."""


class ServiceMissing(HubError):  # noqa: N818 - a state of the world
    """A service, file or resource that the hub needs is not there."""

    exit_code: ClassVar[int] = 3


class JavaMissing(ServiceMissing):
    """The wheel that brings the Java runtime is not installed or not usable."""


class ArtefactUnavailable(ServiceMissing):
    """A file of an embedded server is not in the cache and cannot be fetched."""


class ArtefactDamaged(ServiceMissing):
    """A file of an embedded server does not have its pinned hash, also after fetching it anew."""


class PortTaken(ServiceMissing):
    """Another program listens on a port that the hub needs."""


class StorageUnusable(ServiceMissing):
    """A folder of the hub cannot be read or written, or its disk is full."""
