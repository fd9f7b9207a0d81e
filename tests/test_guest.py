# SPDX-License-Identifier: BSD-2-Clause
"""test_guest.py - the programs of tests/guest, all in one boot.

With BRIG_ORACLE (`./brig test --oracle`) they run on this machine's Linux
instead: a test that fails there too is wrong itself. A program whose comment
has a line "oracle: no" asks for things that only Brig has.
"""
import os

import pytest

from rig import machine as machines, programs, suite as suites

BUILD = os.path.join(machines.BUILD, "tests", "guest")
PROGRAMS = programs.find("guest", BUILD)


@pytest.fixture(scope="module")
def suite(request):
    made = suites.Suite(programs.wanted(request, "test_guest"))
    yield made
    made.close()


@pytest.mark.parametrize("program, test", programs.cases(PROGRAMS))
def test_guest(suite, program, test):
    suite.outcome(program).judge(test)


def test_programs_have_tests():
    suites.check_names(PROGRAMS)
