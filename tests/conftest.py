# SPDX-License-Identifier: BSD-2-Clause
"""conftest.py - what all tests share: fixtures, choice by name, the summary."""
import os
import subprocess
import sys

import pytest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from rig import machine as machines, tables  # noqa: E402

TOP = machines.TOP


class Done:
    """The result of a command on the host."""

    def __init__(self, process):
        self.stdout, self.stderr = process.stdout, process.stderr
        self.status = process.returncode


@pytest.fixture
def brig():
    """brig("exec", "--", "true") runs ./brig, without looking for changes."""
    def run(*words, env=(), cwd=None, timeout=120):
        from rig.guest import time_scale
        process = subprocess.run(
            [os.path.join(TOP, "brig")] + list(words), cwd=cwd,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, timeout=timeout * time_scale(),
            env=dict(os.environ, BRIG_NO_BUILD="1", **dict(env)))
        return Done(process)
    return run


@pytest.fixture
def boot():
    """boot(mem=64, ...) gives a Guest that is closed when the test ends."""
    from rig import Guest
    guests = []

    def start(**settings):
        guests.append(Guest(**settings))
        return guests[-1]
    yield start
    for guest in guests:
        guest.close()


def pytest_collection_modifyitems(config, items):
    """Keeps the tests named in `./brig test NAME...`."""
    names = os.environ.get("BRIG_TEST_NAMES", "").split()
    oracle = os.environ.get("BRIG_ORACLE")

    def groups(item):
        """The file of tests, and the C program, that an item belongs to."""
        program = getattr(item, "callspec", None) and item.callspec.params.get("program")
        return {item.path.stem.removeprefix("test_"), getattr(program, "name", None)}
    known = set().union(*map(groups, items)) if items else set()

    def wanted(item):
        if oracle and item.path.name not in ("test_guest.py", "test_posix.py"):
            return False
        return not names or any(name in groups(item) if name in known
                                else name in item.name for name in names)
    kept = [item for item in items if wanted(item)]
    dropped = [item for item in items if not wanted(item)]
    if dropped:
        config.hook.pytest_deselected(items=dropped)
        items[:] = kept


def pytest_runtest_makereport(item, call):
    """A test that fails keeps the console logs of its machines."""
    guests = sys.modules.get("rig.guest")
    if call.excinfo and guests and not call.excinfo.errisinstance(
            pytest.skip.Exception):
        for guest in guests.living:
            guest.keep_log = True


def pytest_terminal_summary(terminalreporter):
    """The tables that tests filled (rig/tables.py), and the plain last line,
    which ./brig test prints from a file."""
    tables.show(terminalreporter)
    name = os.environ.get("BRIG_TEST_SUMMARY")
    if not name:
        return
    count = {what: len(terminalreporter.stats.get(what, []))
             for what in ("passed", "failed", "error", "skipped")}
    line = "%d passed, %d failed" % (count["passed"],
                                     count["failed"] + count["error"])
    if count["skipped"]:
        line += ", %d skipped" % count["skipped"]
    with open(name, "w", encoding="ascii") as out:
        out.write(line + "\n")
