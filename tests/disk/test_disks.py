# SPDX-License-Identifier: BSD-2-Clause
"""test_disks.py - the drivers of disks and what lies on them before any file
system: data compared on the host, partitions made there, errors made by QEMU.
"""
import hashlib
import os
import random
import re
import shutil
import struct
import subprocess
from contextlib import closing

import pytest

from rig import Guest, machine as machines
from rig.monitor import Monitor

MB = 1 << 20
MODERN = ["-global", "virtio-blk-pci.disable-legacy=on"]
KINDS = {"virtio": ("vda", "", []), "modern": ("vda", "", MODERN), "ata": ("hda", ",ata", [])}


def image(folder, name="disk", size=6 * MB, seed=1):
    path = str(folder / name)
    with open(path, "wb") as out:
        out.write(random.Random(seed).randbytes(size))
    return path


def empty(folder, name="disk", size=32 * MB):
    path = str(folder / name)
    with open(path, "wb") as out:
        out.truncate(size)
    return path


def bytes_at(path, start, size):
    with open(path, "rb") as file:
        file.seek(start)
        return file.read(size)


def md5(data):
    return hashlib.md5(data).hexdigest()


def sfdisk(path, script):
    for tool in ("/usr/sbin/sfdisk", "/sbin/sfdisk"):
        if os.path.exists(tool):
            subprocess.run([tool, "-q", path], input=script.encode(), check=True,
                           stdout=subprocess.DEVNULL)
            return
    pytest.skip("sfdisk is not installed (./brig setup test)")


def write_mbr(path, *parts):
    """Of (first block, number of blocks), whatever sense that makes."""
    with open(path, "r+b") as file:
        file.seek(446)
        for part in parts:
            file.write(struct.pack("<4xB3xII", 0x83, *part))
        file.seek(510)
        file.write(b"\x55\xaa")


def listed(guest):
    """{name: KB} of /proc/partitions."""
    rows = re.findall(r"^ *\d+ +\d+ +(\d+) (\w+)\s*$",
                      guest.check("cat /proc/partitions"), re.MULTILINE)
    return {name: int(size) for size, name in rows}


class Disk:
    """A machine with one disk of a kind, of random bytes."""

    def __init__(self, kind, folder):
        self.name, words, qemu = KINDS[kind]
        self.path = image(folder)
        self.guest = Guest(cmdline="quiet", disks=[self.path + words], qemu=list(qemu))
        self.check = self.guest.check


@pytest.fixture(scope="module", params=sorted(KINDS))
def disk(request, tmp_path_factory):
    made = Disk(request.param, tmp_path_factory.mktemp("disk"))
    yield made
    made.guest.close()


def test_it_reads_what_is_there(disk):
    assert disk.check("md5sum </dev/" + disk.name).split()[0] == \
        md5(bytes_at(disk.path, 0, 6 * MB))
    for start, size in ((0, 1), (511, 2), (4095, 4098), (123457, 65536), (6 * MB - 7, 7)):
        assert disk.guest.exec("tail -c +%d /dev/%s | head -c %d" % (
            start + 1, disk.name, size)).stdout == bytes_at(disk.path, start, size)


