"""Attacks on evidence, one module for each subject."""


def cases():
    """All cases, in the order of the modules."""
    from . import json_input, container, trust, export_files, walk, scope, closure, workflow, permit_decision, timestamp, tlog  # noqa: F401

    from .registry import CASES

    return CASES
