# SPDX-License-Identifier: BSD-2-Clause
"""test_host.py - the programs of tests/host: pure kernel code, compiled for
this machine with the address and undefined-behaviour sanitizers.

A program's comment names the kernel files it needs in lines "sources: ..."
(it may also include a .c file, to reach what is static in it).
"""
import os
import subprocess

import pytest

from rig import machine as machines, programs

BUILD = os.path.join(machines.BUILD, "tests", "host")
PROGRAMS = [p for p in programs.find("host", BUILD) if p.name != "shim"]
FLAGS = ["-m32", "-std=gnu11", "-D_GNU_SOURCE", "-DBRIG_KASAN=0", "-O1", "-g",
         "-I.", "-Itests/guest", "-Iuser/include", "-Wall", "-Wextra", "-fno-pie", "-no-pie",
         "-fsanitize=address,undefined", "-fno-sanitize=alignment",
         "-fno-sanitize-recover=all"]


def compile_command(program, out):
    sources = (program.tag("sources") or "").split()
    return (["gcc"] + FLAGS + ["-o", out, program.source] + sources +
            ["tests/host/shim.c"])


class Suite:
    def __init__(self, chosen):
        self.chosen = chosen
        self.outcomes = {}
        # Always compiled: they depend on kernel headers all over the place.
        self.errors = programs.compile_all(chosen, compile_command)

    def outcome(self, program):
        if program in self.errors:
            return programs.Outcome("", None, "does not compile:\n" +
                                    self.errors[program])
        if program not in self.outcomes:
            done = subprocess.run(
                [program.binary] + self.chosen[program], cwd=machines.TOP,
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT, text=True, errors="replace", timeout=120)
            self.outcomes[program] = programs.Outcome(done.stdout, done.returncode)
        return self.outcomes[program]


@pytest.fixture(scope="module")
def suite(request):
    return Suite(programs.wanted(request, "test_host"))


@pytest.mark.parametrize("program, test", programs.cases(PROGRAMS))
def test_host(suite, program, test):
    suite.outcome(program).judge(test)
