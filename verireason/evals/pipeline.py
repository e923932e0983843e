"""Judging in a thread of its own, while completions are still being written.

Bounded on both sides: whoever writes waits when the farm is behind, and the farm gets only a few candidates ahead of
its boxes. Records come in the order of the completions. An exception in the thread is raised in the writer at its next
step; one in the writer ends the thread.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from enum import Enum, auto
from queue import SimpleQueue

from sim.farm import Farm
from sim.pool import NUM_AHEAD
from sim.verdict import Candidate, Verdict
from verireason.data.calibrate import Calibration
from verireason.evals.judging import code_of
from verireason.problem import Completion
from verireason.records import Record, record_from

MAX_WAITING = 512
"""Completions that are written and have no record yet: more than a batch, so that the next one can be written while the
farm judges the last; their texts are what the host's memory has to hold."""


class _Word(Enum):
    """What else the thread is told."""

    VERDICT = auto()
    """Some verdict is there."""
    ROUND_IS_OVER = auto()
    NO_MORE = auto()
    STOP = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Submitted:
    completion: Completion
    code: str | None
    verdict: Future[Verdict]


class Pipeline:
    """Judges what is put in. A context manager: leaving it waits for every record, or for none after an exception."""

    def __init__(
        self,
        farm: Farm,
        calibration: Calibration,
        *,
        template: str,
        write: Callable[[Record], None],
        is_failure: Callable[[Record], bool],
        phase: str | None = None,
        config: str | None = None,
    ) -> None:
        """write: called with each record, in the thread. is_failure: whether `failures` gives a record."""
        self._farm, self._calibration, self._template = farm, calibration, template
        self._write, self._is_failure = write, is_failure
        self._phase, self._config = phase, config
        self._events: SimpleQueue[Completion | _Word] = SimpleQueue()
        self._failures: SimpleQueue[Record | None] = SimpleQueue()
        self._slots = threading.Semaphore(MAX_WAITING)
        self._waiting: deque[Completion | _Word] = deque()
        self._window: deque[_Submitted | _Word] = deque()
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._work, name="judging", daemon=True)

    def put(self, completion: Completion) -> None:
        """Judge a completion; waits while too many are ahead of it. Raises what ended the thread."""
        self._slots.acquire()
        self._raise_error()
        self._events.put(completion)

    def end_round(self) -> None:
        """Say that `failures` ends after what was put so far."""
        self._events.put(_Word.ROUND_IS_OVER)

    def failures(self) -> Iterator[Record]:
        """The failures of the round that was ended last, as they get known. Raises what ended the thread."""
        while (record := self._failures.get()) is not None:
            yield record
        self._raise_error()

    def __enter__(self) -> Pipeline:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        self._events.put(_Word.NO_MORE if kind is None else _Word.STOP)
        try:
            self._thread.join()
        except BaseException:  # Ctrl-C while the last verdicts are waited for
            self._events.put(_Word.STOP)
            self._thread.join()
            raise
        if kind is None:
            self._raise_error()

    def _raise_error(self) -> None:
        if self._error is not None:
            raise self._error

    def _work(self) -> None:
        try:
            is_over = False
            while not is_over or self._waiting or self._window:
                event = self._events.get()
                if event is _Word.STOP:
                    return
                is_over |= event is _Word.NO_MORE
                if isinstance(event, Completion) or event is _Word.ROUND_IS_OVER:
                    self._waiting.append(event)
                self._submit()
                while self._record():
                    self._submit()  # what was recorded left room, of which no later event may tell
        except BaseException as err:  # it belongs to who waits for us
            self._error = err
        finally:
            self._failures.put(None)
            self._slots.release()

    def _submit(self) -> None:
        """Give the farm what it has room for."""
        while self._waiting and len(self._window) < NUM_AHEAD * self._farm.pool.num_boxes:
            completion = self._waiting.popleft()
            if isinstance(completion, _Word):
                self._window.append(completion)
                continue
            problem = self._calibration.problems[completion.problem_id]
            code = code_of(completion, problem, template=self._template)
            verdict = self._farm.submit(Candidate(source=code or "", language=problem.language), problem.spec)
            self._window.append(_Submitted(completion=completion, code=code, verdict=verdict))
            verdict.add_done_callback(lambda _: self._events.put(_Word.VERDICT))

    def _record(self) -> bool:
        """Write the records that are due: those of the oldest completions, as far as there are verdicts.

        Returns whether the window got shorter.
        """
        size = len(self._window)
        while self._window:
            oldest = self._window[0]
            if isinstance(oldest, _Submitted):
                if not oldest.verdict.done():
                    break
                self._write_one(oldest)
                self._slots.release()
            else:
                self._failures.put(None)
            self._window.popleft()
        return len(self._window) < size

    def _write_one(self, judged: _Submitted) -> None:
        completion = judged.completion
        problem = self._calibration.problems[completion.problem_id]
        record = record_from(
            problem, completion, judged.code, judged.verdict.result(), phase=self._phase, config=self._config
        )
        self._write(record)
        if self._is_failure(record):
            self._failures.put(record)
