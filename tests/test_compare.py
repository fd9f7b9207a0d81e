# SPDX-License-Identifier: BSD-2-Clause
"""test_compare.py - the same programs on Brig and on this machine's Linux.

Linux is the oracle: it runs i386 programs, and what it prints is what Brig must
print. Differences that are right are listed here, each with its reason.
"""
import difflib
import os
import shutil
import subprocess

import pytest

from rig import Guest, machine as machines, programs

HERE = os.path.join(machines.TOP, "tests", "compare")


def on_linux(words, tmp_path, path):
    """What a command prints here, with nothing but `path` to find programs."""
    done = subprocess.run(
        words, cwd=tmp_path, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, env={"PATH": path, "HOME": "/root"},
        preexec_fn=programs.signals_default, timeout=300)
    return done.stdout.decode(errors="replace")


def on_brig(command, add):
    with Guest(add=add, cmdline="quiet") as guest:
        done = guest.exec(command, 300)
        guest.look_at_console()
    return done.stdout.decode(errors="replace")


def assert_same(linux, brig, allowed=()):
    lines = [line for line in difflib.unified_diff(
        linux.splitlines(), brig.splitlines(), "linux", "brig", lineterm="", n=3)]
    wrong = [line for line in lines
             if line[:1] in "+-" and line[:3] not in ("+++", "---")
             and not any(word in line for word in allowed)]
    if wrong:
        pytest.fail("\n".join(lines[:120]), pytrace=False)


@pytest.fixture
def busybox(tmp_path):
    """A folder with the guest's BusyBox and links for its applets."""
    folder = tmp_path / "bin"
    folder.mkdir()
    shutil.copy(machines.busybox(), folder / "busybox")
    names = subprocess.check_output([folder / "busybox", "--list"], text=True)
    for name in names.split():
        if name != "busybox":
            (folder / name).symlink_to("busybox")
    return str(folder)


def test_applets(busybox, tmp_path):
    script = os.path.join(HERE, "applets.sh")
    (tmp_path / "work").mkdir()
    linux = on_linux([busybox + "/sh", script, str(tmp_path / "work")],
                     tmp_path, busybox)
    assert linux.endswith("end\n")
    brig = on_brig("mkdir /tmp/w && exec sh /applets.sh /tmp/w 2>/dev/null",
                   [script + ":/applets.sh"])
    assert_same(linux, brig)


def test_applets_smoke():
    """Those whose output is never the same, in the guest only."""
    script = os.path.join(HERE, "smoke.sh")
    assert on_brig("exec sh /smoke.sh", [script + ":/smoke.sh"]) == "end\n"


# Places where a 64-bit Linux that runs i386 programs is not a good oracle:
# "call argument kind" (or a part of it).
EFAULT_ALLOWED = (
    "write_pipe 1 crossing",    # POSIX allows both: a pipe takes what it can read
    "epoll_wait 1 kernel",      # a 32-bit Linux refuses the address at once, as Brig
)


def test_bad_pointers(tmp_path):
    binary = tmp_path / "efault"
    subprocess.run(["sh", "user/cc", "-O2", "-s", "-o", binary,
                    os.path.join("tests", "compare", "efault.c")],
                   cwd=machines.TOP, check=True)
    linux = on_linux([binary, str(tmp_path / "ef")], tmp_path, "")
    assert linux.endswith("end\n")
    brig = on_brig("exec /efault /tmp/ef", ["%s:/efault" % binary])
    assert_same(linux, brig, EFAULT_ALLOWED)
