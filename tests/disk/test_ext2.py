# SPDX-License-Identifier: BSD-2-Clause
"""test_ext2.py - ext2 as others know it: what Brig writes, e2fsck finds sound
and debugfs reads back the same, and the other way round.

The calls about names and random reads and writes are in test_posix.py; a loss
of power is in test_journal.py; damaged images at length: `./brig ruin`.
"""
import hashlib
import os
import random
import re
import struct

import pytest

from rig import ext2, ruin

FILES = int(os.environ.get("BRIG_EXT2_FILES") or 1000)
SHAPES = {"1k": ("-b", 1024, "-I", 128), "2k": ("-b", 2048, "-I", 256),
          "4k": ("-b", 4096, "-I", 256)}


@pytest.fixture
def used(boot, tmp_path):
    """used(script, image...) runs it in a machine with the images as vda, vdb,
    ..., which are sound afterwards; its output."""
    def run(script, *images, timeout=120, sound=True):
        guest = boot(disks=[str(image) for image in images])
        done = guest.exec("set -e; mkdir -p /m /n\n" + script, timeout)
        assert done.status == 0, (done.stdout[-2000:], done.stderr[-2000:])
        guest.close()
        for image in images if sound else ():
            ext2.check(image)
        return done.stdout.decode(errors="replace")
    return run


def tree_of(folder):
    """name -> (kind, mode, content) of all files below the folder."""
    found = {}
    for top, folders, files in os.walk(folder):
        for name in folders + files:
            path = os.path.join(top, name)
            state = os.lstat(path)
            content = None
            if os.path.islink(path):
                content = os.readlink(path)
            elif os.path.isfile(path):
                with open(path, "rb") as file:
                    content = hashlib.sha256(file.read()).hexdigest()
            mode = None if os.path.islink(path) else state.st_mode & 0o777
            found[os.path.relpath(path, folder)] = mode, content
    found.pop("lost+found", None)
    return found


def make_tree(top, files, seed=1):
    """Many small files, some large, in folders; links of all lengths."""
    chance = random.Random(seed)
    folders = [top]
    top.mkdir()
    for number in range(files):
        if number % 40 == 0:
            folders.append(chance.choice(folders) / ("folder-%d" % number))
            folders[-1].mkdir()
        path = chance.choice(folders) / ("f" * chance.randrange(1, 60) + str(number))
        if number % 17 == 0:
            path.symlink_to("t" * chance.choice((1, 59, 60, 61, 500)))
            continue
        size = chance.choice((0, 1, 100, 1023, 1024, 4097, 13000, 60000))
        path.write_bytes(chance.randbytes(20 << 20 if number == 5 else size))
        path.chmod(chance.choice((0o644, 0o755, 0o600, 0o777)))
        if number % 50 == 1:
            os.link(path, path.with_suffix(".link"))


