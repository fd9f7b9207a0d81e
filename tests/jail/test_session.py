# SPDX-License-Identifier: BSD-2-Clause
"""test_session.py - the session in README.md, typed on the serial console.

Every line of it that begins with a prompt is typed, and what the machine
prints must be what the README says; only numbers of processes may be others.
`/usr/bin/python3 tests/jail/test_session.py` writes a new transcript into it.
"""
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

from rig import Guest, machine as machines  # noqa: E402

README = os.path.join(machines.TOP, "README.md")
BEGIN, END = "<!-- session -->\n\n", "\n<!-- end of session -->\n"
PROMPT = re.compile(r"^(root@[\w.]+:\S+# )(.*)$")
WAITING = r"(?:^|\n)(root@[\w.]+:\S+# )(?:\x1b\[6n)?$"
ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def transcript():
    """Lines of the README's session."""
    with open(README, encoding="utf-8") as file:
        text = file.read()
    block = text.split(BEGIN)[1].split(END)[0]
    return [line.removeprefix("    ") for line in block.splitlines()]


def commands(lines):
    return [found.group(2) for found in map(PROMPT.match, lines) if found]


class Console:
    """The shell on the serial line, as somebody who types meets it."""

    def __init__(self, guest):
        self.guest = guest
        self.said = []
        guest.send("stty sane; stty rows 24 cols 80; "
                   "export PS1='\\u@\\h:\\w\\$ '; echo go$((1))\r")
        guest.expect("go1")
        self.prompt = self.wait()

    def wait(self):
        self.guest.expect(WAITING)
        before = ESCAPE.sub("", self.guest.before).replace("\r", "")
        self.said = [line.rstrip() for line in before.split("\n")]
        return self.guest.match.group(1).decode()

    def type(self, command):
        """What the transcript has of this command."""
        prompt = self.prompt
        self.guest.send(command + "\r")
        self.prompt = self.wait()
        return [prompt + command] + [line for line in self.said[1:] if line]


def play(wanted):
    lines = []
    with Guest() as guest:
        console = Console(guest)
        for command in wanted:
            lines += console.type(command)
    return lines


def plain(lines):
    """Numbers of processes are N, and blanks are single."""
    lines = [re.sub(r"^ *\d+ (root +\d+ )", r"N \1", line) for line in lines]
    return [" ".join(line.split()) for line in lines]


def test_session_of_the_readme():
    lines = transcript()
    wanted = commands(lines)
    assert len(wanted) > 20
    assert plain(play(wanted)) == plain(lines)


def rewrite():
    with open(README, encoding="utf-8") as file:
        text = file.read()
    head, rest = text.split(BEGIN)
    tail = rest.split(END)[1]
    lines = play(commands(transcript()))
    body = "".join(("    " + line).rstrip() + "\n" for line in lines)
    with open(README, "w", encoding="utf-8") as file:
        file.write(head + BEGIN + body + END + tail)


if __name__ == "__main__":
    rewrite()
