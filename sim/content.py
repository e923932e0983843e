"""Equal content, equal key: what a verdict depends on, as one hash."""

from __future__ import annotations

import hashlib

from sim.verdict import Candidate, Spec


def content_key(candidate: Candidate, spec: Spec, *, image: str) -> str:
    """Hash of all that the verdict depends on; the same on every host and in every run."""
    digest = hashlib.sha256()
    for part in (
        spec.verifier,
        image,
        candidate.source,
        spec.top,
        spec.testbench,
        spec.reference,
        repr(spec.limits),
        repr(spec.num_checks),
        repr(sorted(spec.files.items())),
        repr(spec.reserved),
        spec.highest_level,
    ):
        data = part.encode(errors="replace")
        digest.update(len(data).to_bytes(8, "little") + data)
    return digest.hexdigest()
