"""Pods of a small rendering: what the harness of the chart's processes does is what a kubelet and a Service do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from string import Template

import httpx
import pytest

from tests.integration.cluster.cluster import Cluster
from tests.integration.cluster.places import Outside
from tests.integration.hub_processes import LIMIT_S
from tests.integration.test_login import eventually
from tests.ports import free_ports

SERVER = """\
import http.server, os, pathlib, signal
if os.environ["STUBBORN"] == "yes":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(503 if pathlib.Path(self.path.strip("/")).exists() else 200)
        self.end_headers()
        self.wfile.write(str(os.getpid()).encode())
http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["CITYHUB_PORT"])), Handler).serve_forever()
"""
OFTEN = "periodSeconds: 1, timeoutSeconds: 5"
RENDERING = Template("""\
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data: {CITYHUB_PORT: "8000", STUBBORN: "$stubborn"}
---
apiVersion: v1
kind: Service
metadata: {name: small-web}
spec: {selector: {kind: small}, ports: [{name: http, port: 80, targetPort: http}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: small}
spec:
  replicas: 2
  template:
    metadata: {labels: {kind: small, app.kubernetes.io/component: small}}
    spec:
      terminationGracePeriodSeconds: 1
      containers:
        - name: http
          command: [python, -c, $server]
          workingDir: /data
          envFrom: [{configMapRef: {name: settings}}]
          volumeMounts: [{name: data, mountPath: /data}]
          ports: [{name: http, containerPort: 8000}]
          startupProbe: {httpGet: {path: /startupz, port: http}, failureThreshold: 60, $often}
          livenessProbe: {httpGet: {path: /livez, port: http}, failureThreshold: 1, $often}
          readinessProbe: {httpGet: {path: /readyz, port: http}, failureThreshold: 1, $often}
      volumes: [{name: data, emptyDir: {}}]
""")


def small(folder: Path, front: int, stubborn: str = "no") -> Cluster:
    """Two pods that answer with their number, and 503 at the path of a file of that name in their folder."""
    rendering = folder / "small.yaml"
    server = '"' + SERVER.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
    rendering.write_text(RENDERING.substitute(server=server, stubborn=stubborn, often=OFTEN), "utf-8")
    return Cluster(folder, Outside(addresses={}, secrets={}), front, rendering=rendering)


@pytest.fixture
def front() -> int:
    return free_ports(1)[0]


@pytest.fixture
def cluster(tmp_path: Path, front: int) -> Iterator[Cluster]:
    with small(tmp_path, front) as found:
        found.wait_until_ready(limit_s=LIMIT_S)
        yield found


async def test_pods_take_turns_and_come_back(cluster: Cluster, front: int, tmp_path: Path) -> None:
    first = [ask(front) for _ in range(4)]
    assert (first[0], first[1]) == (first[2], first[3])
    assert len(set(first)) == 2

    cluster.kill("small", 0)
    assert len({ask(front) for _ in range(3)}) == 1, "the one that lives answers for both"
    await eventually(those(lambda: len({ask(front), ask(front)} - set(first)) == 1))

    sick = tmp_path / "cluster" / "pods" / "small-1" / "data"
    (sick / "readyz").touch()
    await eventually(those(lambda: not cluster.pods["small"][1].ready))
    assert len({ask(front) for _ in range(3)}) == 1, "no Service leads to a pod that is not ready"
    (sick / "readyz").unlink()
    (sick / "livez").touch()
    await eventually(those(lambda: "its liveness probe" in str(cluster.restarts())))
    assert set(cluster.restarts()) == {"small-0.http", "small-1.http"}


def test_who_does_not_end_is_named(tmp_path: Path, front: int) -> None:
    cluster = small(tmp_path, front, stubborn="yes")
    cluster.install()
    cluster.wait_until_ready(limit_s=LIMIT_S)
    assert sorted(cluster.stop()) == ["small-0.http", "small-1.http"]


def test_what_was_not_started_can_be_stopped(tmp_path: Path, front: int) -> None:
    assert small(tmp_path, front).stop() == []


def ask(front: int) -> str:
    """Which process answers, by a connection of its own."""
    return httpx.get(f"http://127.0.0.1:{front}/", timeout=LIMIT_S, trust_env=False).text


def those(holds: Callable[[], bool]) -> Callable[[], object]:
    async def asked() -> bool:
        return holds()

    return asked
