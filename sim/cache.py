"""Verdicts on disk, so that an equal pair of candidate and spec is judged once, whoever asks and whenever.

SQLite in its write-ahead mode: several processes may read and write at the same time. A cache that cannot be used (a
full disk, a broken file) costs time and never a verdict: it says so once and is not asked again.
"""

from __future__ import annotations

import contextlib
import logging
import sqlite3
import threading
from pathlib import Path

from sim.strict_json import from_json, to_json
from sim.verdict import Outcome, Verdict

logger = logging.getLogger(__name__)

MAX_VERDICTS = 1_000_000
"""Beyond it the oldest go, about 1 KiB each."""
NOT_KEPT = frozenset({Outcome.UNJUDGED, Outcome.TIMEOUT})
"""The farm's failure is no fact about the candidate, and a time-out is one about the host as well."""
MAX_BYTES = 64 << 10
"""Of a verdict that is kept."""


class VerdictCache:
    """Verdicts by key. Safe for many threads and processes."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        self._database: sqlite3.Connection | None = None
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._database = sqlite3.connect(path, timeout=30, check_same_thread=False, isolation_level=None)
            self._database.execute("PRAGMA journal_mode=WAL")
            self._database.execute("PRAGMA synchronous=OFF")  # what a power cut loses is judged again
            self._database.execute("CREATE TABLE IF NOT EXISTS verdicts (key TEXT PRIMARY KEY, verdict TEXT NOT NULL)")
            newest = self._database.execute("SELECT max(rowid) FROM verdicts").fetchone()[0] or 0
            self._database.execute("DELETE FROM verdicts WHERE rowid <= ?", (newest - MAX_VERDICTS,))
        except (sqlite3.Error, OSError) as err:
            self._give_up(err)

    def get(self, key: str) -> Verdict | None:
        """The verdict, if it is known."""
        with self._lock:
            if self._database is None:
                return None
            try:
                row = self._database.execute("SELECT verdict FROM verdicts WHERE key = ?", (key,)).fetchone()
            except sqlite3.Error as err:
                self._give_up(err)
                return None
        if row is None:
            return None
        with contextlib.suppress(ValueError):  # of another version
            return from_json(Verdict, row[0])
        return None

    def put(self, key: str, verdict: Verdict) -> None:
        """Keep a verdict, if it is one to keep."""
        if verdict.outcome in NOT_KEPT:
            return
        text = to_json(verdict)
        if len(text) > MAX_BYTES:
            return
        with self._lock:
            if self._database is None:
                return
            try:
                self._database.execute("INSERT OR REPLACE INTO verdicts VALUES (?, ?)", (key, text))
            except sqlite3.Error as err:
                self._give_up(err)

    def close(self) -> None:
        """Release the file. May be called twice."""
        with self._lock:
            if self._database is not None:
                self._database.close()
                self._database = None

    def _give_up(self, err: Exception) -> None:
        logger.warning("the verdict cache is not used from here on: %s", err)
        if self._database is not None:
            with contextlib.suppress(sqlite3.Error):
                self._database.close()
        self._database = None
