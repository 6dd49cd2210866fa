"""What goes wrong, in two kinds: what the user can mend, and what they cannot.

Every message names the value, the rule and the remedy, in one sentence.
"""

from __future__ import annotations


class DoorwaysError(Exception):
    """A failure that is not the user's: the command ends with exit code 1."""


class OutOfMemoryError(DoorwaysError):
    """Memory did not suffice."""


class InputError(DoorwaysError, ValueError):
    """Something given cannot be used as it is: the command ends with exit code 2."""
