# SPDX-License-Identifier: BSD-2-Clause
"""test_module.py - kernel modules: tests/module/sample.c loaded, used, unloaded;
files that are none refused, whatever is wrong with them.

tests/host/module.c tries far more of those, without a machine.
"""
import random
import re

import pytest

from rig.module import compiled


@pytest.fixture
def sample(tmp_path):
    return compiled(tmp_path, "tests/module/sample.c")


def test_module_life(boot, sample):
    """insmod, lsmod, /proc/sample, rmmod; again, since nothing may be left."""
    guest = boot()
    guest.put_bytes(sample, "/tmp/sample.ko")
    for _ in range(3):
        assert guest.exec("insmod /tmp/sample.ko").status == 0
        assert re.match(rb"sample +\d+ +0", guest.exec("lsmod | grep sample").stdout)
        assert guest.exec("cat /proc/sample").stdout == \
            b"sample: jid 0, read 1 times\n"
        assert b"File exists" in guest.exec("insmod /tmp/sample.ko").stderr
        assert guest.exec("rmmod sample").status == 0
        assert guest.exec("cat /proc/sample").status != 0
        assert guest.exec("lsmod | grep -c sample").stdout == b"0\n"
    assert b"sample: gone" in guest.exec("dmesg").stdout
    assert guest.exec("rmmod sample").status != 0


def test_module_open_file_outlives_it(boot, sample):
    """Whoever has /proc/sample open reads nothing more, and nothing breaks."""
    guest = boot()
    guest.put_bytes(sample, "/tmp/sample.ko")
    done = guest.exec("insmod /tmp/sample.ko; exec 5</proc/sample; rmmod sample;"
                      "cat <&5; insmod /tmp/sample.ko; cat /proc/sample; rmmod sample")
    assert b"read 1 times" in done.stdout
    assert b"No such file" in done.stderr


def test_module_refusals(boot, sample, tmp_path):
    guest = boot()
    guest.put_bytes(sample, "/tmp/sample.ko")
    done = guest.exec("su nobody -s /bin/sh -c 'insmod /tmp/sample.ko; rmmod sample'")
    assert done.stderr.count(b"not permitted") == 2
    guest.put_bytes(sample.replace(b"procfs_register", b"procfs_registex"),
                    "/tmp/unknown.ko")
    assert guest.exec("insmod /tmp/unknown.ko").status != 0
    assert b"has no procfs_registex" in guest.exec("dmesg").stdout
    source = tmp_path / "fails.c"
    source.write_text("extern const char module_name[]; const char module_name[] ="
                      ' "fails"; int module_init(void); int module_init(void)'
                      "{ return -19; }")
    guest.put_bytes(compiled(tmp_path, str(source)), "/tmp/fails.ko")
    assert b"No such device" in guest.exec("insmod /tmp/fails.ko").stderr
    source.write_text(source.read_text().replace("-19", "0").replace("fails", "stays"))
    guest.put_bytes(compiled(tmp_path, str(source)), "/tmp/stays.ko")
    assert guest.exec("insmod /tmp/stays.ko").status == 0
    assert b"busy" in guest.exec("rmmod stays").stderr
    assert guest.exec("insmod /etc/passwd").status != 0
    guest.run("sysctl -w kern.securelevel=1")
    done = guest.exec("insmod /tmp/sample.ko; rmmod stays")
    assert done.stderr.count(b"not permitted") == 2


def test_module_hostile(boot, sample):
    """Cut anywhere, or with another header: an error, and the machine lives. A
    change that still makes a module is not tried: one that is loaded is the
    kernel."""
    guest = boot()
    numbers = random.Random(7)
    for _ in range(60):
        bad = bytearray(sample)
        if numbers.random() < 0.5:
            bad = bad[:numbers.randrange(len(bad))]
        else:
            bad[numbers.choice([*range(24), *range(32, 36), *range(46, 50)])] ^= \
                numbers.randrange(1, 256)
        guest.put_bytes(bytes(bad), "/tmp/bad.ko")
        done = guest.exec("insmod /tmp/bad.ko && rmmod sample")
        assert done.status == 0 or b"insmod" in done.stderr, done
    assert guest.exec("echo alive").stdout == b"alive\n"
