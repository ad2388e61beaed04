"""What every room needs, loaded once in the process that rooms are forked from, so that they share its memory."""

from __future__ import annotations

import gc

from cityhub.kpi.definition import load_catalogue
from cityhub.sandbox.rooms import child

__all__ = ["child"]

load_catalogue()  # the one purpose of this module; nothing imports it but the fork server
gc.collect()
gc.freeze()
