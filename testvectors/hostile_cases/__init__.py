"""Attacks on evidence, one module for each subject."""


def cases():
    """All cases, in the order of the modules."""
    from . import json_input, trust, walk  # noqa: F401

    from .registry import CASES

    return CASES
