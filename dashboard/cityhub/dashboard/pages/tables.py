"""Where a partner hands in tables: a file or one row, what it would lead to, and the button that hands it over."""

from __future__ import annotations

import json
from collections.abc import Sequence

import dash_mantine_components as dmc
from dash import html
from dash.development.base_component import Component

from cityhub.adapters.doors.http import Refused, partner_of
from cityhub.adapters.tabular.entry import Entry, entries
from cityhub.adapters.tabular.form import Form, Table
from cityhub.adapters.tabular.plain_row import LONGEST
from cityhub.adapters.tabular.uploads import MAX_BYTES, Uploads
from cityhub.dashboard import tables
from cityhub.dashboard.address_partner import TablesPage
from cityhub.dashboard.components.link import link
from cityhub.dashboard.components.table import plain_table
from cityhub.dashboard.components.upload_report import report_part
from cityhub.dashboard.partner_texts import Own
from cityhub.dashboard.texts import Lang, T, Wording, t
from cityhub.dashboard.upload_texts import KINDS, Up
from cityhub.dashboard.view import View
from cityhub.sdk.contract import load_contracts
from cityhub.sdk.principal import Principal

_WORDS: dict[str, Wording] = {
    "sending": Up.SENDING,
    "away": Up.AWAY,
    "failed": Up.FAILED,
    "too_large": Up.TOO_LARGE,
    "login": Up.NOT_YOURS,
    "gone": Up.GONE,
    "uploads_away": Up.NO_FOLDER,
}
"""What the script says, by the problem's word."""
_MIB = 1024 * 1024


def tables_of(uploads: Uploads | None, viewer: Principal | None) -> tuple[str, Sequence[Form]]:
    """Whose tables a viewer may hand in, and which; "" and none for others than a partner's publishers."""
    try:
        partner = partner_of(viewer)
    except Refused:
        return "", ()
    return (partner, uploads.forms(partner)) if uploads else ("", ())


def tables_page(view: View, page: TablesPage) -> Component | None:
    """Draw it; None where the viewer hands in nothing."""
    lang, (partner, forms) = view.lang, tables_of(view.uploads, view.viewer)
    if not partner or view.uploads is None:
        return None
    crumbs = [link(t(lang, T.HOME), "/"), link(t(lang, Own.PAGE), "/partner"), t(lang, Up.PAGE)]
    there = [(form, table) for form in forms for table in form.tables]
    chosen = next((one for one in there if (one[0].feed, one[1].name) == (page.feed, page.table)), None)
    said = html.Div(id="tables-said", role="status", className="hint")
    words = {name: t(lang, one) for name, one in _WORDS.items()} | {"most": MAX_BYTES}
    return html.Div(
        [
            html.Nav(
                html.Ol([html.Li(step) for step in crumbs]),
                className="breadcrumb",
                **{"aria-label": t(lang, T.BREADCRUMB)},
            ),
            html.H1(t(lang, Up.PAGE), id="headline", tabIndex="-1"),
            html.P(t(lang, Up.INTRO if there else Up.NONE), className="sentence"),
            _choices(there, page, lang),
            said,
            *_body(view, view.uploads, partner, page, chosen, asked=bool(page.feed or page.table)),
        ],
        id="tables-box",
        className="tables-page",
        **{"data-words": json.dumps(words, ensure_ascii=False)},
    )


def _choices(there: Sequence[tuple[Form, Table]], page: TablesPage, lang: Lang) -> Component:
    links = [
        link(
            table_title(table, lang),
            TablesPage(form.feed, table.name).address,
            id=f"table-{form.feed.replace('.', '-')}-{table.name}",
            className="choice",
            **{"aria-current": str((form.feed, table.name) == (page.feed, page.table)).lower()},
        )
        for form, table in there
    ]
    return html.Nav(links, className="switch choices", hidden=not there, **{"aria-label": t(lang, Up.TABLES)})


def table_title(table: Table, lang: Lang) -> str:
    """What its rows tell."""
    titles = dict.fromkeys(load_contracts()[type_].title.get(lang) for type_ in table.types)
    return " / ".join(titles)


