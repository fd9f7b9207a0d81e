# SPDX-License-Identifier: BSD-2-Clause
"""test_guest.py - the programs of tests/guest, all in one boot.

With BRIG_ORACLE (`./brig test --oracle`) they run on this machine's Linux
instead: a test that fails there too is wrong itself. A program whose comment
has a line "oracle: no" asks for things that only Brig has.
"""
import os
import shlex
import subprocess

import pytest

from rig import machine as machines, programs

BUILD = os.path.join(machines.BUILD, "tests", "guest")
PROGRAMS = programs.find("guest", BUILD)
SECONDS = 120   # for one program; "seconds: N" in its comment says otherwise


def compile_command(program, out):
    return ["sh", "user/cc", "-D_GNU_SOURCE", "-O1", "-s", "-Wall", "-Wextra",
            "-o", out, os.path.relpath(program.source, machines.TOP)]


class Suite:
    """Compiles once, boots once (again after a crash), runs each program once."""

    def __init__(self, chosen):
        self.chosen = chosen
        self.outcomes = {}
        self.guest = None
        self.errors = programs.compile_all(
            [p for p in chosen if p.stale()], compile_command)

    def outcome(self, program):
        if program in self.errors:
            return programs.Outcome("", None, "does not compile:\n" +
                                    self.errors[program])
        if program not in self.outcomes:
            names = self.chosen[program]
            if set(names) == set(program.tests):
                names = []
            run = self.run_here if os.environ.get("BRIG_ORACLE") else self.run
            self.outcomes[program] = run(program, names)
        return self.outcomes[program]

    def run(self, program, names):
        from rig import Guest, GuestError
        if self.guest is None:
            self.guest = Guest(cmdline="quiet", add=[
                "%s:/tests/%s" % (p.binary, p.name)
                for p in self.chosen if p not in self.errors])
        line = " ".join(["exec", "/tests/" + program.name] + names)
        try:
            done = self.guest.exec(line, float(program.tag("seconds") or SECONDS))
            self.guest.look_at_console()
        except GuestError as error:
            self.guest.keep_log = True
            self.close()
            output = error.result.stdout if error.result else b""
            return programs.Outcome(output.decode(errors="replace"), None, str(error))
        trouble = done.stderr.decode(errors="replace") if done.stderr else None
        return programs.Outcome(done.stdout.decode(errors="replace"),
                                done.status, trouble)

    @staticmethod
    def run_here(program, names):
        if program.tag("oracle") == "no":
            pytest.skip("only for Brig")
        done = subprocess.run(
            [program.binary] + names, cwd="/", stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            errors="replace", timeout=float(program.tag("seconds") or SECONDS),
            env=dict(os.environ, BRIG_ORACLE="1"),
            preexec_fn=programs.signals_default)
        return programs.Outcome(done.stdout, done.returncode)

    def close(self):
        if self.guest:
            self.guest.close()
            self.guest = None


@pytest.fixture(scope="module")
def suite(request):
    made = Suite(programs.wanted(request, "test_guest"))
    yield made
    made.close()


@pytest.mark.parametrize("program, test", programs.cases(PROGRAMS))
def test_guest(suite, program, test):
    suite.outcome(program).judge(test)


def test_programs_have_tests():
    for program in PROGRAMS:
        assert program.tests, program.source + " has no TEST(name)"
        assert shlex.quote(program.name) == program.name
