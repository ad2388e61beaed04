"""From an address to a page. The first paint and every live update go through here, so they cannot differ."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from dash.development.base_component import Component
from msgspec import Struct

from cityhub.api.errors import InvalidArgument
from cityhub.dashboard.address import (
    AccessibilityPage,
    Address,
    DataPage,
    EventsPage,
    FieldPage,
    KpiPage,
    MasterplanPage,
    Missing,
    Overview,
    TargetPage,
)
from cityhub.dashboard.address_partner import PartnerPage, TablesPage
from cityhub.dashboard.components.state import message
from cityhub.dashboard.goal_texts import Goal
from cityhub.dashboard.pages.accessibility import accessibility_page
from cityhub.dashboard.pages.data import data_page
from cityhub.dashboard.pages.events import events_page
from cityhub.dashboard.pages.field import field_page
from cityhub.dashboard.pages.kpi import kpi_page
from cityhub.dashboard.pages.masterplan import masterplan_page
from cityhub.dashboard.pages.overview import overview_page
from cityhub.dashboard.pages.partner import partner_page
from cityhub.dashboard.pages.sandbox import sandbox_page
from cityhub.dashboard.pages.series import spans_of
from cityhub.dashboard.pages.tables import tables_page
from cityhub.dashboard.pages.target import target_page
from cityhub.dashboard.partner_texts import Own
from cityhub.dashboard.plan_texts import Plan
from cityhub.dashboard.proof_texts import P
from cityhub.dashboard.sandbox_address import SandboxEventsPage, SandboxPage
from cityhub.dashboard.sandbox_texts import Box
from cityhub.dashboard.screen_texts import S
from cityhub.dashboard.texts import Lang, T, Wording, t
from cityhub.dashboard.upload_texts import Up
from cityhub.dashboard.view import View

_PLAIN: Mapping[type, tuple[Wording, Callable[[View], Component]]] = {
    Overview: (T.HOME, overview_page),
    MasterplanPage: (Plan.PAGE, masterplan_page),
    AccessibilityPage: (T.ACCESSIBILITY, accessibility_page),
}


class Page(Struct, frozen=True):
    """A page: the title of the window, its content, and whether the address led to something."""

    title: str
    body: Component
    found: bool = True


def render(view: View, address: Address) -> Page:
    """Draw what an address asks for, as far as the viewer may see it.

    Raises:
        KpiError: the store cannot be read.
    """
    lang = view.lang
    match address:
        case DataPage():
            return Page(titled(t(lang, S.DATA_QUALITY), lang), data_page(view, address))
        case Overview() | MasterplanPage() | AccessibilityPage():
            name, drawn = _PLAIN[type(address)]
            return Page(titled(t(lang, name), lang), drawn(view))
        case FieldPage():
            return _field(view, address)
        case KpiPage() | EventsPage() | TargetPage():
            return _kpi(view, address)
        case PartnerPage() | TablesPage() | SandboxPage() | SandboxEventsPage():
            return _of_somebody(view, address)
        case Missing():
            return _missing(address.reason, lang)


def unreadable(lang: Lang) -> Page:
    """What is shown while a store cannot be read."""
    return Page(titled(t(lang, T.UNREADABLE_TITLE), lang), message(T.UNREADABLE_TITLE, T.UNREADABLE, lang))


def titled(page: str, lang: Lang) -> str:
    """The title of the browser's window."""
    return t(lang, T.TITLE, page=page)


def _field(view: View, address: FieldPage) -> Page:
    field = next((field for field in view.reader.catalogue.fields if field.id == address.field_id), None)
    if field is None:
        return _missing(T.MISSING_FIELD, view.lang)
    if address.kpi and all(one.id != address.kpi for one in view.visible(field.id)):
        return _missing(T.MISSING_KPI, view.lang)
    return Page(titled(field.name.get(view.lang), view.lang), field_page(view, address, field))


def _of_somebody(view: View, address: PartnerPage | TablesPage | SandboxPage | SandboxEventsPage) -> Page:
    found: Component | None
    reason: Wording
    if isinstance(address, PartnerPage):
        name, found, reason = t(view.lang, Own.PAGE), partner_page(view, address), T.MISSING_PARTNER
    elif isinstance(address, TablesPage):
        name, found, reason = t(view.lang, Up.PAGE), tables_page(view, address), T.MISSING_PARTNER
    else:
        name, found, reason = t(view.lang, Box.PAGE), sandbox_page(view, address), Box.NOT_YOURS
    return Page(titled(name, view.lang), found) if found else _missing(reason, view.lang)


def _kpi(view: View, address: KpiPage | EventsPage | TargetPage) -> Page:
    definition = view.find(address.kpi_id)
    if definition is None:
        return _missing(T.MISSING_KPI, view.lang)
    if isinstance(address, TargetPage):
        title = titled(t(view.lang, Goal.PAGE, kpi=definition.name.get(view.lang)), view.lang)
        return Page(title, target_page(view, definition))
    if isinstance(address, EventsPage):
        title = titled(t(view.lang, P.EVENTS_OF, kpi=definition.name.get(view.lang)), view.lang)
        try:
            return Page(title, events_page(view, address, definition))
        except InvalidArgument:
            return _missing(T.MISSING_VIEW, view.lang)
    if (address.span and address.span not in spans_of(definition)) or address.by not in (None, *definition.dimensions):
        return _missing(T.MISSING_VIEW, view.lang)
    return Page(titled(definition.name.get(view.lang), view.lang), kpi_page(view, address, definition))


def _missing(reason: Wording, lang: Lang) -> Page:
    title = t(lang, T.MISSING_TITLE)
    return Page(titled(title, lang), message(T.MISSING_TITLE, reason, lang), found=False)
