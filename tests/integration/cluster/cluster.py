"""The processes of a rendering, installed as Helm would: the hook first, then every pod, with its Services in front."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx

from tests.integration.cluster.kubelet import Pod
from tests.integration.cluster.places import Outside, Places
from tests.integration.cluster.rendering import EXTERNAL, Release, Template
from tests.integration.cluster.service import Service
from tests.integration.servers import LIMIT_S


class Cluster:
    """One release.

    Args:
        folder: for volumes and logs.
        front: port of the public address.
        only: components that run; empty = all.

    Raises:
        NotHere: the rendering asks for something that this machine does not have.
    """

    def __init__(
        self, folder: Path, outside: Outside, front: int, *, only: Collection[str] = (), rendering: Path = EXTERNAL
    ) -> None:
        self._release = Release(rendering)
        self.places = Places(self._release, folder / "cluster", outside, front)
        self._logs = folder / "logs"
        self._logs.mkdir(parents=True)
        self.pods: Mapping[str, Sequence[Pod]] = {
            one.component: [self._pod(one, number) for number in range(one.replicas)]
            for one in self._release.templates
            if not only or one.component in only
        }
        self.services = {
            name: Service(self.places.service_ports[name], partial(self._endpoints, spec["selector"]))
            for name, spec in self._release.services
        }

    def __enter__(self) -> Self:
        self.install()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: BaseException | TracebackType | None) -> None:
        forced = self.stop()
        assert kind or not forced, f"SIGTERM was not enough for {forced}: {self.tail()}"

    def install(self) -> None:
        """Hooks, then pods and Services; returns before they are ready."""
        self.hook("pre-install")
        for one in (*self.services.values(), *self._all()):
            one.start()

    def hook(self, kind: str) -> None:
        """Run what Helm would, to its end."""
        for template in self._release.hooks(kind):
            pod = self._pod(template, 0)
            assert pod.once() == 0, pod.tail()

    def wait_until_ready(self, *components: str, limit_s: float = LIMIT_S) -> None:
        """Until the readiness probes of all pods, or of those components, are content."""
        pods = [pod for name in components or self.pods for pod in self.pods[name]]
        end = time.monotonic() + limit_s
        while waiting := [pod for pod in pods if not pod.ready]:
            assert time.monotonic() < end, "\n".join(f"{pod.name} is not ready\n{pod.tail()}" for pod in waiting)
            time.sleep(0.2)

    def kill(self, component: str, number: int = 0) -> None:
        """SIGKILL to everything in a pod; the kubelet starts it again."""
        for one in self.pods[component][number].containers:
            one.kill()

    def environment(self, component: str) -> Mapping[str, str]:
        """Of the first container of a component: what `kubectl exec` finds there."""
        return self.pods[component][0].containers[0].command.environment

    def metrics(self, component: str, number: int) -> str:
        """What Prometheus would read of a pod's first container."""
        life = self.pods[component][number].containers[0]
        port = life.ports[life.name.rpartition(".")[2]]
        return httpx.get(f"http://127.0.0.1:{port}/metrics", timeout=60, trust_env=False).text

    def restarts(self) -> Mapping[str, Sequence[str]]:
        """Why containers ended, by name, of those that did."""
        return {one.name: one.story for pod in self._all() for one in pod.containers if one.story}

    def stop(self) -> list[str]:
        """End everything, all pods at once; names of the containers that had to be killed."""
        with ThreadPoolExecutor(max(1, len(self._all()))) as pool:
            forced = [name for names in pool.map(Pod.end, self._all()) for name in names]
        for service in self.services.values():
            service.stop()
        return forced

    def tail(self) -> str:
        """What all containers said last."""
        return "\n".join(pod.tail() for pod in self._all())

    def _all(self) -> list[Pod]:
        return [pod for pods in self.pods.values() for pod in pods]

    def _pod(self, template: Template, number: int) -> Pod:
        return Pod(f"{template.component}-{number}", template, self.places, self._logs)

    def _endpoints(self, selector: Mapping[str, str]) -> list[int]:
        chosen = [pod for pod in self._all() if pod.ready and selector.items() <= pod.labels.items()]
        return [port for pod in chosen if (port := pod.port("http")) is not None]
