"""Asking the repository: `GET {base}?verb=ListRecords&metadataPrefix=oai_dc&from=<day>`, then by resumptionToken."""

from __future__ import annotations

from urllib.parse import parse_qs

from msgspec.structs import replace

from cityhub.adapters.formats.xml_items import XML
from cityhub.adapters.kit.adapter import Adapter, Link, Tools
from cityhub.adapters.kit.http_adapter import HttpAdapter, Question
from cityhub.adapters.ude.publications.mapping import FROM, HISTORY, TOKEN, read
from cityhub.adapters.ude.publications.source import UDE_PUBLICATIONS


def connect(link: Link, tools: Tools) -> Adapter:
    """See `adapter.Connect`. The address may name a set, `https://…/oai?set=open_access`."""
    base, _, query = link.url.partition("?")
    chosen = {name: values[-1] for name, values in parse_qs(query).items() if name == "set"}

    def question(cursor: str) -> Question:
        """From a day on: every repository can that, whether it counts in days or in seconds."""
        if cursor.startswith(TOKEN):
            return Question(params={"verb": "ListRecords", "resumptionToken": cursor.removeprefix(TOKEN)})
        since = cursor.removeprefix(FROM) or (tools.clock() - HISTORY).date().isoformat()
        return Question(params={"verb": "ListRecords", "metadataPrefix": "oai_dc", "from": since, **chosen})

    return HttpAdapter(UDE_PUBLICATIONS, replace(link, url=base), tools, read=read, ask=question, accept=XML)
