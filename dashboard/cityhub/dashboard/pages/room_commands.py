"""Commands for a shell, with a tenant's name filled in."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime

from dash import html
from dash.development.base_component import Component

from cityhub.dashboard.sandbox_desk import Doors
from cityhub.dashboard.sandbox_texts import Box
from cityhub.dashboard.texts import Lang, t
from cityhub.kpi.kernel.windows import berlin

_TAKE_IT_OUT = "python3 -c 'import json, sys; print(json.load(sys.stdin)[\"access_token\"])'"


def commands(doors: Doors, tenant: str, now: datetime, lang: Lang) -> Sequence[Component]:
    """Get a token, replay today, follow the values, open Kafka."""
    root = f"{doors.hub}/v1/sandbox/tenants/{tenant}"
    day = now.astimezone(berlin()).date().isoformat()
    replay = json.dumps({"day": day, "streams": ["parking-slots"], "speed": 600})
    bearer = '-H "Authorization: Bearer $TOKEN"'
    token = f"TOKEN=$(curl -sf {doors.token} -u '{doors.client}:SECRET' -d grant_type=client_credentials"
    lines = (
        (Box.COMMAND_TOKEN, "token", f"{token} \\\n  | {_TAKE_IT_OUT})"),
        (Box.COMMAND_REPLAY, "replay", f"curl -sf {root}/replay \\\n  {bearer} -d '{replay}'"),
        (Box.COMMAND_FEED, "feed", f"curl -sfN '{root}/feed?kind=value' \\\n  {bearer} -H 'Accept: text/event-stream'"),
        (Box.COMMAND_KAFKA, "kafka", f"curl -sf -X PUT {root}/kafka \\\n  {bearer} -d '{{\"open\": true}}'"),
    )
    return [
        html.Div(
            [
                html.H3(t(lang, words), id=f"command-{name}-head"),
                html.Pre(
                    html.Code(line, id=f"command-{name}"),
                    tabIndex="0",
                    role="region",
                    **{"aria-labelledby": f"command-{name}-head"},
                ),
            ]
        )
        for words, name, line in lines
    ]
