# SPDX-License-Identifier: BSD-2-Clause
"""test_jail.py - does a jail hold? The programs of tests/jail and of
tests/jail/escapes, all in one boot.

`./brig test escapes` prints how each escape ends on a chroot and in a jail,
`./brig test paper` the checklist of the paper, `./brig test privileges` who
may do which deed. A line "result: TEXT" that a test prints is its cell of the
table; "what: TEXT" says what a row is about.
"""
import os
import re

import pytest

from rig import machine as machines, module, programs, suite as suites, tables

BUILD = os.path.join(machines.BUILD, "tests", "jail")
# A program there without a TEST belongs to another file of tests.
PROGRAMS = [program for program in programs.find("jail", BUILD) if program.tests]
ESCAPES = programs.find(os.path.join("jail", "escapes"),
                        os.path.join(BUILD, "escapes"))


@pytest.fixture(scope="module")
def suite(request):
    os.makedirs(BUILD, exist_ok=True)
    module.compiled(BUILD, "tests/module/sample.c")
    made = suites.Suite(programs.wanted(request, "test_jail", "test_escapes"),
                        [os.path.join(BUILD, "module.ko") + ":/tests/sample.ko"])
    yield made
    made.close()


def notes(outcome, test, kind):
    """The texts of the lines "KIND: TEXT" that a test printed."""
    result = outcome.tests.get(test)
    lines = result.notes if result else []
    return [line[len(kind) + 4:] for line in lines
            if line.startswith("# %s: " % kind)]


def state(outcome, test):
    result = outcome.tests.get(test)
    if result is None:
        return "no result"
    if result.skipped:
        return "not there: %s" % (result.reason or "")
    return "holds" if result.passed else "FAILED"


@pytest.mark.parametrize("program, test", programs.cases(PROGRAMS))
def test_jail(suite, program, test, request):
    outcome = suite.outcome(program)
    paper = re.match(r"paper_(\d+)_", test)
    if paper:
        what = " ".join(notes(outcome, test, "what")) or test
        row = "%s %s" % (paper.group(1), what)
        tables.note(request.node, "paper", row, "result", state(outcome, test))
    for line in notes(outcome, test, "result"):
        table, row, column, value = line.split("|")
        tables.note(request.node, table, row, column, value)
    outcome.judge(test)


@pytest.mark.parametrize("program, test", programs.cases(ESCAPES))
def test_escapes(suite, program, test, request):
    outcome = suite.outcome(program)
    value = " ".join(notes(outcome, test, "result")) or state(outcome, test)
    row = program.name.replace("_", " ").capitalize()
    tables.note(request.node, "escapes", row, test.replace("_", " "), value)
    outcome.judge(test)


def test_programs_have_tests():
    suites.check_names(PROGRAMS + ESCAPES)


def test_tables():
    item = type("Item", (), {"user_properties": []})
    tables.note(item, "t", "b", "one", "1")
    tables.note(item, "t", "a", "two", "2")
    columns, rows = tables.collect([item])["t"]
    assert tables.layout("t", columns, rows) == [
        "t  one  two", "-  ---  ---", "a       2", "b  1",
        "t: 2 rows, 2 results"]
