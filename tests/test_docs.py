# SPDX-License-Identifier: BSD-2-Clause
"""test_docs.py - what the documents say, held against the source."""
import os
import re

import pytest

from rig import machine as machines


def read(*parts):
    with open(os.path.join(machines.TOP, *parts), encoding="utf-8") as file:
        return file.read()


ROW = re.compile(r'\[(\d+)\] = \{ "(\w+)", sys_\w+, \d, GATE_(\w+) \}')
JAIL_BASE = 1000    # FreeBSD's numbers stand so much higher


def linux_rows():
    return ROW.findall(read("kernel", "sys", "table.c").split("call_jail_table[")[0])


def jail_rows():
    rows = ROW.findall(read("kernel", "sys", "table.c").split("call_jail_table[")[1])
    return [(str(int(number) + JAIL_BASE), name, gate) for number, name, gate in rows]


def test_call_table_is_documented():
    """docs/abi.md lists exactly the rows of kernel/sys/table.c."""
    table = linux_rows() + jail_rows()
    documented = re.findall(r"^\| (\d+) \| (\w+) \| (\w+) \|",
                            read("docs", "abi.md"), re.MULTILINE)
    assert len(table) > 200
    assert documented == table


def test_call_numbers_rise_and_are_unique():
    numbers = [int(row[0]) for row in linux_rows() + jail_rows()]
    assert numbers == sorted(set(numbers))


def test_call_names_are_linux_numbers():
    """Each number has the name that musl's headers give it."""
    header = os.path.join(machines.TOP, "cache", "musl", "include", "asm",
                          "unistd_32.h")
    if not os.path.exists(header):
        pytest.skip("MUSL= names a copy without Linux's headers")
    with open(header, encoding="utf-8") as file:
        known = dict(re.findall(r"#define __NR_(\w+) (\d+)", file.read()))
    for number, name, _ in linux_rows():
        assert known.get(name) == number, name


def rooms():
    text = read("rooms.mk").replace("\\\n", " ")
    return re.search(r"^ROOMS := (.*)", text, re.MULTILINE).group(1).split()


def test_rooms_are_documented():
    order = re.findall(r"^\| \d+ \| `([\w/]+)` \|", read("docs", "architecture.md"),
                       re.MULTILINE)
    assert order == rooms()


def test_rooms_have_readmes():
    for room in rooms():
        folder = os.path.join(machines.TOP, room)
        if not os.path.isdir(folder) or not any(
                name.endswith(".c") for name in os.listdir(folder)):
            continue
        lines = read(room, "README.md").count("\n")
        assert 5 < lines <= 90, room


def test_privileges_have_rules():
    """Every PRIV_ of priv.h has a row in the one table of policy.c."""
    header, policy = read("jail", "priv.h"), read("jail", "policy.c")
    enum = re.search(r"enum priv \{(.*?)\};", header, re.DOTALL).group(1)
    names = set(re.findall(r"\bPRIV_\w+", enum)) - {"PRIV_NONE", "PRIV_COUNT"}
    assert len(names) > 30
    for name in names:
        assert "[%s]" % name in policy, name


def cited_rfcs(text):
    """RFC 826, RFC 791, 815 and RFC 1122, 4.1 (a section)."""
    for found in re.findall(r"RFC (\d+(?:, \d{3,4}(?![\d.]))*)", text):
        yield from found.split(", ")


def test_rfcs_are_documented():
    """docs/rfc.md has those that net/ cites, where it says that they are, and tests that
    there are."""
    sources = {name: set(cited_rfcs(read("net", name)))
               for name in os.listdir(os.path.join(machines.TOP, "net")) if name.endswith(".c")}
    rows = re.findall(r"^\| (\d+) \| [^|]+ \| ([^|]+) \| `([^|` ]+)` `(\w+)` \|$",
                      read("docs", "rfc.md"), re.MULTILINE)
    numbers = [number for number, *_ in rows]
    assert len(rows) == read("docs", "rfc.md").count("\n| ") - 1
    assert numbers == sorted(set(numbers), key=int)
    assert set(numbers) == set().union(*sources.values())
    for number, where, tests, name in rows:
        for source in re.findall(r"`(\w+\.c)`", where):
            assert number in sources[source], (number, source)
        assert re.search(r"(?:TEST\w*\(|def )%s\b" % name, read(tests)), (number, name)
