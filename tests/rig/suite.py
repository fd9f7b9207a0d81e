# SPDX-License-Identifier: BSD-2-Clause
"""suite.py - programs of tests compiled together and run in one boot.

Used by the pytest files whose tests are C programs for the guest: each
program is called once, with the names of those of its tests that are wanted.
"""
import os
import shlex
import subprocess

import pytest

from rig import machine as machines, programs

SECONDS = 120   # for one program; "seconds: N" in its comment says otherwise
PASSED_ON = "FSX_SECONDS", "FSX_SEED"   # from the environment to the programs
INCLUDES = ["-I" + os.path.join("tests", name) for name in ("guest", "jail")]


def compile_command(program, out):
    return ["sh", "user/cc", "-D_GNU_SOURCE", "-O1", "-s", "-Wall", "-Wextra",
            *INCLUDES, "-o", out, os.path.relpath(program.source, machines.TOP)]


class Suite:
    """Compiles once, boots once (again after a crash), runs each program once
    (in each of its places). chosen: program -> names of tests. add: more files
    for the guest; settings: of its machine; prepare(guest): after each boot."""

    def __init__(self, chosen, add=(), prepare=None, **settings):
        self.chosen, self.add = chosen, list(add)
        self.prepare, self.settings = prepare, settings
        self.outcomes = {}
        self.guest = None
        self.errors = programs.compile_all(
            [p for p in chosen if p.stale()], compile_command)

    def outcome(self, program, top=None):
        """top: the folder that files.h is to make its folders in."""
        if program in self.errors:
            return programs.Outcome("", None, "does not compile:\n" +
                                    self.errors[program])
        key = program, top
        if key not in self.outcomes:
            names = self.chosen[program]
            if set(names) == set(program.tests):
                names = []
            run = self.run_here if os.environ.get("BRIG_ORACLE") else self.run
            self.outcomes[key] = run(program, names, top)
        return self.outcomes[key]

    def run(self, program, names, top):
        from rig import Guest, GuestError
        if self.guest is None:
            self.guest = Guest(cmdline="quiet ramdisk=1", add=self.add + [
                "%s:/tests/%s" % (p.binary, p.name)
                for p in self.chosen if p not in self.errors], **self.settings)
            if self.prepare:
                self.prepare(self.guest)
        line = " ".join(["exec", "/tests/" + program.name] + names)
        if top:
            line = "FILES_TOP=%s %s" % (top, line)
        for name in filter(os.environ.get, PASSED_ON):
            line = "%s=%s %s" % (name, os.environ[name], line)
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
    def run_here(program, names, top):
        if program.tag("oracle") == "no":
            pytest.skip("only for Brig")
        done = subprocess.run(
            [program.binary] + names, cwd="/", stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            errors="replace", timeout=float(program.tag("seconds") or SECONDS),
            env=dict(os.environ, BRIG_ORACLE="1", FILES_TOP=top or "/tmp"),
            preexec_fn=programs.signals_default)
        return programs.Outcome(done.stdout, done.returncode)

    def close(self):
        if self.guest:
            self.guest.close()
            self.guest = None


def check_names(found):
    """That each program has tests, and a name that the shell takes as it is."""
    for program in found:
        assert program.tests, program.source + " has no TEST(name)"
        assert shlex.quote(program.name) == program.name
