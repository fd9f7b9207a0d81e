# SPDX-License-Identifier: BSD-2-Clause
"""test_mounts.py - /etc/fstab and BusyBox's mount, umount and df with a disk:
flags of a mount, busy and lazy unmounting, and what a jail sees of it.
"""
from rig import ext2

FSTAB = "/dev/vda /m ext2 noatime,nosuid 0 0\ntmpfs /o tmpfs size=1m,noexec 0 0\n"


def start(boot, tmp_path):
    disk = ext2.make(tmp_path / "disk", 16)
    guest = boot(disks=[disk], cmdline="quiet")

    def run(command, status=0):
        done = guest.exec(command)
        text = (done.stdout + done.stderr).decode()
        assert done.status == status, (command, text)
        return text
    run("mkdir /m /o; printf '%s' >>/etc/fstab" % FSTAB.replace("\n", "\\n"))
    run("mount -a")
    return disk, run


def test_fstab_and_flags(boot, tmp_path):
    disk, run = start(boot, tmp_path)
    mounts = run("cat /proc/mounts")
    assert "/dev/vda /m ext2 rw,nosuid,noatime 0 0" in mounts
    assert " /o tmpfs rw,noexec,relatime,size=1024k" in mounts
    run("printf '#!/bin/sh\\n' >/o/x; chmod 755 /o/x")
    assert "Permission denied" in run("/o/x", 126)
    run("mknod /m/null c 1 3; cat /m/null; mount -o remount,nodev /m")
    assert "Permission denied" in run("cat /m/null", 1)
    run("mount -o remount,ro /m")
    assert "Read-only" in run("touch /m/x", 1)
    run("mount -o remount,rw /m; touch /m/x")
    # Access times stay what they are, or are kept.
    run("touch -a -d '2001-02-03' /m/x; cat /m/x; "
        "[ \"$(stat -c %x /m/x | cut -c1-4)\" = 2001 ]")
    run("umount /m; mount -o strictatime /dev/vda /m; echo 1 >/m/x; "
        "touch -a -d '2001-02-03' /m/x; cat /m/x; "
        "[ \"$(stat -c %x /m/x | cut -c1-4)\" != 2001 ]")
    size, used = run("df -k /m | tail -1 | awk '{ print $2, $3 }'").split()
    assert 13000 < int(size) < 16384 and int(used) < 3000
    run("umount /m; umount /o")
    ext2.check(disk)


def test_set_id_bits_of_a_dead_jail(boot, tmp_path):
    """They give nothing to the host, though the inode has left memory."""
    disk, run = start(boot, tmp_path)
    # quota(8) shows root's to root only.
    run("mount -o remount,suid /m; mkdir /m/j; chmod 755 /m /m/j; mkjail --minimal"
        " /m/j /bin/busybox /usr/bin/quota; for n in sh cp chmod; do"
        " ln -s busybox /m/j/bin/$n; done; cp /usr/bin/quota /m; chmod 4755 /m/quota")
    run("jail -c path=/m/j command=/bin/sh -c"
        " 'cp /bin/quota /quota; chmod 4755 /quota'")
    run("umount /m; mount -o suid /dev/vda /m")
    assert run("stat -c %a /m/j/quota") == "4755\n"
    run("su user -c '/m/quota root'")
    assert "not yours" in run("su user -c '/m/j/quota root'", 1)
    run("chmod 755 /m/j/quota; chmod 4755 /m/j/quota")  # the host vouches for it
    run("su user -c '/m/j/quota root'")
    run("umount /m")
    ext2.check(disk)


def test_set_id_programs_below_a_jail(boot, tmp_path):
    """What a jail's root writes into a set-id program of the host's, by an
    overlay, gives nothing to the host's users when the jail is gone."""
    disk, run = start(boot, tmp_path)
    run("mount -o remount,suid /m; chmod 755 /m; mkdir /m/low /m/up /m/j;"
        " chmod 755 /m/low /m/up /m/j; cp /usr/bin/quota /m/low; chmod 4755 /m/low/quota;"
        " mount -t overlay o -o lowerdir=/m/low,upperdir=/m/up /m/j")
    run("su user -c '/m/j/quota root'")
    run("mkdir /m/j/bin; cp /bin/busybox /m/j/bin/sh")
    run("jail -c path=/m/j command=/bin/sh -c 'echo x >>/quota'")
    assert run("stat -c %a /m/j/quota") == "4755\n"     # its root keeps the bits
    assert "not yours" in run("su user -c '/m/j/quota root'", 1)
    assert "not yours" in run("su user -c '/m/up/quota root'", 1)
    run("su user -c '/m/low/quota root'; umount /m/j; umount /m")
    ext2.check(disk)


def test_busy_and_lazy(boot, tmp_path):
    disk, run = start(boot, tmp_path)
    run("echo text >/m/f")
    assert "busy" in run("cd /m; umount /m", 1)
    assert "busy" in run("exec 3</m/f; umount /m", 1)
    assert run("cd /m; exec 3<f; umount -l /m; ls -A /m; cat <&3") == "text\n"
    run("mount /m; cat /m/f; mkdir /m/in; mount -t tmpfs t /m/in")
    assert "busy" in run("umount /m", 1)
    run("umount /m/in; umount /m")
    ext2.check(disk)


def test_a_jail_sees_its_own(boot, tmp_path):
    disk, run = start(boot, tmp_path)
    run("mkdir /m/j; mkjail --minimal /m/j /bin/busybox; "
        "for n in sh df mount umount cat ls sleep; do"
        " ln -s busybox /m/j/bin/$n; done; mkdir -p /m/j/mnt /m/away")
    inside = "jail -c path=/m/j enforce_statfs=%d mount.procfs command=/bin/sh -c '%s'"
    text = run(inside % (2, "cat /proc/mounts; df /"))
    assert "none / ext2 " in text and "vda" not in text and "tmpfs" not in text
    assert "/m" not in run(inside % (1, "cat /proc/mounts"))
    assert "permission denied" in run(inside % (2, "mount -t tmpfs t /mnt"), 1)
    # Renamed from under an inmate's feet: there is nothing, not the host's tree.
    text = run("mkdir /m/j/d; jail -c name=j path=/m/j persist; "
               "jexec j sh -c 'cd /d; sleep 1; ls ..; ls ../..' >/tmp/out 2>&1 & "
               "sleep 0.4; mv /m/j/d /m/away/d; wait; cat /tmp/out; jail -r j")
    assert text.count("No such file or directory") == 2 and "lost+found" not in text
    run("umount /m")
    ext2.check(disk)
