"""What a user got wrong or lacks: one line that says what was found, what was expected and what to do."""

from __future__ import annotations


class UserError(Exception):
    """Bad input. The command line prints the message alone and exits with 2."""

    exit_code = 2


class MissingError(UserError):
    """Something the host lacks: a tool, an image, a package, disk space. Exits with 3."""

    exit_code = 3
