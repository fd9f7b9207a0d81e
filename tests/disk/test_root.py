# SPDX-License-Identifier: BSD-2-Clause
"""test_root.py - the root file system on a disk, and what `./brig run` keeps."""
import os
import subprocess
import sys

import pexpect
import pytest

from rig import machine as machines
from rig.guest import time_scale

ARCHIVE = os.path.join(machines.BUILD, "root", "root.cpio")
PROMPT = r"root@brig:~# "


def check_disk(path):
    """e2fsck finds nothing, not even a journal to be replayed."""
    done = subprocess.run(["/sbin/e2fsck", "-fn", path], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert done.returncode == 0 and "recovery" not in done.stdout, done.stdout


@pytest.fixture
def root_disk(tmp_path):
    path = str(tmp_path / "root.img")
    subprocess.run([sys.executable, "user/mkdisk.py", path, ARCHIVE, "64"], check=True,
                   cwd=machines.TOP)
    check_disk(path)
    return path


def test_root_on_disk_stays(boot, root_disk):
    guest = boot(root_disk=root_disk)
    assert guest.check("head -n 1 /proc/mounts") == "/dev/vda / ext2 rw,relatime 0 0\n"
    assert guest.check("stat -c '%U %a' /home/user /etc/shadow /tmp /root /bin/busybox"
                       ).split("\n")[:5] == ["user 755", "root 600", "root 1777",
                                             "root 700", "root 755"]
    guest.check("echo kept >/root/file; mkdir -p /srv/a/b; ln -s file /root/link")
    guest.power_off()
    check_disk(root_disk)
    guest = boot(root_disk=root_disk)
    assert guest.check("cat /root/link; ls /srv/a") == "kept\nb\n"


def test_killed_machine_loses_nothing_synced(boot, root_disk):
    guest = boot(root_disk=root_disk)
    guest.check("mkdir /srv; for i in 1 2 3 4 5; do echo $i >/srv/$i; done; sync")
    guest.close()
    guest = boot(root_disk=root_disk)
    assert guest.check("cat /srv/*") == "1\n2\n3\n4\n5\n"
    guest.power_off()
    check_disk(root_disk)


def test_root_behind_other_disks(boot, root_disk, tmp_path):
    other = str(tmp_path / "other")
    with open(other, "wb") as file:
        file.truncate(1 << 20)
    guest = boot(root_disk=root_disk, disks=[other])
    assert guest.check("head -n 1 /proc/mounts").startswith("/dev/vdb / ext2 ")
    assert "busy" in guest.run("mount -t ext2 /dev/vdb /mnt")[0]


@pytest.mark.parametrize("words, why", [
    ("root=/dev/vdx", "root=/dev/vdx: error 6"), ("root=ram0", "root=ram0: error 22"),
    ("root=ram0 rootfstype=none", "root=ram0: error 19")])
def test_archive_is_the_fallback(boot, words, why):
    guest = boot(cmdline="ramdisk=1 " + words)
    assert guest.check("head -n 1 /proc/mounts").startswith("root / tmpfs ")
    assert why + ": the archive is used" in guest.check("dmesg")


class Run:
    """./brig run on a pty, as a person has it."""

    def __init__(self, *words):
        self.child = pexpect.spawn(
            "./brig", ["run", "--net", "none"] + list(words), cwd=machines.TOP,
            env=dict(os.environ, BRIG_NO_BUILD="1"), encoding="utf-8", codec_errors="replace",
            timeout=30 * time_scale(), dimensions=(24, 80))

    def __call__(self, command):
        self.child.expect(PROMPT)
        self.child.sendline(command)

    def end(self):
        self("poweroff")
        self.child.expect(pexpect.EOF)
        self.child.close()
        assert self.child.exitstatus == 0


@pytest.fixture(scope="module")
def origin():
    subprocess.run(["./brig", "build", "-s", "disk"], cwd=machines.TOP, check=True)


def test_run_keeps_its_disk(origin, tmp_path):
    name = str(tmp_path / "my.img")
    first = Run("--root", name)
    first("echo $((6 * 7)) >/root/answer; sync")
    second = Run("--root", name)
    second.child.expect("is another machine's now: this one's root is memory")
    second("head -n 1 /proc/mounts")
    second.child.expect("root / tmpfs")
    second.end()
    first.end()
    check_disk(name)
    again = Run("--root", name)
    again("cat /root/answer")
    again.child.expect("42\\s")
    again.end()
    fresh = Run("--root", name, "--fresh")
    fresh("ls /root/answer")
    fresh.child.expect("No such file")
    fresh.end()
    with open(name + ".made", "w", encoding="ascii") as file:
        file.write("1\n")
    old = Run("--root", name)
    old.child.expect("was made from an older build; --fresh makes a new one")
    old.end()
