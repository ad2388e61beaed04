"""A new adapter's files, as templates: what only a person can say stays a TODO in them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from importlib.resources import files
from string import Template

from cityhub.adapters.errors import AdapterError
from cityhub.sdk.contract import Contract, Contracts

_CODE = ("init", "source", "wire", "mapping", "client")


class CannotScaffold(AdapterError):  # noqa: N818 - a state of what was asked for
    """Name or types do not fit; the message says how."""


def scaffold(feed: str, types: Sequence[str], contracts: Contracts) -> dict[str, str]:
    """The files of an adapter for a source.

    Args:
        feed: `<partner>.<source>`, in lower case with hyphens. types: event types that it is to emit.

    Returns:
        Text by path from the project's root.

    Raises:
        CannotScaffold: the feed has no such name, or a type is another partner's. UnknownContract: a type has none.
    """
    partner, _, name = feed.partition(".")
    module = name.replace("-", "_")
    if not (partner.isidentifier() and module.isidentifier() and feed == feed.lower()):
        raise CannotScaffold(
            f"{feed!r} is no name of a source; write it as <partner>.<source>, such as wbd.street-trees"
        )
    known = [contracts[type_] for type_ in types]
    for contract in known:
        if contract.partner != partner:
            raise CannotScaffold(f"{contract.type} is of {contract.partner}, {feed} of {partner}; name its own types")
    words = _words(feed, partner, module, known)
    page = f"docs/adapters/{words['page']}.md"
    folder = f"adapters/cityhub/adapters/{partner}/{module}"
    found = {f"{folder}/{_file(one)}": _filled(one, words) for one in _CODE}
    return found | {page: _filled("page", words)}


def _words(feed: str, partner: str, module: str, known: Sequence[Contract]) -> Mapping[str, str]:
    names = {contract.type: _constant(contract.type) for contract in known}
    return {
        "feed": feed,
        "partner": partner,
        "module": module,
        "page": feed.replace(".", "-"),
        "constant": feed.replace(".", "_").replace("-", "_").upper(),
        "title": known[0].owner,
        "types": "\n".join(f'{name} = "{type_}"' for type_, name in names.items()),
        "names": ", ".join(names.values()),
        "first": names[known[0].type],
        "interval_s": str(min(contract.cadence_s for contract in known)),
        "lateness_s": str(max(contract.lateness_s for contract in known)),
        "fields": "\n".join(f"        # {name}: {field.type}, {field.unit}" for name, field in known[0].fields.items()),
        "rows": "\n".join(_rows(known)),
    }


def _rows(known: Sequence[Contract]) -> Iterator[str]:
    for contract in known:
        for name in contract.fields:
            yield f"| TODO | `{'.'.join(contract.type.split('.')[3:-1])}` | `{name}` | |"


def _constant(type_: str) -> str:
    return "_".join(type_.split(".")[3:-1]).replace("-", "_").upper()


def _file(one: str) -> str:
    return "__init__.py" if one == "init" else f"{one}.py"


def _filled(one: str, words: Mapping[str, str]) -> str:
    return Template(files(__name__).joinpath(f"{one}.txt").read_text("utf-8")).substitute(words)
