"""Reading the drop folders of slow sources."""

from __future__ import annotations

from functools import partial

from cityhub.adapters.kit.adapter import Adapter, Connect, Link, Tools
from cityhub.adapters.kit.folder_adapter import FolderAdapter
from cityhub.adapters.kit.source import Source
from cityhub.adapters.tabular.form import Form, shipped
from cityhub.adapters.tabular.form_check import check
from cityhub.adapters.tabular.mapping import read


def connections() -> list[tuple[Source, Connect]]:
    """Declaration and adapter of every mapping file."""
    return [(form.source, partial(_connect, form)) for form in shipped()]


def _connect(form: Form, link: Link, tools: Tools) -> Adapter:
    return FolderAdapter(form.source, link, tools, read=partial(read, check(form)))
