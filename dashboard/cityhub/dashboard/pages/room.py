"""A tenant of the sandbox: its clock, a day to replay, what goes wrong, KPIs beside the city's, and its programs."""

from __future__ import annotations

from collections.abc import Sequence

import dash_mantine_components as dmc
from dash import dcc, html
from dash.development.base_component import Component

from cityhub.dashboard import formats
from cityhub.dashboard.components.breadcrumb import trail
from cityhub.dashboard.components.form import asked_twice, button, choice, field, section
from cityhub.dashboard.components.link import link
from cityhub.dashboard.components.room import ENTRIES, entry_table, kind_words, request_table
from cityhub.dashboard.components.table import plain_table
from cityhub.dashboard.components.tenants import key_life, simulated
from cityhub.dashboard.pages.room_commands import commands
from cityhub.dashboard.room_example import EXAMPLE
from cityhub.dashboard.sandbox_address import SandboxPage
from cityhub.dashboard.sandbox_desk import SandboxDesk, Tenant
from cityhub.dashboard.sandbox_form import LONGEST_SPEC
from cityhub.dashboard.sandbox_texts import Box
from cityhub.dashboard.texts import Lang, t
from cityhub.dashboard.view import View
from cityhub.kpi.kernel.windows import berlin

RUNNING_MS, RESTING_MS = 2_000, 10_000
"""How often the room is read while its clock runs, and else."""
FOLLOWING_MS = 15_000
"""How often a comparison follows the clock: seldom enough to be read."""
SPEEDS = (1, 60, 600)
SEED = 2026


def room_page(view: View, desk: SandboxDesk, tenant: Tenant) -> Component:
    """Draw a tenant that is the viewer's; what changes in it is read by callbacks."""
    lang, name = view.lang, tenant.name
    ends = {"organisation": tenant.organisation, "time": formats.date_and_clock(tenant.expires, lang)}
    return html.Div(
        [
            simulated(lang),
            trail(lang, [link(t(lang, Box.PAGE), SandboxPage().path)], name),
            html.H1(t(lang, Box.TENANT, name=name), id="headline", tabIndex="-1"),
            html.P(t(lang, Box.ENDS_AT, **ends), className="sentence"),
            dcc.Interval(id="sandbox-tick", interval=RUNNING_MS),
            dcc.Store(id="sandbox-poke"),
            dcc.Interval(id="sandbox-follow", interval=FOLLOWING_MS),
            dcc.Store(id="sandbox-comparing"),
            dcc.Store(id="sandbox-drawn"),
            _two_columns(*_course(view, desk)),
            section("compare", t(lang, Box.COMPARE), _compare(desk, lang)),
            section("entries", t(lang, Box.NEWEST), _entries(lang)),
            section("requests", t(lang, Box.ASKED), _requests(lang)),
            _two_columns(
                [section("origins", t(lang, Box.ORIGINS), _origins(tenant, lang))],
                [section("key", t(lang, Box.KEY), _key(tenant, lang))],
            ),
            section("commands", t(lang, Box.COMMANDS), commands(desk.doors(name), name, view.now, lang)),
            section("delete", t(lang, Box.DELETE), _delete(name, lang)),
        ],
        className="sandbox-page",
        key=name,  # another tenant's page is drawn anew, whatever stood in this one
    )


def _two_columns(*columns: Sequence[Component]) -> Component:
    return html.Div([html.Div(column) for column in columns], className="sandbox-columns")


def _course(view: View, desk: SandboxDesk) -> tuple[Sequence[Component], Sequence[Component]]:
    """What a tenant's numbers follow from, in two columns."""
    lang = view.lang
    clock = section("clock-part", t(lang, Box.CLOCK), _clock(lang))
    replay = section("replay", t(lang, Box.REPLAY), _replay(view, desk))
    injects = section("injects", t(lang, Box.INJECTS), _injects(desk, lang))
    return [clock, replay], [injects, section("own", t(lang, Box.OWN), _own(lang))]


def _clock(lang: Lang) -> Sequence[Component]:
    paces = [button(f"sandbox-pace-{speed}", t(lang, Box.PACE, speed=speed)) for speed in SPEEDS]
    return [
        html.Div(id="sandbox-clock"),
        html.Div(
            [button("sandbox-freeze", t(lang, Box.FREEZE)), *paces, button("sandbox-again", t(lang, Box.AGAIN))],
            className="buttons",
        ),
        html.Div(
            [field("sandbox-to", t(lang, Box.GO_FIELD)), button("sandbox-go", t(lang, Box.GO))], className="beside"
        ),
        html.Div(id="sandbox-clock-said", role="status"),
    ]


def _replay(view: View, desk: SandboxDesk) -> Sequence[Component]:
    lang = view.lang
    today = view.now.astimezone(berlin()).date()
    day = f"{today:%d.%m.%Y}" if lang == "de" else today.isoformat()
    return [
        html.P(t(lang, Box.REPLAY_HINT), className="hint"),
        dmc.MultiSelect(
            id="sandbox-streams",
            label=t(lang, Box.STREAMS_FIELD),
            data=list(desk.offer().streams),
            value=[],
            searchable=True,
        ),
        html.Div(
            [
                field("sandbox-day", t(lang, Box.DAY_FIELD), value=day),
                field("sandbox-seed", t(lang, Box.SEED_FIELD), value=str(SEED)),
                field("sandbox-speed", t(lang, Box.SPEED_FIELD), value="60"),
            ],
            className="target-fields",
        ),
        dmc.Checkbox(id="sandbox-loop", label=t(lang, Box.LOOP_FIELD), checked=False),
        button("sandbox-replay", t(lang, Box.BEGIN)),
        html.Div(id="sandbox-replay-said", role="status"),
    ]


