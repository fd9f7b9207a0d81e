# SPDX-License-Identifier: BSD-2-Clause
"""test_build.py - the rules of the house are kept by the build, shown by
breaking each in a scratch copy of the checkout."""
import os
import shutil
import subprocess
import time

import pytest

from rig import machine as machines

SKIPPED = {".git", "cache", "log", "tests", "__pycache__"}


@pytest.fixture
def copy(tmp_path):
    """A copy of sources and objects: make has little to do in it."""
    place = tmp_path / "brig"

    def ignored(folder, names):
        if os.path.basename(folder) == "build":
            return [n for n in names if n not in (machines.build_name(), "root")]
        top = folder == machines.TOP
        return [n for n in names if n in SKIPPED and not (top and n == "tests")]
    shutil.copytree(machines.TOP, place, ignore=ignored, symlinks=True)
    yield place
    shutil.rmtree(place)


def make(place, *words):
    return subprocess.run(["make", "-j2"] + list(words), cwd=place, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def lint(place):
    return subprocess.run(["/usr/bin/python3", "tests/lint.py"], cwd=place,
                          text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def append(file, text):
    with open(file, "a", encoding="ascii") as out:
        out.write(text)


def test_private_function_of_another_room(copy):
    """A function without the room's prefix is not there for other rooms."""
    append(copy / "kernel/base/hash.c",
           "\nint private_number(void);\nint private_number(void)\n{\n\treturn 1;\n}\n")
    append(copy / "kernel/mem/page.c",
           "\nint private_number(void);\nint page_number(void);\n"
           "int page_number(void)\n{\n\treturn private_number();\n}\n")
    done = make(copy, "kernel")
    assert done.returncode
    assert "undefined reference to `private_number'" in done.stdout, done.stdout


def test_public_function_of_a_room_below(copy):
    """With the prefix it is: the same, and the link succeeds."""
    append(copy / "kernel/base/hash.c",
           "\nint hash_number(void);\nint hash_number(void)\n{\n\treturn 1;\n}\n")
    append(copy / "kernel/mem/page.c",
           "\nint hash_number(void);\nint page_number(void);\n"
           "int page_number(void)\n{\n\treturn hash_number();\n}\n")
    done = make(copy, "kernel")
    assert done.returncode == 0, done.stdout


def test_include_of_a_room_above(copy):
    append(copy / "kernel/mem/page.c", '\n#include "kernel/proc/proc.h"\n')
    done = lint(copy)
    assert done.returncode == 1
    assert "kernel/mem/page.c:" in done.stdout and "kernel/proc" in done.stdout


def test_private_header_of_another_room(copy):
    append(copy / "kernel/sys/rw.c", '\n#include "kernel/fs/inner.h"\n')
    done = lint(copy)
    assert done.returncode == 1 and "kernel/sys/rw.c:" in done.stdout


@pytest.mark.parametrize("text, words", [
    ("\n#if 1\n#endif\n", "#if"),
    ("\n/* TO" "DO: later */\n", "TO" "DO"),
    ("\n/* " + "x" * 120 + " */\n", "columns"),
    ("\nvoid long_one(void)\n{\n" + "\t;\n" * 90 + "}\n", "long_one"),
    ("\n" * 900, "lines"),
])
def test_lint_sees(copy, text, words):
    append(copy / "kernel/base/hash.c", text)
    done = lint(copy)
    assert done.returncode == 1
    assert "kernel/base/hash.c:" in done.stdout and words in done.stdout


def test_lint_passes():
    done = lint(machines.TOP)
    assert done.returncode == 0, done.stdout


def test_one_changed_file_is_one_compilation(copy):
    assert make(copy, "kernel").returncode == 0
    assert "CC" not in make(copy, "kernel").stdout
    append(copy / "kernel/base/hash.c", "\n/* changed */\n")
    start = time.monotonic()
    done = make(copy, "kernel")
    took = time.monotonic() - start
    assert done.returncode == 0, done.stdout
    compiled = [line for line in done.stdout.splitlines() if "  CC " in line]
    assert len(compiled) == 1, done.stdout
    assert took < 10


def test_kernel_is_multiboot_and_write_protected():
    kernel = os.path.join(machines.build_dir(), "brig.elf")
    assert machines.is_multiboot(kernel)
    segments = subprocess.run(["readelf", "-lW", kernel], check=True, text=True,
                              stdout=subprocess.PIPE).stdout
    loads = [line for line in segments.splitlines() if line.split()[:1] == ["LOAD"]]
    assert loads and not any("RWE" in line or " W E " in line for line in loads)
