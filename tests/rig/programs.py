# SPDX-License-Identifier: BSD-2-Clause
"""programs.py - test programs in C: found, compiled, run, and their results.

A program is a file with lines "TEST(name)" (tests/guest/ktap.h). All the
tests of a file that are wanted run by one call of it; each is then a test of
its own to pytest.
"""
import glob
import os
import re
import signal
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest

from rig import ktap, machine as machines

TEST_LINE = re.compile(r"^TEST(?:_WITHIN)?\((\w+)", re.MULTILINE)
HEADERS = [name for pattern in ("tests/**/*.h", "user/include/**/*.h",
                                "build/root/lib*.a")
           for name in glob.glob(os.path.join(machines.TOP, pattern), recursive=True)]


class Program:
    def __init__(self, source, binary):
        self.source, self.binary = source, binary
        self.name = os.path.splitext(os.path.basename(source))[0]
        with open(source, encoding="utf-8") as file:
            self.text = file.read()
        self.tests = TEST_LINE.findall(self.text)

    def tag(self, name):
        """The rest of a line "name: rest" in the comment at the top; of all
        such lines, if there are several."""
        found = re.findall(r"^[ /*]*%s: *(.*?) *(?:\*/)?$" % name,
                           self.text[:2000], re.MULTILINE)
        return " ".join(found) if found else None

    def stale(self, others=()):
        if not os.path.exists(self.binary):
            return True
        made = os.path.getmtime(self.binary)
        return any(os.path.getmtime(name) > made
                   for name in (self.source, *HEADERS, *others))


def signals_default():
    """For preexec_fn of what runs here to be compared with Brig: a background
    job, or one under nohup, begins with some signals ignored."""
    for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())


def find(folder, build):
    """All programs of tests/FOLDER, to be built in the folder build."""
    place = os.path.join(machines.TOP, "tests", folder)
    return [Program(os.path.join(place, name),
                    os.path.join(build, name.removesuffix(".c")))
            for name in sorted(os.listdir(place)) if name.endswith(".c")]


def cases(programs):
    """Parameters "program, test" for pytest.mark.parametrize."""
    return [pytest.param(program, test, id="%s-%s" % (program.name, test))
            for program in programs for test in program.tests]


def wanted(request, *functions):
    """program -> names: those of its tests that pytest will run."""
    chosen = {}
    for item in request.session.items:
        if item.originalname in functions:
            params = item.callspec.params
            chosen.setdefault(params["program"], []).append(params["test"])
    return chosen


def compile_all(programs, command):
    """Runs command(program, out), a list of words, for each; error text by
    program. Others may be at it at the same time: each writes its own file."""
    def build(program):
        os.makedirs(os.path.dirname(program.binary), exist_ok=True)
        out = "%s.%d" % (program.binary, os.getpid())
        done = subprocess.run(command(program, out), cwd=machines.TOP, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if done.returncode:
            return done.stdout
        os.replace(out, program.binary)
        return None
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        programs = list(programs)
        return {program: error for program, error
                in zip(programs, pool.map(build, programs)) if error}


class Outcome:
    """What one call of a program gave."""

    def __init__(self, output, status, trouble=None):
        self.report = ktap.parse(output)
        self.tests = self.report.by_name()
        self.status, self.trouble, self.output = status, trouble, output

    def judge(self, test):
        """Passes, skips or fails the running pytest test."""
        result = self.tests.get(test)
        if result is None:
            pytest.fail("no result: %s\n%s" % (
                self.trouble or "; ".join(self.report.errors),
                self.output[-2000:]), pytrace=False)
        if result.skipped:
            pytest.skip(result.reason or "")
        if not result.passed:
            pytest.fail("\n".join(result.notes) or "not ok", pytrace=False)
        if self.trouble and result is self.report.tests[-1]:
            pytest.fail(self.trouble, pytrace=False)
