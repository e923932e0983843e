"""Many requests answered at once: what engines share that answer on an event loop."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator
from concurrent.futures import Future
from itertools import islice
from queue import SimpleQueue
from typing import TYPE_CHECKING

from verireason.generation.generator import Generated, Request

if TYPE_CHECKING:
    from anyio.from_thread import BlockingPortal


def answers(
    answer: Callable[[Request], Awaitable[Generated]],
    requests: Iterable[Request],
    *,
    portal: BlockingPortal,
    limit: int,
) -> Iterator[Generated]:
    """Each request's answer as soon as it is there, `limit` of them under way on the portal's event loop.

    Requests are taken in the caller's thread, when the caller asks for an answer. The first exception of `answer` ends
    it; that, an interrupt and closing the iterator cancel what is under way.
    """
    stream = iter(requests)
    under_way: set[Future[Generated]] = set()
    ready: SimpleQueue[Future[Generated]] = SimpleQueue()
    try:
        while True:
            for request in islice(stream, limit - len(under_way)):
                future = portal.start_task_soon(answer, request)
                under_way.add(future)
                future.add_done_callback(ready.put)
            if not under_way:
                return
            done = ready.get()
            under_way.remove(done)
            yield done.result()
    finally:
        for future in under_way:
            future.cancel()
