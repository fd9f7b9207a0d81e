# SPDX-License-Identifier: BSD-2-Clause
"""test_posix.py - each call about names, on each kind of file system.

The programs are those of tests/posix, one for a call: every error that POSIX
and Linux document for it, as root and as users. With BRIG_ORACLE they run on
a tmpfs of this machine's Linux.
"""
import os

import pytest

from rig import ext2, machine as machines, programs, suite as suites

BUILD = os.path.join(machines.BUILD, "tests", "posix")
PROGRAMS = programs.find("posix", BUILD)
# kind -> commands that make the folder /fs/KIND of it
KINDS = {
    "tmpfs": "mount -t tmpfs tmpfs /fs/tmpfs",
    "overlay": "mkdir -p /fs/below/d /fs/above && echo x > /fs/below/f && "
               "mount -t overlay overlay -o lowerdir=/fs/below,upperdir=/fs/above"
               " /fs/overlay",
    "nullfs": "mkdir /fs/lower && mount --bind /fs/lower /fs/nullfs",
    "ext2": "mount -t ext2 /dev/vda /fs/ext2",
    "ext2_1k": "mount -t ext2 -o nojournal /dev/vdb /fs/ext2_1k",
}


def prepare(guest):
    for kind, commands in KINDS.items():
        done = guest.exec("mkdir -p /fs/%s && %s && chmod 777 /fs/%s"
                          % (kind, commands, kind))
        assert done.status == 0, (kind, done)


@pytest.fixture(scope="module")
def suite(request, tmp_path_factory):
    disks = []
    if not os.environ.get("BRIG_ORACLE"):
        folder = tmp_path_factory.mktemp("posix")
        disks = [ext2.make(folder / "a", 64, "-b", 4096),
                 ext2.make(folder / "b", 64, "-b", 1024, "-I", 128)]
    made = suites.Suite(programs.wanted(request, "test_posix"), prepare=prepare,
                        disks=disks)
    yield made
    if made.guest:
        made.guest.exec("umount /fs/ext2; umount /fs/ext2_1k")
    made.close()
    for disk in disks:
        ext2.check(disk)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("program, test", programs.cases(PROGRAMS))
def test_posix(suite, program, test, kind):
    if not os.environ.get("BRIG_ORACLE"):
        top = "/fs/" + kind
    elif kind == "tmpfs":
        top = "/dev/shm"
    else:
        pytest.skip("the oracle is Linux's tmpfs")
    suite.outcome(program, top).judge(test)


def test_programs_have_tests():
    suites.check_names(PROGRAMS)