def _body(
    view: View, uploads: Uploads, partner: str, page: TablesPage, chosen: tuple[Form, Table] | None, *, asked: bool
) -> Sequence[Component]:
    lang = view.lang
    if chosen is None:
        return [html.P(t(lang, Up.NO_SUCH if asked else Up.CHOOSE), id="tables-choose", className="sentence")]
    form, table = chosen
    if page.upload:
        return [report_part(uploads, partner, page, lang)]
    return [_file(form, table, lang), _row(form, table, lang), _columns(table, lang)]


def _file(form: Form, table: Table, lang: Lang) -> Component:
    where = f"/v1/uploads/{form.feed}/{table.name}"
    plain = "CSV" if table.form == "csv" else "JSON Lines"
    choose = html.Button(
        t(lang, Up.CHOOSE_FILE),
        id="upload-choose",
        type="button",
        className="button",
        **{"data-choose": where, "data-accept": f".{table.form},.xlsx,.xlsm,.xls", "data-next": _next(form, table)},
    )
    templates = [
        html.Li(html.A(name, href=f"{where}/template.{ending}", id=f"template-{ending}", download=""))
        for name, ending in ((plain, table.form), ("Excel", "xlsx"))
    ]
    parts = [
        html.H2(t(lang, Up.FILE), id="upload-head"),
        html.P(t(lang, Up.FILE_HINT, plain=plain, mib=MAX_BYTES // _MIB), className="hint"),
        choose,
        html.P(t(lang, Up.TEMPLATES)),
        html.Ul(templates),
    ]
    return html.Section(parts, className="card proof target-form", **{"aria-labelledby": "upload-head"})


def _next(form: Form, table: Table) -> str:
    return f"{TablesPage(form.feed, table.name).address}&upload="


def _row(form: Form, table: Table, lang: Lang) -> Component:
    fields = [_field(number, entry, lang) for number, entry in enumerate(entries(table))]
    send = html.Button(t(lang, Up.CHECK_ROW), id="row-check", type="submit", className="button")
    drawn = html.Form(
        [html.Div(fields, className="target-fields"), send],
        id="row-form",
        **{"data-row": f"/v1/uploads/{form.feed}/{table.name}/row", "data-next": _next(form, table)},
    )
    parts = [html.H2(t(lang, Up.ROW), id="row-head"), html.P(t(lang, Up.ROW_HINT), className="hint"), drawn]
    return html.Section(parts, className="card proof target-form", **{"aria-labelledby": "row-head"})


def _field(number: int, entry: Entry, lang: Lang) -> Component:
    common = {
        "id": f"row-{number}",
        "name": entry.column,
        "label": entry.column,
        "required": entry.required,
    }
    if entry.choices:
        clear = {"aria-hidden": True}
        return dmc.Select(data=list(entry.choices), clearable=not entry.required, clearButtonProps=clear, **common)
    return dmc.TextInput(
        description=how_words(entry, lang), value="", inputProps={"maxLength": LONGEST, "autoComplete": "off"}, **common
    )


def how_words(entry: Entry, lang: Lang) -> str:
    """How a column is written."""
    if entry.choices:
        return t(lang, Up.AS_CHOICE, choices=", ".join(entry.choices))
    return t(lang, KINDS[entry.kind], example=entry.example)


def _columns(table: Table, lang: Lang) -> Component:
    rows = tuple(
        (
            entry.column,
            how_words(entry, lang) + ("" if entry.required else f"; {t(lang, Up.OPTIONAL)}"),
            entry.meaning.get(lang) if entry.meaning else "",
        )
        for entry in entries(table)
    )
    drawn = tables.Table(
        caption=t(lang, Up.COLUMNS),
        parameter="columns",
        columns=tuple(tables.Column(None, t(lang, one)) for one in (Up.COLUMN, Up.HOW, Up.MEANING)),
        rows=rows,
    )
    head = html.H2(drawn.caption, id="columns-head")
    return html.Section([head, plain_table(drawn, lang)], className="card proof")