def test_the_host_has_what_was_written(disk):
    data = bytearray(bytes_at(disk.path, 0, 6 * MB))
    pick = random.Random(2)
    for block, count in ((1, 1), (3, 7), (512, 513), (1000, 9), (4096, 17)):
        start, wanted = pick.randrange(1000) * block, pick.randbytes(block * count)
        disk.guest.put_bytes(wanted, "/tmp/x")
        disk.check("dd if=/tmp/x of=/dev/%s bs=%d seek=%d conv=notrunc,fsync" % (
            disk.name, block, start // block))
        data[start:start + len(wanted)] = wanted
    assert bytes_at(disk.path, 0, 6 * MB) == data
    disk.check("blockdev --flushbufs /dev/" + disk.name)
    assert disk.check("md5sum </dev/" + disk.name).split()[0] == md5(data)


def test_what_it_tells_of_itself(disk):
    ask = lambda what: disk.check("blockdev --%s /dev/%s" % (what, disk.name)).strip()
    assert [ask(w) for w in ("getsize64", "getsz", "getss", "getro")] == \
        [str(6 * MB), str(6 * MB // 512), "512", "0"]
    major = {"vda": 254, "hda": 3}[disk.name]
    assert re.search(r"brw-rw---- +1 root +disk +%d, +0 " % major,
                     disk.check("ls -l /dev/" + disk.name))
    assert "heads, 63 sectors/track" in disk.check("fdisk -l /dev/" + disk.name)
    row = re.search(r" %s ([\d ]+)" % disk.name, disk.check("cat /proc/diskstats")).group(1)
    figures = [int(n) for n in row.split()]
    assert len(figures) == 17 and figures[2] >= 6 * MB // 512
    disk.check("dd if=/dev/%s of=/dev/null bs=4096 skip=1 count=1" % disk.name)


def test_its_end(disk):
    output = disk.guest.run("dd if=/dev/zero of=/dev/%s bs=4096 seek=1535 count=2" % disk.name)[0]
    assert "No space left on device" in output and "1+0 records out" in output
    assert disk.check("tail -c +%d /dev/%s | wc -c" % (6 * MB + 1, disk.name)).strip() == "0"


def test_many_at_once(disk):
    """Readers and writers, each in its own part, side by side."""
    disk.check("for i in 1 2 3 4 5; do (head -c 300000 /dev/urandom >/tmp/w$i;"
               " dd if=/tmp/w$i of=/dev/%s bs=1000 seek=$((i*1000)) conv=notrunc,fsync) & "
               "md5sum </dev/%s >/dev/null & done; wait" % (disk.name, disk.name))
    for i in range(1, 6):
        assert disk.check("md5sum </tmp/w%d" % i).split()[0] == \
            md5(bytes_at(disk.path, i * 1000000, 300000))


# --- read-only, other block sizes, other sizes ----------------------------------

def test_read_only(boot, tmp_path):
    path = image(tmp_path)
    os.chmod(path, 0o444)
    guest = boot(disks=[path + ",ro"])
    assert guest.check("blockdev --getro /dev/vda").strip() == "1"
    assert "Operation not permitted" in guest.run("dd if=/dev/zero of=/dev/vda count=1")[0]
    assert "Read-only" in guest.run("blockdev --setrw /dev/vda")[0]
    assert guest.check("md5sum </dev/vda").split()[0] == md5(bytes_at(path, 0, 6 * MB))


def test_set_read_only(boot, tmp_path):
    guest = boot(disks=[empty(tmp_path, size=MB)])
    guest.check("blockdev --setro /dev/vda")
    assert "Operation not permitted" in guest.run("dd if=/dev/zero of=/dev/vda count=1")[0]
    guest.check("blockdev --setrw /dev/vda")
    guest.check("dd if=/dev/zero of=/dev/vda count=1")
    guest.check("chmod 666 /dev/vda")
    assert "denied" in guest.run("su nobody -s /bin/sh -c 'blockdev --setro /dev/vda'")[0]


def test_large_blocks(boot, tmp_path):
    """A device that moves no less than 4096 bytes, and its table."""
    path = empty(tmp_path)
    write_mbr(path, (256, 1024))
    guest = boot(disks=[path], qemu=[
        "-global", "virtio-blk-pci.logical_block_size=4096",
        "-global", "virtio-blk-pci.physical_block_size=4096"])
    assert guest.check("blockdev --getss /dev/vda").strip() == "4096"
    assert listed(guest) == {"vda": 32768, "vda1": 4096}
    guest.check("echo hello | dd of=/dev/vda1 bs=1 seek=5000 conv=notrunc,fsync")
    assert bytes_at(path, MB + 5000, 6) == b"hello\n"


def test_the_size_changes(boot, tmp_path):
    monitor = Monitor(str(tmp_path))
    with closing(monitor):
        guest = boot(disks=[empty(tmp_path, size=4 * MB)], qemu=monitor.arguments())
        assert listed(guest) == {"vda": 4096}
        monitor.command("block_resize disk0 9M")
        guest.check("until grep -q ' 9216 vda' /proc/partitions; do :; done")
        guest.check("echo far | dd of=/dev/vda bs=1M seek=8 conv=fsync")


def test_discard(boot, tmp_path):
    path = image(tmp_path, size=4 * MB)
    guest = boot(disks=[path], cmdline="quiet")
    before = os.stat(path).st_blocks
    guest.check("blkdiscard -o 1048576 -l 2097152 /dev/vda")
    assert os.stat(path).st_blocks < before
    assert bytes_at(path, 0, MB) == random.Random(1).randbytes(4 * MB)[:MB]
    assert not any(bytes_at(path, MB, 2 * MB))
    assert guest.check("tail -c +1048577 /dev/vda | head -c 100000 | tr -d '\\0' | wc -c"
                       ).strip() == "0"
    assert "Invalid argument" in guest.run("blkdiscard -o 100 -l 512 /dev/vda")[0]


def test_all_places(boot, tmp_path):
    """Four of ATA, more than one of virtio, and which is which."""
    paths = [image(tmp_path, "d%d" % i, 2 * MB, i) for i in range(6)]
    guest = boot(disks=[p + ",ata" for p in paths[:4]] + paths[4:])
    for name, path in zip(("hda", "hdb", "hdc", "hdd", "vda", "vdb"), paths):
        assert guest.check("md5sum </dev/" + name).split()[0] == md5(bytes_at(path, 0, 2 * MB))


def test_module_is_a_disk(boot, tmp_path):
    path = image(tmp_path, size=MB + 100)
    guest = boot(modules=[path], cmdline="ramdisk=2")
    assert listed(guest) == {"ram0": 2048, "ram1": 1024}
    assert guest.check("md5sum </dev/ram1").split()[0] == md5(bytes_at(path, 0, MB))
    guest.check("dd if=/dev/ram1 of=/dev/ram0")
    guest.check("blockdev --flushbufs /dev/ram0")
    assert guest.check("head -c 1048576 /dev/ram0 | md5sum").split()[0] == \
        md5(bytes_at(path, 0, MB))


# --- partitions -----------------------------------------------------------------

MBR = "label: dos\nsize=4M\nsize=3M\n,,E\nsize=2M\nsize=1M\n"
GPT = "label: gpt\nsize=4M\nsize=3M\n,\n"


def spread(path):
    """[(number, start, size)], in bytes, as sfdisk sees them."""
    out = subprocess.run(["/usr/sbin/sfdisk", "-d", path], check=True, text=True,
                         stdout=subprocess.PIPE).stdout
    return [(int(n), int(start) * 512, int(size) * 512) for n, start, size in
            re.findall(r"(\d+) : start= *(\d+), size= *(\d+)", out)]


@pytest.mark.parametrize("script, count, bus", [(MBR, 5, "vda"), (GPT, 3, "vda"),
                                                (MBR, 5, "hda")])
def test_partitions(boot, tmp_path, script, count, bus):
    path = empty(tmp_path, size=16 * MB)
    sfdisk(path, script)
    parts = spread(path)
    assert len(parts) == count
    guest = boot(disks=[path + (",ata" if bus == "hda" else "")])
    assert len(listed(guest)) == count + 1
    for number, start, size in parts:
        name = "%s%d" % (bus, number)
        if (number, script) == (3, MBR):
            assert listed(guest)[name] == 1     # extended
            continue
        assert listed(guest)[name] == size // 1024
        guest.check("echo part %d | dd of=/dev/%s conv=fsync" % (number, name))
        guest.check("echo the end %d | dd of=/dev/%s bs=1 seek=%d conv=fsync" % (
            number, name, size - 10))
        assert bytes_at(path, start, 7) == b"part %d\n" % number
        assert bytes_at(path, start + size - 10, 10) == b"the end %d\n" % number
    assert "No space" in guest.run("dd if=/dev/zero of=/dev/%s1 bs=1M" % bus)[0]


def test_gpt_copy_is_used(boot, tmp_path):
    path = empty(tmp_path, size=16 * MB)
    sfdisk(path, GPT)
    with open(path, "r+b") as file:
        file.seek(512 + 24)
        file.write(b"ruined")
    guest = boot(disks=[path])
    assert len(listed(guest)) == 4
    assert "vda: GPT: damaged; its copy is used" in guest.check("dmesg")


def test_overlapping_partitions(boot, tmp_path):
    path = empty(tmp_path, size=4 * MB)
    write_mbr(path, (100, 1000), (1099, 10), (50, 51), (2000, 0xffffffff))
    guest = boot(disks=[path])
    assert listed(guest) == {"vda": 4096, "vda1": 500}
    assert guest.check("dmesg").count(": not used") == 3


def test_table_is_read_again(boot, tmp_path):
    path, other = empty(tmp_path, size=16 * MB), empty(tmp_path, "other", 16 * MB)
    sfdisk(path, GPT)
    sfdisk(other, MBR)
    guest = boot(disks=[path, other])
    guest.check("dd if=/dev/vdb of=/dev/vda bs=64k")
    guest.check("exec 5</dev/vda2")
    assert "busy" in guest.run("blockdev --rereadpt /dev/vda")[0]
    guest.check("exec 5<&-")
    guest.check("blockdev --rereadpt /dev/vda")
    assert sorted(n for n in listed(guest) if "vda" in n) == \
        ["vda", "vda1", "vda2", "vda3", "vda5", "vda6"]
    assert guest.check("ls /dev/vda?").split() == \
        ["/dev/vda1", "/dev/vda2", "/dev/vda3", "/dev/vda5", "/dev/vda6"]
    assert "Invalid" in guest.run("blockdev --rereadpt /dev/vda1")[0]


# --- errors ---------------------------------------------------------------------

def failed_at(guest, name, what, sector):
    """Is there a line in the log that tells of a request with this sector?"""
    return any(int(first) <= sector < int(first) + int(count) for first, count in
               re.findall(r"%s: I/O error, sector (\d+) \(%s of (\d+)\)" % (name, what),
                          guest.check("dmesg")))


def failing(path, kind, what, sector=None):
    """QEMU's arguments for a disk that fails at a sector, or always."""
    where = "" if sector is None else ",file.inject-error.0.sector=%d" % sector
    drive = ("format=raw,file.driver=blkdebug,file.image.driver=file,"
             "file.image.filename=%s,file.inject-error.0.event=none,"
             "file.inject-error.0.iotype=%s,"
             "file.inject-error.0.errno=5,file.inject-error.0.once=off%s" % (
                 machines.comma(path), what, where))
    if kind == "ata":
        return ["-drive", "if=ide,index=0,werror=report,rerror=report," + drive]
    return ["-drive", "if=none,id=failing,werror=report,rerror=report," + drive,
            "-device", "virtio-blk-pci,drive=failing"]


@pytest.mark.parametrize("kind, name", [("virtio", "vda"), ("ata", "hda")])
def test_unreadable_sector(boot, tmp_path, kind, name):
    path = image(tmp_path, size=MB)
    guest = boot(qemu=failing(path, kind, "read", 1000))
    output, status = guest.run("dd if=/dev/%s of=/dev/null bs=4096" % name)
    assert status == 1 and "Input/output error" in output
    assert failed_at(guest, name, "read", 1000)
    assert guest.exec("dd if=/dev/%s bs=4096 skip=126" % name).stdout == \
        bytes_at(path, 516096, MB)
    assert guest.run("dd if=/dev/%s of=/dev/null bs=512 skip=1000 count=1" % name)[1] == 1


@pytest.mark.parametrize("kind, name", [("virtio", "vda"), ("ata", "hda")])
def test_unwritable_sector(boot, tmp_path, kind, name):
    path = image(tmp_path, size=MB)
    guest = boot(qemu=failing(path, kind, "write", 1000))
    output, status = guest.run("dd if=/dev/zero of=/dev/%s bs=4096 count=256 conv=fsync" % name)
    assert status == 1 and "Input/output error" in output
    assert failed_at(guest, name, "write", 1000)
    guest.check("dd if=/dev/zero of=/dev/%s bs=4096 seek=200 count=4 conv=fsync" % name)
    assert not any(bytes_at(path, 200 * 4096, 4 * 4096))


@pytest.mark.parametrize("kind, name", [("virtio", "vda"), ("ata", "hda")])
def test_flush_that_fails(boot, tmp_path, kind, name):
    guest = boot(qemu=failing(image(tmp_path, size=MB), kind, "flush"))
    output, status = guest.run("dd if=/dev/zero of=/dev/%s bs=4096 count=1 conv=fsync" % name)
    assert status == 1 and "Input/output error" in output
    assert name + ": I/O error, sector 0 (flush of 0)" in guest.check("dmesg")


def test_the_nth_request_fails(boot):
    """Once; what is tried again goes well (more: test_faults.py). Each dd is a
    write and a flush."""
    guest = boot(cmdline="ramdisk=1 quiet")
    write = "dd if=/dev/zero of=/dev/ram0 bs=4096 count=1 conv=fsync"
    for n in (1, 2, 5):
        guest.check("echo ram0 %d >/proc/sys/debug/disk_fail" % n)
        statuses = [guest.run(write)[1] for _ in range(7)]
        assert statuses == [int(i == (n + 1) // 2) for i in range(1, 8)]
        assert guest.exec("cat /proc/sys/debug/disk_fail").stdout == b""
    guest.check("echo ram0 1 3 >/proc/sys/debug/disk_fail")
    assert [guest.run(write)[1] for _ in range(4)][-1] == 0


def test_the_knob(boot):
    guest = boot(cmdline="ramdisk=1")
    knob = "/proc/sys/debug/disk_fail"
    for line in ("ram9 1", "ram0", "ram0 0", "ram0 x", "ram0 1 2 3"):
        assert guest.run("echo %s >%s" % (line, knob))[1] == 1
    guest.check("echo ram0 3 2 >" + knob)
    assert guest.check("cat " + knob) == "ram0 3 2\n"
    assert guest.run("su nobody -s /bin/sh -c 'echo ram0 1 >%s'" % knob)[1] == 1


@pytest.fixture(scope="module")
def ruin(tmp_path_factory):
    out = str(tmp_path_factory.mktemp("ruin") / "ruin")
    subprocess.run(["sh", "user/cc", "-D_GNU_SOURCE", "-O1", "-s", "-o", out,
                    "tests/net/ruin.c"], cwd=machines.TOP, check=True)
    return out


def test_device_that_lies(boot, ruin, tmp_path):
    """It tells of a thousand requests that it never had, when it has to tell of
    its new size: it is started anew, and works."""
    path, monitor = image(tmp_path), Monitor(str(tmp_path))
    with closing(monitor):
        guest = boot(disks=[path], add=[ruin + ":/ruin"], qemu=monitor.arguments())
        bar = re.search(r"1af4:1001 .* bars (\w+)", guest.check("cat /proc/pci")).group(1)
        for times in range(1, 4):
            guest.check("/ruin %x 0" % (int(bar, 16) & ~3))
            monitor.command("block_resize disk0 %dM" % (6 + times))
            guest.check("until [ $(dmesg | grep -c 'vda: the device broke its queue') = %d ];"
                        " do :; done" % times)
            guest.check("blockdev --flushbufs /dev/vda")
            assert guest.check("head -c %d /dev/vda | md5sum" % (6 * MB)).split()[0] == \
                md5(bytes_at(path, 0, 6 * MB))


# --- in a jail ------------------------------------------------------------------

def test_a_jail_has_no_disks(boot, tmp_path):
    """By no list, by no node of its own, and by no name."""
    guest = boot(disks=[image(tmp_path)])
    assert guest.run("jail -c name=a path=/ persist devices=vda")[1] != 0
    guest.check("jail -c name=a path=/ persist allow.mount.devfs=1")
    for command in ("cat /dev/vda", "dd if=/dev/zero of=/dev/vda count=1",
                    "mknod /tmp/own b 254 0 && cat /tmp/own", "grep . /proc/diskstats",
                    "grep vda /proc/partitions", "cat /proc/sys/debug/disk_fail | grep ram",
                    "echo vda 1 >/proc/sys/debug/disk_fail"):
        assert guest.run("jexec a sh -c '%s'" % command)[1] != 0, command
    guest.check("mknod /tmp/host b 254 0")
    assert guest.run("jexec a cat /tmp/host")[1] != 0


def test_options_are_checked(brig, tmp_path):
    path = empty(tmp_path, size=MB)
    done = brig("exec", "--disk", path + ",ro,ata", "--", "true")
    assert done.status == 1 and "ATA has no read-only disks" in done.stderr.decode()
    done = brig("exec", *["--disk=" + path + ",ata"] * 5, "--", "true")
    assert done.status == 1 and "ATA has room for 4 disks" in done.stderr.decode()
    done = brig("exec", "--disk", str(tmp_path / "none"), "--", "true")
    assert done.status == 125 and b"No such file" in done.stderr
    name = shutil.copy(path, str(tmp_path / "a,b"))
    assert brig("exec", "--disk", name + ",ro", "--", "blockdev --getro /dev/vda").stdout == b"1\n"
