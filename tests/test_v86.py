# SPDX-License-Identifier: BSD-2-Clause
"""test_v86.py - Brig in v86, the PC emulator that runs in browsers, under node.

Its loader hands over less than QEMU's, and a memory map that lies. Optional:
v86 is an npm package, fetched into build/v86 where node and npm are there.
"""
import hashlib
import os
import random
import re
import shutil
import subprocess

import pytest

from rig import machine as machines
from rig.command import add_archive
from rig.guest import time_scale

VERSION = "0.5.462"
FOLDER = os.path.join(machines.BUILD, "v86")
LIBRARY = os.path.join(FOLDER, "node_modules", "v86", "build")
FIRMWARE = ["/usr/share/seabios/bios.bin", "/usr/share/seabios/vgabios-stdvga.bin"]
SCRIPT = os.path.join(machines.TOP, "tests", "v86", "boot.mjs")


@pytest.fixture(scope="module")
def library():
    if os.environ.get("SAN") or os.environ.get("COV"):
        pytest.skip("too slow with sanitizers or counters")
    if not shutil.which("node") or not shutil.which("npm"):
        pytest.skip("node and npm are not installed")
    if not os.path.exists(os.path.join(LIBRARY, "libv86.mjs")):
        done = subprocess.run(
            ["npm", "install", "--no-audit", "--no-fund", "--prefix", FOLDER,
             "v86@" + VERSION], stdin=subprocess.DEVNULL, timeout=120,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode:
            pytest.skip("npm cannot fetch v86: " + done.stdout.strip()[-200:])
    return LIBRARY


@pytest.mark.parametrize("firmware", [[], FIRMWARE], ids=["bare", "seabios"])
def test_v86_boots_to_a_shell(library, firmware):
    if not all(map(os.path.exists, firmware)):
        pytest.skip("Debian's seabios is not installed")
    done = subprocess.run(
        ["node", SCRIPT, library, os.path.join(machines.build_dir(), "brig.elf"),
         os.path.join(machines.BUILD, "root", "root.cpio"),
         "uname -sm; echo answer $((6 * 7))"] + firmware,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, errors="replace", timeout=60 * time_scale())
    assert done.returncode == 0, done.stdout
    assert "Linux i686\n" in done.stdout and "answer 42\n" in done.stdout


def test_v86_disk(library, tmp_path):
    """Its ATA forgets a part of an address that was written once."""
    if not all(map(os.path.exists, FIRMWARE)):
        pytest.skip("Debian's seabios is not installed")
    disk, data = tmp_path / "disk", random.Random(6).randbytes(2 << 20)
    disk.write_bytes(data)
    done = subprocess.run(
        ["node", SCRIPT, library, os.path.join(machines.build_dir(), "brig.elf"),
         os.path.join(machines.BUILD, "root", "root.cpio"),
         "md5sum </dev/hda; dd if=/dev/hda of=/dev/hda bs=64k count=8 seek=16 conv=fsync;"
         " cat /proc/partitions"] + FIRMWARE + [str(disk)],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, errors="replace", timeout=60 * time_scale())
    assert done.returncode == 0, done.stdout
    assert hashlib.md5(data).hexdigest() in done.stdout
    assert re.search(r"3 +0 +2048 hda", done.stdout), done.stdout
    assert disk.read_bytes() == data[:1 << 20] + data[:1 << 19] + data[3 << 19:]


@pytest.mark.parametrize("card", ["ne2k", "virtio"])
def test_v86_network_cards(library, card, tmp_path):
    compiled, initrd = str(tmp_path / "nic"), str(tmp_path / "initrd")
    subprocess.run(["sh", "user/cc", "-D_GNU_SOURCE", "-O1", "-s", "-o", compiled,
                    "tests/net/nic.c"], cwd=machines.TOP, check=True)
    machines.join_files([os.path.join(machines.BUILD, "root", "root.cpio"),
                         add_archive(str(tmp_path), [compiled + ":/nic"])], initrd)
    done = subprocess.run(
        ["node", SCRIPT.replace("boot.mjs", "net.mjs"), library,
         os.path.join(machines.build_dir(), "brig.elf"), initrd, card],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, errors="replace", timeout=60 * time_scale())
    assert done.returncode == 0, done.stdout