@pytest.mark.parametrize("shape", SHAPES)
def test_interchange(used, tmp_path, shape):
    """A tree goes from the host through Brig, which copies it from one disk to
    another, back to the host."""
    make_tree(tmp_path / "tree", FILES if shape == "4k" else FILES // 4)
    size = 64 + FILES // 40
    a = ext2.make(tmp_path / "a", size, *SHAPES[shape], "-N", 4 * FILES,
                  tree=tmp_path / "tree")
    b = ext2.make(tmp_path / "b", size, *SHAPES[shape], "-N", 4 * FILES)
    used("mount -t ext2 -o ro /dev/vda /m; mount -t ext2 /dev/vdb /n\n"
         "cd /m; cp -a . /n; cd /; umount /m; umount /n", a, b, timeout=300)
    ext2.extract(b, tmp_path / "back")
    assert tree_of(tmp_path / "back") == tree_of(tmp_path / "tree")


def test_levels(used, tmp_path):
    """Bytes in every kind of block of a file with three levels, holes between
    them; then cut back, level by level."""
    places = [0, 11, 12, 267, 268, 300, 65803, 65804, 65900, 131340, 200000]
    disk = ext2.make(tmp_path / "disk", 16, "-b", 1024)
    script = ["mount -t ext2 /dev/vda /m"]
    for place in places:
        script.append("echo at%d | dd of=/m/file bs=1024 seek=%d conv=notrunc 2>/dev/null"
                      % (place, place))
    used("\n".join(script + ["umount /m"]), disk)
    ext2.tool("debugfs", "-R", "dump /file %s" % (tmp_path / "whole"), disk)
    data = (tmp_path / "whole").read_bytes()
    for place in places:
        text = b"at%d\n" % place
        assert data[place * 1024:place * 1024 + len(text)] == text
    assert sum(map(bool, data)) == sum(len("at%d\n" % place) for place in places)
    for size in (65900000, 300000, 13000, 5, 0):
        used("mount -t ext2 /dev/vda /m; truncate -s %d /m/file; umount /m" % size, disk)
        assert "Size: %d\n" % size in ext2.debug(disk, "stat /file")
    assert "Blockcount: 0\n" in ext2.debug(disk, "stat /file")


def test_attributes(used, tmp_path):
    """Owners of 32 bits, nanoseconds, kinds of nodes, chattr."""
    disk = ext2.make(tmp_path / "disk", 8, "-I", 256)
    used("mount -t ext2 /dev/vda /m; cd /m\n"
         "echo x >f; chown 100000:70000 f; chmod 4751 f; cat f; stat -c %x%y%z f >/times\n"
         "mknod c c 5 1; mknod b b 300 70000; mkfifo p\n"
         "echo y >i; chattr +i i; echo z >a; chattr +a a\n"
         "cd /; umount /m; mount -t ext2 /dev/vda /m; cd /m\n"
         "test $(stat -c %u:%g:%a f) = 100000:70000:4751\n"
         "test \"$(stat -c %x%y%z f)\" = \"$(cat /times)\"\n"
         "test $(stat -c %t:%T b) = 12c:11170\n"
         "! rm -f i; ! rm -f a; echo more >>a; ! echo less >a\n"
         "cd /; umount /m", disk)
    said = ext2.debug(disk, "stat f", "stat c", "stat b", "stat i", "stat a")
    assert "User: 100000   Group: 70000" in said
    assert "Mode:  04751" in said
    assert re.search("ctime: 0x[0-9a-f]+:(?!00000000)", said)
    assert "Device major/minor number: 05:01" in said
    assert "Device major/minor number: 300:70000" in said
    assert "Flags: 0x10\n" in said and "Flags: 0x20\n" in said


def test_large_directory(used, tmp_path):
    """With a hash tree of e2fsck's, which the first change gives up."""
    tree = tmp_path / "tree"
    (tree / "d").mkdir(parents=True)
    for number in range(3000):
        (tree / "d" / ("name-%d" % number)).touch()
    disk = ext2.make(tmp_path / "disk", 16, "-b", 1024, "-O", "dir_index", "-N", 8000,
                     tree=tree)
    ext2.tool("e2fsck", "-fyD", disk, status=(0, 1))
    assert "Flags: 0x1000" in ext2.debug(disk, "stat /d")
    out = used("mount -t ext2 /dev/vda /m; cd /m/d; ls | wc -l; ls name-2999\n"
               "n=0; while [ $n -lt 3000 ]; do echo name-$n; n=$((n+2)); done | xargs rm\n"
               "n=0; while [ $n -lt 1500 ]; do echo new$n; n=$((n+1)); done | xargs touch\n"
               "ls | wc -l; ls new1499 name-1; cd /; umount /m", disk)
    assert out.split() == ["3000", "name-2999", "3000", "name-1", "new1499"]
    assert "Flags: 0x0" in ext2.debug(disk, "stat /d")


def test_full(used, tmp_path):
    """Until there is no room, of blocks and of inodes; then there is again."""
    disk = ext2.make(tmp_path / "disk", 4, "-b", 1024, "-N", 64)
    used("mount -t ext2 /dev/vda /m; cd /m\n"
         "! dd if=/dev/zero of=big bs=3000 2>/dev/null; test -s big\n"
         "! mkdir d; ! ln -s $(printf %0200d 1) s; rm big\n"
         "n=0; while touch f$n; do n=$((n+1)); done 2>/dev/null\n"
         "test $n -gt 40; rm f1; touch g; rm f* g\n"
         "dd if=/dev/zero of=big bs=1k count=3000 2>/dev/null; rm big\n"
         "cd /; umount /m", disk)


def test_names_without_links(used, tmp_path, boot):
    """A file that is open when the machine dies is gone after the next mount."""
    disk = ext2.make(tmp_path / "disk", 16)
    guest = boot(disks=[disk])
    done = guest.exec("mkdir /m; mount -t ext2 /dev/vda /m; cd /m; exec 3>open\n"
                      "dd if=/dev/zero bs=1k count=3000 >&3 2>/dev/null; rm open; sync\n"
                      "sleep 1000 >/dev/null 2>&1 &")
    assert done.status == 0
    guest.close()
    out = used("mount -t ext2 /dev/vda /m; dmesg; umount /m", disk)
    assert "1 files that were open or cut at a crash" in out


FEATURES = {"extent": "extents", "64bit,extent": "64bit", "flex_bg": "flex_bg"}


@pytest.mark.parametrize("feature", FEATURES)
def test_unknown_features(used, tmp_path, feature):
    disk = ext2.make(tmp_path / "disk", 8, "-O", feature)
    out = used("! mount -t ext2 /dev/vda /m; dmesg", disk)
    assert "the feature %s is unknown here: not mounted" % FEATURES[feature] in out


def test_unknown_read_only_features(used, tmp_path):
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "file").write_text("content\n")
    disk = ext2.make(tmp_path / "disk", 8, "-O", "huge_file", tree=tree)
    out = used("mount -t ext2 /dev/vda /m; cat /m/file; ! touch /m/new; "
               "! mount -o remount,rw /m; grep vda /proc/mounts; dmesg; umount /m", disk)
    assert "content\n" in out and "the feature huge_file is unknown here: read-only" in out


