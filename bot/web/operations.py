"""What operators and their machines watch."""

from __future__ import annotations

import asyncio
from typing import Any

from fastapi import APIRouter, Response

from bot.web.service import Serving

router = APIRouter()


@router.get("/healthz")
async def healthz() -> dict[str, str]:
    """The process is alive."""
    return {"status": "ok"}


@router.get("/readyz", responses={503: {"description": "Not ready"}})
async def readyz(response: Response, service: Serving) -> dict[str, Any]:
    """Whether questions can be answered: one went through the present release, and the database answers.
    `dialogue` is false while answers come from the search alone."""
    ready = await _ready(service)
    response.status_code = 200 if ready else 503
    brain = service.keeper.brain
    return {"ready": ready, "release": brain.release, "dialogue": brain.dialogue is not None}


@router.get("/metrics")
async def metrics(service: Serving) -> Response:
    """Figures in Prometheus' text format."""
    content = service.figures.exposition(await _ready(service), service.streams.open)
    return Response(content, headers={"Content-Type": service.figures.content_type})


async def _ready(service: Serving) -> bool:
    return service.keeper.ready and await asyncio.to_thread(service.store.conversations.reachable)
