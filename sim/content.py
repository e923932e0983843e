"""Equal content, equal key: what a verdict depends on, as one hash."""

from __future__ import annotations

import hashlib
from dataclasses import fields

from sim.verdict import Candidate, Spec

_CHANGES_NO_VERDICT = frozenset({"expected_s"})


def content_key(candidate: Candidate, spec: Spec, *, image: str) -> str:
    """Hash of all that the verdict depends on; the same on every host and in every run."""
    digest = hashlib.sha256()
    for part in (image, candidate.source, *_parts(spec)):
        data = part.encode(errors="replace")
        digest.update(len(data).to_bytes(8, "little") + data)
    return digest.hexdigest()


def _parts(spec: Spec) -> list[str]:
    """Every field of the spec, a new one too, so that none can be forgotten here."""
    values = [getattr(spec, field.name) for field in fields(spec) if field.name not in _CHANGES_NO_VERDICT]
    return [value if isinstance(value, str) else repr(_ordered(value)) for value in values]


def _ordered(value: object) -> object:
    return sorted(value.items()) if isinstance(value, dict) else value
