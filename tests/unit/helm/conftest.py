"""What the chart's tests share: Helm and kubeconform, else they are skipped, and the examples as objects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from tests.integration.postgres import postgres
from tests.unit.helm import tools
from tests.unit.helm.chart import EXAMPLES, Document, documents, render

__all__ = ["postgres"]


@pytest.fixture(scope="session", autouse=True)
def programs() -> None:
    """Helm and kubeconform are there: `make test` builds them, and says why where it cannot."""
    if not all(tools.built(module) for module in (tools.HELM, tools.KUBECONFORM)):
        pytest.skip("Helm and kubeconform are not there: `python -m tests.unit.helm.tools` builds them, with Go 1.26")


@pytest.fixture(scope="session")
def rendered(programs: None) -> Mapping[str, Sequence[Document]]:
    """The objects of each example, by its name."""
    return {example.stem: documents(render(example)) for example in EXAMPLES}


@pytest.fixture(params=[example.stem for example in EXAMPLES])
def example(request: pytest.FixtureRequest, rendered: Mapping[str, Sequence[Document]]) -> Sequence[Document]:
    """The objects of one example."""
    return rendered[request.param]
