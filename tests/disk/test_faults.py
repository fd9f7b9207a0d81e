# SPDX-License-Identifier: BSD-2-Clause
"""test_faults.py - the N-th request to a disk fails, for every N of a fixed
script (faults.c).

Whoever is concerned is told, the file system turns read-only when it was
metadata, what an fsync returned for is there, and e2fsck -p repairs the rest.
"""
import os

import pytest

from rig import Guest, machine as machines, nbd, powercut

MB = 1 << 20
SCRIPT = """
echo 3 >/proc/sys/vm/drop_caches
mount -t ext2 /dev/vda /m || exit 100
/faults /m || exit 101
grep -q '/m ext2 ro' /proc/mounts && echo read-only
umount /m && echo unmounted
"""
SOURCE = os.path.join(powercut.TESTS, "disk", "faults.c")
BINARY = os.path.join(machines.BUILD, "tests", "disk", "faults")
ONE = b"x" * 4096


def new_image(folder):
    path = os.path.join(folder, "new")
    tree = os.path.join(folder, "tree")
    os.makedirs(os.path.join(tree, "many"))
    for n in range(60):
        with open(os.path.join(tree, "many", "f%d" % n), "wb") as file:
            file.write(b"%d" % n * 200)
    with open(os.path.join(tree, "kept"), "wb") as file:
        file.write(bytes(300 * 1024))
    with open(path, "wb") as file:
        file.truncate(8 * MB)
    made = powercut.tool("mke2fs", "-q", "-F", "-t", "ext3", "-b", "1024", "-J", "size=1",
                         "-d", tree, path)
    assert made.returncode == 0, made.stdout
    with open(path, "rb") as file:
        return file.read()


def check_image(folder, content, told):
    path = os.path.join(folder, "after")
    with open(path, "wb") as file:
        file.write(content)
    repair = powercut.tool("e2fsck", "-p", path)
    assert repair.returncode in (0, 1), repair.stdout.decode()
    after = powercut.tool("e2fsck", "-fn", path)
    assert after.returncode == 0, after.stdout.decode()
    places = [powercut.tool("debugfs", "-R", "cat " + name, path).stdout
              for name in ("/d/one", "/two")]
    if "ok one" in told:
        assert any(place.endswith(ONE) for place in places), told
    if "ok mv" in told:
        assert b"not found" in places[0] and b"not found" not in places[1], told
    if "ok big" in told and "unlink" not in told:
        assert powercut.tool("debugfs", "-R", "cat /d/big", path).stdout.endswith(60 * ONE)


@pytest.fixture(scope="module")
def machine(tmp_path_factory):
    folder = str(tmp_path_factory.mktemp("faults"))
    image = new_image(folder)
    powercut.compile_program(SOURCE, BINARY)
    with nbd.Disks({"a": bytearray(image)}) as disks:
        with Guest(qemu=disks.arguments(), cmdline="quiet",
                   add=[BINARY + ":/faults"]) as guest:
            guest.check("mkdir /m")
            yield guest, disks, image, folder


def one(machine, number):
    """What the script says when request `number` fails; how many there were."""
    guest, disks, image, folder = machine
    disks.contents["a"][:] = image
    disks.fail_at(number)
    done = guest.exec(SCRIPT, 60)
    count = disks.fail_at(0)
    told = done.stdout.decode()
    if done.status != 100:
        assert "unmounted" in told, (number, told, done.stderr)
    check_image(folder, bytes(disks.contents["a"]), told)
    return told, count, done.status


def test_every_request_may_fail(machine):
    told, count, status = one(machine, 0)
    assert status == 0 and "failed" not in told and "read-only" not in told
    assert 30 < count < 2000
    noticed = stopped = 0
    for number in range(1, count + 1):
        told, _, status = one(machine, number)
        noticed += status == 100 or "failed" in told
        stopped += "read-only" in told
    print("%d requests: %d errors told, %d times read-only" % (count, noticed, stopped))
    assert noticed and stopped
