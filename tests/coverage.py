#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""coverage.py - which lines of the kernel the tests reach; `./brig coverage`.

A kernel built with COV=1 gives its counters to QEMU's debug port when it stops
(kernel/base/gcov.c tells the form), one file for each machine in
build/NAME/coverage. They are added up here, gcov turns the sums into lines.
"""
import argparse
import glob
import json
import os
import struct
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

TESTS = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, TESTS)

from rig import machine as machines  # noqa: E402

BEGIN = b"BRIGCOV\n"
MAGIC, FUNCTION, SUMMARY = 0x67636461, 0x01000000, 0xa1000000
HEADER_WORDS = 4        # magic, version, stamp of the compilation, checksum


def parts(data, at):
    """The parts of one file, until an empty one; (bytes, end)."""
    found = []
    while True:
        length, = struct.unpack_from("<I", data, at)
        at += 4
        if not length:
            return found, at
        if at + length > len(data):
            raise struct.error("cut off")
        found.append(data[at:at + length])
        at += length


def dumped_files(data):
    """name -> content of each .gcda in a dump; {} when it is not whole."""
    files, at = {}, len(BEGIN)
    if not data.startswith(BEGIN):
        return {}
    try:
        while True:
            found, at = parts(data, at)
            if not found:
                return files
            files[found[0].decode()] = b"".join(found[1:])
    except struct.error:
        return {}


class Counts:
    """The counters of one object, as a sum over machines."""

    def __init__(self, content):
        self.header = struct.unpack_from("<%dI" % HEADER_WORDS, content)
        self.records = []       # [tag, words] or [tag, counters]
        if self.header[0] != MAGIC:
            raise ValueError("no .gcda")
        at = HEADER_WORDS * 4
        while at + 8 <= len(content):
            tag, length = struct.unpack_from("<Ii", content, at)
            at += 8
            if not tag:
                break
            if tag in (FUNCTION, SUMMARY):
                self.records.append([tag, struct.unpack_from(
                    "<%dI" % (length // 4), content, at)])
                at += length
            elif length < 0:    # that many bytes of zeros, left out
                self.records.append([tag, [0] * (-length // 8)])
            else:
                self.records.append([tag, list(struct.unpack_from(
                    "<%dQ" % (length // 8), content, at))])
                at += length

    def add(self, other):
        """False: it is of another compilation."""
        if self.header != other.header or len(self.records) != len(other.records):
            return False
        for mine, theirs in zip(self.records, other.records):
            if mine[0] not in (FUNCTION, SUMMARY):
                mine[1] = [a + b for a, b in zip(mine[1], theirs[1])]
        return True

    def content(self):
        out = [struct.pack("<%dI" % HEADER_WORDS, *self.header)]
        for tag, values in self.records:
            form = "I" if tag in (FUNCTION, SUMMARY) else "Q"
            body = struct.pack("<%d%s" % (len(values), form), *values)
            out.append(struct.pack("<Ii", tag, len(body)) + body)
        return b"".join(out) + struct.pack("<I", 0)


def add_up(folder):
    """Writes the sums beside the objects; (their names, machines counted)."""
    sums, machine_count = {}, 0
    for name in sorted(glob.glob(os.path.join(folder, "*.cov"))):
        with open(name, "rb") as file:
            files = dumped_files(file.read())
        machine_count += bool(files)
        for gcda, content in files.items():
            counts = Counts(content)
            if gcda not in sums or not sums[gcda].add(counts):
                sums[gcda] = counts
    for gcda, counts in sums.items():
        with open(gcda, "wb") as out:
            out.write(counts.content())
    return list(sums), machine_count


def lines_of(gcda):
    """{(file, line): count} by gcov."""
    said = subprocess.run(["gcov", "--json-format", "--stdout", gcda],
                          cwd=machines.TOP, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, check=True).stdout
    lines = {}
    for file in json.loads(said)["files"]:
        name = os.path.normpath(file["file"])
        for line in file["lines"]:
            key = (name, line["line_number"])
            lines[key] = lines.get(key, 0) + line["count"]
    return lines


def all_lines(gcdas):
    total = {}
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for lines in pool.map(lines_of, gcdas):
            for key, count in lines.items():
                total[key] = total.get(key, 0) + count
    return total


def rooms():
    with open(os.path.join(machines.TOP, "rooms.mk"), encoding="ascii") as file:
        text = file.read().replace("\\\n", " ")
    return next(line.split(":=")[1].split() for line in text.splitlines()
                if line.startswith("ROOMS"))


def room_of(file, names):
    inside = [name for name in names if file.startswith(name + "/")]
    return max(inside, key=len) if inside else "other"


def table(title, groups, order):
    print("%-28s %8s %8s %6s" % (title, "lines", "reached", "%"))
    for name in order:
        if name in groups:
            lines, reached = groups[name]
            print("%-28s %8d %8d %6.1f" % (name, lines, reached,
                                           100.0 * reached / lines))


def group(lines, key):
    groups = {}
    for (file, _), count in lines.items():
        counted = groups.setdefault(key(file), [0, 0])
        counted[0] += 1
        counted[1] += count > 0
    return groups


def missed(lines, file):
    """Prints the file's lines that were never reached, as ranges."""
    numbers = sorted(n for (name, n), count in lines.items()
                     if name == file and not count)
    with open(os.path.join(machines.TOP, file), encoding="utf-8") as text:
        source = text.read().splitlines()
    for number in numbers:
        print("%s:%d: %s" % (file, number, source[number - 1].strip()))


def main():
    options = argparse.ArgumentParser(prog="./brig coverage")
    options.add_argument("--files", action="store_true", help="one row a file")
    options.add_argument("--missed", metavar="FILE", action="append", default=[],
                         help="print the lines of FILE that were not reached")
    wanted = options.parse_args()
    gcdas, machine_count = add_up(os.path.join(machines.build_dir(), "coverage"))
    if not gcdas:
        sys.exit("brig: no coverage was written: is this a build with COV=1?")
    lines = all_lines(gcdas)
    names = rooms()
    if wanted.files:
        files = group(lines, lambda file: file)
        table("file", files, sorted(files))
    for file in wanted.missed:
        missed(lines, file)
    by_room = group(lines, lambda file: room_of(file, names))
    by_room["all"] = [sum(v[0] for v in by_room.values()),
                      sum(v[1] for v in by_room.values())]
    table("room, %d machines" % machine_count, by_room, names + ["other", "all"])


if __name__ == "__main__":
    main()
