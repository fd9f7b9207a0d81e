# SPDX-License-Identifier: BSD-2-Clause
"""test_policy.py - the table of privileges: complete, printed, documented."""
import os
import re

from rig import machine as machines

RULE = re.compile(r"^(PRIV_\w+) +(\S+) +(.+)$", re.MULTILINE)


def read(*parts):
    with open(os.path.join(machines.TOP, *parts), encoding="utf-8") as file:
        return file.read()


def names():
    enum = re.search(r"enum priv \{(.*?)\};", read("jail", "priv.h"), re.DOTALL)
    return re.findall(r"\b(PRIV_\w+),", enum.group(1))[:-1]


def test_policy_is_printed_and_documented(boot):
    """/proc/jail/policy has every PRIV_ once, as docs/privileges.md has it."""
    printed = RULE.findall(boot().run("cat /proc/jail/policy")[0].replace("\r", ""))
    assert [row[0] for row in printed] == names()
    for name, who, where in printed:
        assert who in ("nobody", "root", "root(fsuid)", "anyone"), name
        assert (who == "nobody") == (name == "PRIV_NONE"), name
        assert where, name
    documented = re.findall(r"^\| (PRIV_\w+) \| (\S+) \| ([^|]+?) \| [^|]+ \|$",
                            read("docs", "privileges.md"), re.MULTILINE)
    assert documented == printed


def test_policy_denies_by_default():
    """A deed that is left out of the table is refused: its zero is NOBODY, NO."""
    policy = read("jail", "policy.c")
    assert re.search(r"enum who \{ NOBODY = 0,", policy)
    assert re.search(r"enum where \{\s+NO = 0,", policy)
    for name in names():
        assert policy.count("[%s]" % name) == 1, name


def test_privileges_are_asked_for():
    """Every privilege has a place in the kernel that asks for it, or the document says
    that it is for nothing yet."""
    asked = set()
    for top in ("jail", "kernel", "net"):
        for folder, _, files in os.walk(os.path.join(machines.TOP, top)):
            for name in files:
                if name.endswith(".c") and name != "policy.c":
                    asked.update(re.findall(r"\bPRIV_\w+", read(folder, name)))
    nothing = re.findall(r"^\| (PRIV_\w+) \|[^|]+\|[^|]+\| nothing(?: yet|:)",
                         read("docs", "privileges.md"), re.MULTILINE)
    assert [n for n in names() if n not in asked] == nothing
    assert asked <= set(names()) | {"PRIV_COUNT"}
