# SPDX-License-Identifier: BSD-2-Clause
"""test_cache.py - the page cache with little memory, with errors of the medium,
and what is on the medium when fsync has returned: looked at on the host, the
machine cut off.
"""
import os

import pytest

from rig import Guest, machine as machines, programs, suite as suites

MB = 1 << 20
FSYNC = "dd if=/dev/null of=/dev/vda conv=notrunc,fsync"
BUILD = os.path.join(machines.BUILD, "tests", "disk")
PROGRAMS = programs.find("disk", BUILD)


def empty(path, size):
    with open(path, "wb") as out:
        out.truncate(size)
    return str(path)


@pytest.fixture(scope="module")
def suite(request, tmp_path_factory):
    path = empty(tmp_path_factory.mktemp("cache") / "disk", 48 * MB)
    made = suites.Suite(programs.wanted(request, "test_pressure"), mem=16, disks=[path])
    yield made
    made.close()


@pytest.mark.parametrize("program, test", programs.cases(PROGRAMS))
def test_pressure(suite, program, test):
    suite.outcome(program, "/dev/vda").judge(test)


def failing(path, what, sector):
    """QEMU's arguments for a disk that fails at a sector."""
    return ["-drive", "if=none,id=failing,werror=report,rerror=report,format=raw,"
            "file.driver=blkdebug,file.image.driver=file,file.image.filename=%s,"
            "file.inject-error.0.event=none,file.inject-error.0.iotype=%s,"
            "file.inject-error.0.errno=5,file.inject-error.0.once=off,"
            "file.inject-error.0.sector=%d" % (machines.comma(path), what, sector),
            "-device", "virtio-blk-pci,drive=failing"]


def test_fsync_is_durable(tmp_path):
    """The machine ends without a chance to write anything more."""
    path = empty(tmp_path / "disk", 4 * MB)
    with Guest(disks=[path]) as guest:
        guest.run("exec 3<>/dev/vda")   # so that no close writes it
        guest.run("echo one | dd of=/dev/vda bs=4096 seek=10 conv=notrunc,fsync")
        guest.run("echo two | dd of=/dev/vda bs=4096 seek=20 conv=notrunc")
        guest.run("sync; echo three | dd of=/dev/vda bs=4096 seek=30 conv=notrunc")
    with open(path, "rb") as file:
        data = file.read()
    assert data[40960:40964] == b"one\n"
    assert data[81920:81924] == b"two\n"
    # Not asked for, so it need not be there yet: the cache does write later.
    assert data[122880:122886] in (b"\0" * 6, b"three\n")


def test_dirty_pages_are_written_in_time(tmp_path):
    path = empty(tmp_path / "disk", 4 * MB)
    with Guest(disks=[path]) as guest:
        guest.check("echo 20 > /proc/sys/vm/dirty_expire_centisecs")
        guest.check("echo 10 > /proc/sys/vm/dirty_writeback_centisecs")
        guest.run("exec 3<>/dev/vda; sleep 1")
        guest.run("echo late | dd of=/dev/vda bs=4096 seek=10 conv=notrunc; sleep 2")
        assert "Dirty:                 0 kB" in guest.check("cat /proc/meminfo")
    with open(path, "rb") as file:
        assert file.read()[40960:40965] == b"late\n"


def test_an_error_is_told_once(tmp_path):
    path = empty(tmp_path / "disk", 4 * MB)
    with Guest(qemu=failing(path, "write", 80)) as guest:
        guest.run("exec 3<>/dev/vda")
        assert guest.run("echo lost | dd of=/dev/vda bs=4096 seek=10 conv=notrunc")[1] == 0
        assert guest.run(FSYNC)[1] == 1
        assert guest.run(FSYNC)[1] == 0
        assert guest.run("echo good | dd of=/dev/vda bs=4096 seek=5 conv=notrunc,fsync")[1] == 0


def test_neighbours_of_a_bad_sector_can_be_read(tmp_path):
    path = empty(tmp_path / "disk", MB)
    with Guest(qemu=failing(path, "read", 80)) as guest:
        for block in range(0, 24):
            status = guest.run("dd if=/dev/vda of=/dev/null bs=4096 count=1 skip=%d" %
                               block)[1]
            assert status == (1 if block == 10 else 0), block