def _injects(desk: SandboxDesk, lang: Lang) -> Sequence[Component]:
    kinds = [(kind, kind_words(kind, lang)) for kind in desk.offer().injects]
    return [
        html.Div(id="sandbox-injects"),
        html.Div(
            [
                choice("sandbox-kind", t(lang, Box.KIND_FIELD), kinds, kinds[0][0]),
                field("sandbox-share", t(lang, Box.SHARE_FIELD), value="100"),
                field("sandbox-from", t(lang, Box.FROM_FIELD)),
                field("sandbox-until", t(lang, Box.UNTIL_FIELD)),
                field("sandbox-types", t(lang, Box.TYPES_FIELD), placeholder="dvv.lamp.*"),
                field("sandbox-subjects", t(lang, Box.SUBJECTS_FIELD), placeholder="lamp-0017"),
            ],
            className="target-fields",
        ),
        html.Div(
            [
                button("sandbox-inject", t(lang, Box.ADD_INJECT)),
                button("sandbox-clear", t(lang, Box.CLEAR_INJECTS)),
            ],
            className="buttons",
        ),
        html.Div(id="sandbox-inject-said", role="status"),
    ]


def _own(lang: Lang) -> Sequence[Component]:
    return [
        html.P(t(lang, Box.OWN_HINT), className="hint"),
        dmc.Textarea(
            id="sandbox-spec",
            label=t(lang, Box.SPEC_FIELD),
            value=EXAMPLE,
            autosize=True,
            minRows=14,
            maxRows=28,
            spellCheck="false",
            inputProps={"maxLength": LONGEST_SPEC, "autoComplete": "off"},
        ),
        html.Div(
            [button("sandbox-put", t(lang, Box.PUT)), button("sandbox-example", t(lang, Box.EXAMPLE))],
            className="buttons",
        ),
        html.Div(id="sandbox-put-said", role="status"),
    ]


def _compare(desk: SandboxDesk, lang: Lang) -> Sequence[Component]:
    city = [(one.id, f"{one.id} · {one.name.get(lang)}") for one in desk.offer().kpis]
    return [
        html.Div(
            [choice("sandbox-own", t(lang, Box.OWN_FIELD), []), choice("sandbox-city", t(lang, Box.CITY_FIELD), city)],
            className="target-fields",
        ),
        html.Div(
            [
                button("sandbox-compare", t(lang, Box.COMPARE_DO)),
                button("sandbox-show", t(lang, Box.SHOW_OWN)),
                button("sandbox-drop", t(lang, Box.DROP_OWN)),
            ],
            className="buttons",
        ),
        html.Div(id="sandbox-own-said", role="status"),
        html.Div(id="sandbox-compare-said", role="status"),
        html.Div(id="sandbox-compared"),
    ]


def _entries(lang: Lang) -> Sequence[Component]:
    kinds = [("", t(lang, Box.EVERYTHING)), *((kind, t(lang, words)) for kind, words in ENTRIES.items())]
    return [
        choice("sandbox-shown", t(lang, Box.SHOWN_KIND), kinds, ""),
        html.P(t(lang, Box.NO_ENTRIES), id="sandbox-entries-none", className="empty"),
        plain_table(entry_table([], lang), lang),
    ]


def _requests(lang: Lang) -> Sequence[Component]:
    return [html.P(id="sandbox-limits"), plain_table(request_table(None, lang), lang)]


def _origins(tenant: Tenant, lang: Lang) -> Sequence[Component]:
    return [
        dmc.Textarea(
            id="sandbox-origins",
            label=t(lang, Box.ORIGINS_FIELD),
            value="\n".join(tenant.origins),
            autosize=True,
            minRows=3,
            maxRows=6,
            placeholder="https://app.example",
        ),
        button("sandbox-allow", t(lang, Box.ORIGINS_SAVE)),
        html.Div(id="sandbox-allowed", role="status"),
    ]


def _key(tenant: Tenant, lang: Lang) -> Sequence[Component]:
    sure = button("sandbox-rotate", t(lang, Box.ROTATE_YES))
    return [
        html.Div(key_life(tenant.key, lang), id="sandbox-key-life"),
        field("sandbox-key-days", t(lang, Box.KEY_DAYS_FIELD)),
        asked_twice(t(lang, Box.ROTATE_ASK), t(lang, Box.ROTATE_HINT), sure),
        html.Div(id="sandbox-rotated", role="status"),
    ]


def _delete(name: str, lang: Lang) -> Sequence[Component]:
    sure = button("sandbox-delete", t(lang, Box.DELETE_YES, name=name))
    return [
        asked_twice(t(lang, Box.DELETE_ASK), t(lang, Box.DELETE_HINT, name=name), sure),
        html.Div(id="sandbox-deleted", role="status"),
    ]
