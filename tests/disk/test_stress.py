# SPDX-License-Identifier: BSD-2-Clause
"""test_stress.py - four processes change one tree at random (stress.c), on
disks with large and small blocks, with and without a journal, in little memory;
then e2fsck. STRESS_SECONDS=N and STRESS_SEED=N make it longer, or another one.
"""
import os

import pytest

from rig import Guest, ext2, machine as machines, powercut

SECONDS = int(os.environ.get("STRESS_SECONDS", "4"))
SEED = int(os.environ.get("STRESS_SEED", "1"))
SOURCE = os.path.join(powercut.TESTS, "disk", "stress.c")
BINARY = os.path.join(machines.BUILD, "tests", "disk", "stress")


@pytest.mark.parametrize("block, megabytes, mem, options", [
    (1024, 16, 64, "defaults"), (4096, 64, 32, "defaults"), (2048, 24, 64, "nojournal")])
def test_a_tree_stays_sound(tmp_path, block, megabytes, mem, options):
    powercut.compile_program(SOURCE, BINARY)
    path = ext2.make(tmp_path / "disk", megabytes, "-b", block)
    with Guest(disks=[path], mem=mem, cmdline="quiet", add=[BINARY + ":/stress"]) as guest:
        guest.check("mkdir /m && mount -t ext2 -o %s /dev/vda /m" % options)
        done = guest.exec("/stress /m %d %d 4" % (SEED, SECONDS), SECONDS * 3 + 60)
        print(done.stdout.decode())
        assert done.status == 0, done
        guest.check("umount /m", 60)
    ext2.check(path)
