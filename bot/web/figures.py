"""What operators can count and time. Figures never hold anything a person wrote."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class Figures:
    """Counts of one application, in a registry of its own."""

    content_type = CONTENT_TYPE_LATEST

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "auskunft_requests", "HTTP requests", ["method", "route", "status"], registry=self._registry
        )
        self._turns = Histogram(
            "auskunft_turn_seconds",
            "Seconds from a question to its reply, by the reply's status",
            ["status"],
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._feedback = Counter("auskunft_feedback", "Views of replies", ["helpful"], registry=self._registry)
        self._streams = Gauge("auskunft_open_streams", "Open event streams", registry=self._registry)
        self._ready = Gauge("auskunft_ready", "1 when questions can be answered", registry=self._registry)

    def request(self, method: str, route: str, status: int) -> None:
        """Counts a request; `route` is the path's pattern, never the path itself."""
        self._requests.labels(method, route, str(status)).inc()

    def turn(self, status: str, seconds: float) -> None:
        """Counts and times a turn."""
        self._turns.labels(status).observe(seconds)

    def feedback(self, helpful: bool) -> None:
        """Counts a person's view of a reply."""
        self._feedback.labels(str(helpful).lower()).inc()

    def exposition(self, ready: bool, streams: int) -> bytes:
        """Everything in Prometheus' text format."""
        self._ready.set(ready)
        self._streams.set(streams)
        return generate_latest(self._registry)
