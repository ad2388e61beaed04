"""The chart as Helm renders it. Run as a program, it writes what is generated: the list of topics, golden renderings.

python -m tests.unit.helm.chart
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from cityhub.hub.run.topics import wanted
from tests.unit.helm.tools import BIN

ROOT = Path(__file__).parents[3]
CHART = ROOT / "helm" / "cityhub"
EXAMPLES = sorted((CHART / "examples").glob("*.yaml"))
TOPICS = CHART / "files" / "topics.yaml"

Document = Mapping[str, Any]


class Refused(Exception):  # noqa: N818 - a finding
    """Helm does not render; the message is Helm's."""


def helm(*arguments: str) -> str:
    """Run Helm. Raises: Refused."""
    done = subprocess.run([BIN / "helm", *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise Refused(done.stderr + done.stdout)
    return done.stdout


def render(values: Path, more: Mapping[str, Any] | None = None, *, notes: bool = False) -> str:
    """The chart's objects with an example's values, as YAML.

    Args:
        more: further values, by dotted path.
        notes: what is shown to whoever installs, instead.
    """
    given = [f"--set-json={path}={json.dumps(value)}" for path, value in (more or {}).items()]
    place = [str(CHART), f"--values={values}", "--namespace=cityhub", *given]
    if notes:
        return helm("install", "cityhub", *place, "--dry-run=client", "--hide-notes=false")
    return helm("template", "cityhub", *place)


def documents(rendered: str) -> list[Document]:
    """Every object of a rendering."""
    return [found for found in yaml.load_all(rendered, Loader=yaml.CSafeLoader) if found]


def pods(found: Sequence[Document]) -> Iterator[tuple[str, Document]]:
    """Name and specification of every pod that the objects make."""
    for document in found:
        spec = document.get("spec", {})
        if document["kind"] == "Pod":
            yield document["metadata"]["name"], spec
        elif "template" in spec and "containers" in spec["template"].get("spec", {}):
            yield document["metadata"]["name"], spec["template"]["spec"]


def containers(pod: Document) -> list[Document]:
    """All of a pod, those that come first too."""
    return [*pod.get("initContainers", ()), *pod["containers"]]


def golden(example: Path) -> Path:
    """Where an example's rendering is kept."""
    return example.parent / "rendered" / example.name


def topics_file() -> str:
    """The hub's topics as the chart reads them."""
    heading = "# The hub's topics; generated from the code by `python -m tests.unit.helm.chart`.\n"
    listed = [{"name": topic.name, "partitions": topic.partitions, "config": dict(topic.config)} for topic in wanted()]
    return heading + yaml.safe_dump(listed, sort_keys=False)


def main() -> None:
    """Write what is generated."""
    TOPICS.write_text(topics_file(), encoding="utf-8")
    for example in EXAMPLES:
        golden(example).parent.mkdir(exist_ok=True)
        golden(example).write_text(render(example), encoding="utf-8")


if __name__ == "__main__":
    main()
