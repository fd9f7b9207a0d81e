# SPDX-License-Identifier: BSD-2-Clause
"""fuzz.py - runs tests/fuzz in a guest and says what it found; `./brig fuzz`.

A finding is a panic, a report of a sanitizer, a process that cannot be killed,
a machine that answers no more, or memory that does not come back.
"""
import glob
import os
import re
import subprocess
import sys

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
if TESTS not in sys.path:
    sys.path.insert(0, TESTS)

from rig import Guest, GuestError, machine as machines  # noqa: E402

SOURCES = os.path.join(TESTS, "fuzz")
BINARY = os.path.join(machines.BUILD, "tests", "fuzz")
REPORT = re.compile(r"(?:\] panic: |UBSAN: |KASAN: )[^\r\n]*")
SLACK_KB = 1024     # caches of the kernel that grow a little, whatever comes
LAST_LINE = re.compile(r"^fuzz: seed \d+: (\d+) workers of \d+ steps, "
                       r"free before (-?\d+) after (\d+) KB$", re.MULTILINE)


def compile_fuzzer():
    sources = sorted(glob.glob(os.path.join(SOURCES, "*.[ch]")))
    if os.path.exists(BINARY) and all(
            os.path.getmtime(name) <= os.path.getmtime(BINARY) for name in sources):
        return
    os.makedirs(os.path.dirname(BINARY), exist_ok=True)
    out = "%s.%d" % (BINARY, os.getpid())
    subprocess.run(["sh", "user/cc", "-O1", "-s", "-Wall", "-Wextra", "-o", out] +
                   [name for name in sources if name.endswith(".c")],
                   cwd=machines.TOP, check=True)
    os.replace(out, BINARY)


class Found:
    """What a run gave: findings (a list of texts), workers, the console."""

    def __init__(self):
        self.findings, self.workers, self.console, self.log = [], 0, "", None


def judge(found, output):
    """Adds what the console and the fuzzer's own words tell."""
    for report in dict.fromkeys(REPORT.findall(found.console)):
        if report not in found.findings:
            found.findings.append(report.removeprefix("] "))
    last = LAST_LINE.search(output)
    if last:
        found.workers = int(last.group(1))
        before, after = int(last.group(2)), int(last.group(3))
        if 0 <= before - SLACK_KB > after:
            found.findings.append("%d KB of memory are gone" % (before - after))
    elif not found.findings:
        found.findings.append("the fuzzer gave up: " + output[-500:])


def run(seconds, seed, arguments=(), **settings):
    """One boot, one run. GuestError is for the rig's own failures."""
    compile_fuzzer()
    found = Found()
    command = " ".join(["exec /fuzz -t %d -s %d" % (seconds, seed)] + list(arguments))
    with Guest(cmdline="quiet", add=[BINARY + ":/fuzz"], **settings) as guest:
        guest.bad = [bad for bad in guest.bad if b"panic" in bad]
        try:
            done = guest.exec(command, seconds + 60, kill=False)
            guest.look_at_console()
            output = done.stdout + done.stderr
            if done.status:
                found.findings.append("status %d: %s" % (
                    done.status, output.decode(errors="replace")[-500:].strip()))
        except GuestError as error:
            output = error.result.stdout if error.result else b""
            if not REPORT.search(guest.text):
                found.findings.append(str(error).split("\n", 1)[0])
        found.console, found.log = guest.text, guest.log_name
        judge(found, output.decode(errors="replace"))
        guest.keep_log = bool(found.findings)
    return found


def main(words):
    """--seconds N (600), --seed N (1), the rest goes to the fuzzer."""
    seconds, seed, rest = 600, 1, []
    words = list(words)
    while words:
        word, _, value = words.pop(0).partition("=")
        if word in ("--seconds", "--seed"):
            value = value or (words.pop(0) if words else "")
            if not value.isdigit():
                sys.exit("brig: %s needs a number" % word)
            if word == "--seed":
                seed = int(value)
            else:
                seconds = int(value)
        else:
            rest.append(word)
    found = run(seconds, seed, rest)
    print("seed %d, %d s, %d workers: %d findings" %
          (seed, seconds, found.workers, len(found.findings)))
    for finding in found.findings:
        print("  " + finding)
    if found.findings:
        print("console: " + os.path.relpath(found.log, machines.TOP))
    return 1 if found.findings else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
