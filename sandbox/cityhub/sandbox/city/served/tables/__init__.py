"""Partners that send tables, each as files in its drop folder: docs/adapters/tables.md."""

from __future__ import annotations

from cityhub.sandbox.city.served.endpoint import Served
from cityhub.sandbox.city.served.tables import city, gebag, institutions, utilities

SERVED: tuple[Served, ...] = (*city.SERVED, *gebag.SERVED, *institutions.SERVED, *utilities.SERVED)
