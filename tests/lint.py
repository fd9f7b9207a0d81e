#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""lint.py - the rules of the house that a program can check.

Prints file:line: message for each breach; exits 1 when there is one. The
rules are told in docs/architecture.md; the order of rooms is rooms.mk.
"""
import os
import re
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
FILE_LINES, FUNCTION_LINES, COLUMNS, TAB = 800, 80, 100, 8
KERNEL = ("kernel", "arch", "jail", "net")
SOURCES = (".c", ".h", ".asm", ".S", ".py", ".sh", ".mk", ".ld", ".awk", ".cfg")
SKIPPED = {".git", "build", "cache", "__pycache__", ".pytest_cache"}
# Written so that this file does not name what it forbids.
LATER = re.compile(r"\b(%s)\b" % "|".join(("TO" "DO", "FIX" "ME", "X" "XX", "HA" "CK")))
INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"')
CONDITION = re.compile(r"^\s*#\s*(if|ifdef|ifndef|elif)\b")
LINK = re.compile(r"\]\(([^)#\s]+)[^)]*\)")
SPOKEN = re.compile(r"`((?:kernel|arch|jail|net|user|tests|docs|labs)/[\w./*-]+)`")
SPDX = "SPDX-License-Identifier: BSD-2-Clause"

breaches = []


def breach(file, line, message):
    breaches.append((file, line, message))


def rooms():
    """From bottom to top."""
    with open(os.path.join(TOP, "rooms.mk"), encoding="ascii") as file:
        text = file.read().replace("\\\n", " ")
    return re.search(r"^ROOMS := (.*)$", text, re.MULTILINE).group(1).split()


ROOMS = rooms()


def room_of(file):
    """The room that a file lies in: the longest that fits."""
    inside = [room for room in ROOMS if file.startswith(room + "/")]
    return max(inside, key=len) if inside else None


def files():
    for folder, names, contents in os.walk(TOP):
        names[:] = sorted(n for n in names if n not in SKIPPED)
        for name in sorted(contents):
            yield os.path.relpath(os.path.join(folder, name), TOP)


def is_source(file):
    return file.endswith(SOURCES) or file in ("brig", "Makefile", ".ci/run", "user/cc")


def is_kernel(file):
    return file.split("/")[0] in KERNEL and file.endswith((".c", ".h", ".asm"))


# The vDSO is a user program that shares one header with the kernel, and
# machine.h is part of the contract in kernel/base/arch.h.
CONTRACT = {"arch/i386/machine.h", "arch/i386/vdso.h"}


def check_includes(file, lines):
    room = room_of(file)
    for number, line in enumerate(lines, 1):
        found = INCLUDE.match(line)
        if not found or not room:
            continue
        target = found.group(1)
        other = room_of(target)
        if "/" not in target:
            breach(file, number, '"%s": include from the root of the tree' % target)
        elif not os.path.exists(os.path.join(TOP, target)):
            if not target.endswith(".inc"):
                breach(file, number, '"%s": no such file' % target)
        elif other is None:
            breach(file, number, '"%s": belongs to no room' % target)
        elif other != room and target not in CONTRACT:
            if ROOMS.index(other) > ROOMS.index(room):
                breach(file, number, "room %s includes the room %s above it" %
                       (room, other))
            elif os.path.basename(target) == "inner.h":
                breach(file, number, '"%s" is private to %s' % (target, other))


def check_head(file, lines):
    """The licence, and the comment that says what the file is."""
    head = [line.rstrip() for line in lines[:8]]
    if is_kernel(file) or file.endswith(".c") or file.endswith(".h"):
        if not any(SPDX in line for line in head[:2]):
            breach(file, 1, "no line %r at the top" % SPDX)
    name = os.path.basename(file)
    if name != "__init__.py" and not any(name in line for line in head):
        breach(file, 1, "no header comment that begins with %r" % name)


def check_lines(file, lines):
    if len(lines) > FILE_LINES:
        breach(file, FILE_LINES, "%d lines: %d is the wall" % (len(lines), FILE_LINES))
    for number, line in enumerate(lines, 1):
        line = line.rstrip("\n")
        if len(line.expandtabs(TAB)) > COLUMNS:
            breach(file, number, "more than %d columns" % COLUMNS)
        if line != line.rstrip():
            breach(file, number, "blanks at the end of the line")
        found = LATER.search(line)
        if found:
            breach(file, number, "%s: an open point is an issue" % found.group(1))


def check_conditions(file, lines):
    """Choice is made by file. A header has its guard and nothing else."""
    if "vdso/" in file:
        return
    allowed = 1 if file.endswith(".h") else 0
    for number, line in enumerate(lines, 1):
        if CONDITION.match(line):
            allowed -= 1
            if allowed < 0:
                breach(file, number, "#if: choose by file, not by condition")


def check_functions(sources):
    """By universal-ctags, when it is there (./brig setup installs it)."""
    try:
        tags = subprocess.run(
            ["ctags", "--languages=C", "--map-C=+.h", "--kinds-C=f", "--fields=+ne",
             "--excmd=number", "-f", "-", "-L", "-"], cwd=TOP, text=True,
            input="\n".join(sources), stdout=subprocess.PIPE, check=True).stdout
    except FileNotFoundError:
        print("lint.py: no universal-ctags: length of functions not checked",
              file=sys.stderr)
        return
    for tag in tags.splitlines():
        fields = tag.split("\t")
        values = dict(f.split(":", 1) for f in fields[3:] if ":" in f)
        if "line" not in values or "end" not in values:
            continue
        length = int(values["end"]) - int(values["line"]) + 1
        if length > FUNCTION_LINES:
            breach(fields[1], int(values["line"]), "%s: %d lines: %d is the wall" %
                   (fields[0], length, FUNCTION_LINES))


def check_document(file, lines):
    """What it names must exist: links, and paths in back quotes."""
    here = os.path.dirname(file)
    fenced = False
    for number, line in enumerate(lines, 1):
        fenced ^= line.startswith("```")
        if fenced:
            continue
        for target in LINK.findall(line):
            if not re.match(r"[a-z]+:", target) and not os.path.exists(
                    os.path.join(TOP, here, target)):
                breach(file, number, "%s: no such file" % target)
        for target in SPOKEN.findall(line):
            if target.rstrip("./") in ROOMS:
                continue    # declared, even if it holds no file yet
            if "*" not in target and not target.endswith("...") and not os.path.exists(
                    os.path.join(TOP, target.rstrip("."))):
                breach(file, number, "%s: no such file" % target)


def check(file):
    with open(os.path.join(TOP, file), encoding="utf-8") as text:
        lines = text.readlines()
    if file.endswith(".md"):
        check_document(file, lines)
        return
    check_head(file, lines)
    check_lines(file, lines)
    if is_kernel(file):
        check_includes(file, lines)
        if file.endswith((".c", ".h")):
            check_conditions(file, lines)


def main():
    names = [f for f in files() if is_source(f) or f.endswith(".md")]
    for file in names:
        try:
            check(file)
        except UnicodeDecodeError:
            breach(file, 1, "not UTF-8")
    check_functions([f for f in names if f.endswith((".c", ".h"))])
    for file, line, message in breaches:
        print("%s:%d: %s" % (file, line, message))
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main())
