# SPDX-License-Identifier: BSD-2-Clause
"""test_quota.py - quotas on an ext2: counted at mount, kept in quota.user; and
the tools. What is the same in memory stands in tests/guest/quota.c.
"""
import re

from rig import ext2


def run(guest, command, status=0):
    done = guest.exec(command)
    assert done.status == status, (command, done)
    return done.stdout.decode()


def used(guest, name):
    """KB and inodes of a user, as repquota tells them."""
    row = re.search(r"^%s +(\d+)[* ] .*? (\d+)[* ] +\d+ +\d+ *$" % name,
                    run(guest, "repquota /m"), re.M)
    return int(row.group(1)), int(row.group(2))


MOUNT = "mount -t ext2 -o usrquota,grpquota /dev/vda /m"
FILL = "dd if=/dev/zero of=/m/f bs=1k count=%d 2>/dev/null"


def test_limits_outlive_the_mount(boot, tmp_path):
    disk = ext2.make(tmp_path / "disk", 16, "-b", 1024)
    guest = boot(disks=[disk], cmdline="quiet")
    run(guest, "mkdir /m; %s; chmod 777 /m; quotaon -ug /m" % MOUNT)
    run(guest, "setquota user 100 200 0 5 /m")
    run(guest, "su user -c '%s'" % (FILL % 400), status=1)
    assert used(guest, "user") == (200, 1)
    run(guest, "umount /m; %s" % MOUNT)
    assert used(guest, "user") == (200, 1)      # counted anew
    run(guest, "su user -c 'echo more >>/m/f'")  # no limit before quotaon
    run(guest, "quotaon -u /m")
    run(guest, "su user -c '%s'" % (FILL % 300), status=1)
    assert "200" in run(guest, "su user -c quota")
    # What is used is what the files have, holes and indirect blocks too.
    run(guest, "chown user /m/lost+found")
    run(guest, "cp /bin/busybox /m/b; chown user /m/b")
    run(guest, "dd if=/dev/zero of=/m/hole bs=1k count=1 seek=9000 2>/dev/null;"
        "chown user /m/hole; sync")
    blocks = sum(int(n) for n in
                 run(guest, "ls -sd /m/f /m/b /m/hole /m/lost+found |"
                     " awk '{ print $1 }'").split())
    assert used(guest, "user") == (blocks, 4)
    run(guest, "rm -r /m/f /m/b /m/hole; rmdir /m/lost+found")
    assert used(guest, "user") == (0, 0)
    run(guest, "umount /m")
    ext2.check(disk)


def test_what_the_tools_refuse(boot, tmp_path):
    guest = boot(disks=[ext2.make(tmp_path / "disk", 16)], cmdline="quiet")
    run(guest, "mkdir /m; mount -t ext2 /dev/vda /m")
    for command, word in [("quotaon /m", "mount it with usrquota"),
                          ("repquota /m", "mount it with usrquota"),
                          ("quotaon /none", "is not mounted"),
                          ("setquota nobodyhere 1 2 3 4 /m", "no user nobodyhere"),
                          ("setquota 5 1 2 3 x /m", "x is no number")]:
        done = guest.exec(command)
        assert done.status == 1, command
        text = done.stderr.decode()
        assert word in text and text.count("\n") == 1, text
    run(guest, "umount /m; %s; quotaon /m" % MOUNT)
    done = guest.exec("su user -c 'quota root'")
    assert done.status == 1 and b"not yours to see" in done.stderr
    done = guest.exec("quotaon /m")
    assert done.status == 1 and b"on already" in done.stderr


def test_a_jail_has_its_share_of_a_disk(boot, tmp_path):
    disk = ext2.make(tmp_path / "disk", 16, "-b", 1024)
    guest = boot(disks=[disk], cmdline="quiet")
    run(guest, "mkdir /m; mount -t ext2 /dev/vda /m; mkjail --nullfs --mount /m/j"
        " 2>/dev/null")
    run(guest, "mount --bind /bin /m/j/bin")
    run(guest, "jail -c name=j path=/m/j persist limit.diskuse=100k"
        " limit.inodes=10")
    out = run(guest, "jexec j sh -c 'df -k / | tail -1; %s; ls -s /f'"
              % (FILL % 500).replace("/m/", "/"))
    size, _, free = re.search(r"(\d+) +(\d+) +(\d+) +\d+%", out).groups()
    assert (size, free) == ("100", "100")
    assert int(re.search(r"(\d+) /f", out).group(1)) <= 100
    # The inode goes from memory, the count does not.
    run(guest, "sync; echo 3 >/proc/sys/vm/drop_caches")
    run(guest, "jexec j sh -c 'echo more >>/g'", status=1)
    run(guest, "rm /m/j/f; jexec j sh -c 'echo more >/g'")
    run(guest, "jail -r j; umount /m/j/bin; mkjail --umount /m/j; umount /m")
    ext2.check(disk)