def test_shared_attributes(used, tmp_path):
    """A block of extended attributes is freed with its last user."""
    tree = tmp_path / "tree"
    tree.mkdir()
    for name in "abc":
        (tree / name).write_text(name)
    disk = ext2.make(tmp_path / "disk", 8, "-b", 1024, "-I", 128, tree=tree)
    ext2.debug(disk, "ea_set /a user.x value", write=True)
    block = int(ext2.debug(disk, "stat /a").split("File ACL: ")[1].split()[0])
    ext2.debug(disk, "sif /b file_acl %d" % block, "sif /b blocks 4", write=True)
    with open(disk, "r+b") as file:
        file.seek(block * 1024 + 4)
        file.write(struct.pack("<I", 2))
    ext2.check(disk)
    used("mount -t ext2 /dev/vda /m; rm /m/a; umount /m", disk)
    assert "value" in ext2.debug(disk, "ea_get /b user.x")
    used("mount -t ext2 /dev/vda /m; rm /m/b; umount /m", disk)


def test_superblock(used, tmp_path):
    """Counts and times of mounts; the reserve; remount; options."""
    disk = ext2.make(tmp_path / "disk", 8, "-b", 1024, "-m", 10, "-L", "volume")
    out = used("mount -t ext2 -o errors=remount-ro,nojournal /dev/vda /m; grep vda /proc/mounts\n"
               "mount -o remount,ro /m; ! touch /m/x 2>/dev/null\n"
               "mount -o remount,rw /m; touch /m/x\n"
               "chmod 777 /m; su user -c 'dd if=/dev/zero of=/m/y bs=1k 2>/dev/null' || :\n"
               "stat -f -c '%b %f %a' /m; umount /m\n"
               "! mount -t ext2 -o nonsense /dev/vda /m", disk)
    assert "errors=remount-ro,nojournal" in out
    blocks, free, available = map(int, out.split()[-3:])
    assert available == 0 and blocks // 12 < free < blocks // 8
    said = ext2.tool("dumpe2fs", "-h", disk)
    assert "Mount count:              2" in said and "volume" in said
    assert "Filesystem state:         clean" in said


def test_used_twice(used, tmp_path):
    disk = ext2.make(tmp_path / "disk", 8)
    used("mount -t ext2 /dev/vda /m; ! mount -t ext2 /dev/vda /n; umount /m\n"
         "mount -t ext2 /dev/vda /n; umount /n", disk)


@pytest.mark.parametrize("policy", ("continue", "remount-ro"))
def test_errors(used, tmp_path, policy):
    """Damage that is met is told, noted on the disk, and what errors= says."""
    tree = tmp_path / "tree"
    (tree / "d").mkdir(parents=True)
    disk = ext2.make(tmp_path / "disk", 8, "-b", 1024, tree=tree)
    block = int(ext2.tool("debugfs", "-R", "blocks /d", disk).split()[-1])
    with open(disk, "r+b") as file:
        file.seek(block * 1024 + 16)
        file.write(b"\1\0")        # the length of the second entry
    out = used("mount -t ext2 -o errors=%s /dev/vda /m; ! ls /m/d/x; touch /m/new || :\n"
               "ls /m; grep vda /proc/mounts; dmesg; umount /m" % policy, disk, sound=False)
    assert "has a damaged entry in block 0 at 12" in out
    assert ("new" in out.split()) == (policy == "continue")
    assert (" ro," in out) == (policy == "remount-ro")
    assert "with errors" in ext2.tool("dumpe2fs", "-h", disk)


def test_damaged_images():
    """A few of the many of `./brig ruin`."""
    said = ruin.run(0, 25)
    assert len(said) == 25
    assert sum(": used" in line for line in said) > 10
