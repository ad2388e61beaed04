"""Drawing a page from the services, with an answer also when a store cannot be read."""

from __future__ import annotations

import structlog

from cityhub.adapters.errors import AdapterError
from cityhub.dashboard.address import Address
from cityhub.dashboard.address_partner import PartnerPage, TablesPage
from cityhub.dashboard.preferences import Preferences
from cityhub.dashboard.render import Page, render, unreadable
from cityhub.dashboard.sandbox_address import SandboxEventsPage, SandboxPage
from cityhub.dashboard.services import Services
from cityhub.dashboard.view import View
from cityhub.kpi.errors import KpiError

_log = structlog.get_logger()
_WITHOUT_STORE = (PartnerPage, TablesPage, SandboxPage, SandboxEventsPage)


def look(services: Services, chosen: Preferences, address: Address) -> View:
    """What a page is drawn from. A partner's side and the sandbox are there, in part, also while the store is not.

    Raises:
        KpiError, AdapterError: a store cannot be read.
    """
    return (View.unread if isinstance(address, _WITHOUT_STORE) else View.of)(services, chosen)


def draw(services: Services, chosen: Preferences, address: Address) -> Page:
    """The page as it is now. Blocks for the few reads of a page: call it off the event loop."""
    try:
        return render(look(services, chosen, address), address)
    except (KpiError, AdapterError) as error:
        _log.warning("page_unreadable", error=str(error))
        return unreadable(chosen.lang)
    except Exception:
        _log.exception("page_failed")  # Dash would answer 500 and say nothing
        raise
