"""What a file that was handed in would lead to: counts, refusals by what mends them, and what can be done with it."""

from __future__ import annotations

from collections.abc import Sequence

from dash import html
from dash.development.base_component import Component

from cityhub.adapters.errors import UploadRefused, UploadsAway
from cityhub.adapters.tabular.upload_report import Finding
from cityhub.adapters.tabular.uploads import Upload, Uploads
from cityhub.dashboard import formats
from cityhub.dashboard.address_partner import TablesPage
from cityhub.dashboard.components.link import link
from cityhub.dashboard.components.marks import icon
from cityhub.dashboard.components.trace import detail
from cityhub.dashboard.texts import Lang, t
from cityhub.dashboard.upload_texts import NOTED, REMEDIES, Mend, Up


def report_part(uploads: Uploads, partner: str, page: TablesPage, lang: Lang) -> Component:
    """The file whose id the page names."""
    another = link(t(lang, Up.ANOTHER), TablesPage(page.feed, page.table).address, id="upload-another")
    try:
        upload = uploads.look(partner, page.feed, page.upload)
    except UploadRefused:
        words = Up.GONE
    except UploadsAway:
        words = Up.NO_FOLDER
    else:
        return html.Section(
            [*_said(upload, lang), *_todo(upload, page, lang), html.P(another)],
            id="upload-report",
            className="card proof",
            **{"aria-labelledby": "report-head"},
        )
    trouble = html.P([icon("warning"), t(lang, words)], className="trouble", id="upload-gone")
    return html.Section([trouble, html.P(another)], className="card proof")


def _said(upload: Upload, lang: Lang) -> Sequence[Component]:
    said, found = upload.report, [html.H2(t(lang, Up.CHECKED, time=formats.exact(upload.at, lang)), id="report-head")]
    found.append(html.P(html.Code(upload.file)))
    numbers = {name: formats.number(getattr(said, name), lang) for name in ("new", "changed", "refused", "known")}
    if said.usable:
        found.append(html.P(t(lang, Up.SUMMARY, **numbers), id="report-summary", className="lead-sentence"))
        if not said.compared:
            found.append(html.P(t(lang, Up.NOT_COMPARED), className="hint"))
    else:
        found.append(html.P([icon("warning"), t(lang, Up.UNUSABLE)], id="report-summary", className="trouble"))
    noted = [
        html.Li(t(lang, NOTED[name], n=formats.number(n, lang))) for name, n in said.noted.items() if name in NOTED
    ]
    if noted:
        found.append(html.Ul(noted, id="report-noted"))
    if said.findings:
        found.append(html.H3(t(lang, Up.REFUSED)))
        found.append(html.Ul([_finding(one, lang) for one in said.findings], id="report-findings", className="plain"))
    return found


def _finding(found: Finding, lang: Lang) -> Component:
    of_file = found.reason.startswith("file_")
    remedy = Mend.FILE if of_file else REMEDIES.get(found.reason, Mend.OTHER)
    head = [html.B(t(lang, Up.IN_COLUMN, column=found.column)), ": "] if found.column else []
    rows = (
        [] if of_file else [" ", html.Span(t(lang, Up.ROWS_OF, n=formats.number(found.rows, lang)), className="hint")]
    )
    places = [html.Li(html.Code(place)) for place in found.places]
    return html.Li(
        [
            html.P([*head, t(lang, remedy), *rows]),
            html.P(detail(found.detail, lang)),
            html.Ul(places) if places else None,
        ]
    )


def _todo(upload: Upload, page: TablesPage, lang: Lang) -> Sequence[Component]:
    if upload.committed:
        return [html.P([icon("met"), t(lang, Up.COMMITTED)], id="upload-committed", className="verdict")]
    where = f"/v1/uploads/{upload.feed}/staged/{upload.id}"
    own, form = page.address, TablesPage(page.feed, page.table).address
    discard = _button(t(lang, Up.DISCARD), "upload-discard", where, "DELETE", form)
    if not upload.report.worth:
        reason = [html.P(t(lang, Up.NOTHING_NEW), className="sentence")] if upload.report.usable else []
        return [*reason, html.Div([discard], className="buttons")]
    commit = _button(t(lang, Up.COMMIT), "upload-commit", f"{where}/commit", "POST", own)
    partial = [html.P(t(lang, Up.PARTIAL), className="hint")] if upload.report.refused else []
    return [*partial, html.Div([commit, discard], className="buttons")]


def _button(words: str, key: str, where: str, method: str, then: str) -> Component:
    data = {"data-send": where, "data-method": method, "data-then": then}
    return html.Button(words, id=key, type="button", className="button", **data)
