# SPDX-License-Identifier: BSD-2-Clause
"""machine.py - QEMU's command line for a Brig machine, in one place.

Who starts QEMU (run, exec, gdb, Guest) fills a Machine and calls command().
The kernel comes from build/NAME/, where NAME is chosen by CC, SAN and COV as
in the Makefile, or from $BRIG_KERNEL and $BRIG_ROOT: a Linux bzImage works
too, with the same root, to compare.
"""
import os
import re

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
BUILD = os.path.join(TOP, "build")
NICS = {"virtio": "virtio-net-pci", "ne2k": "ne2k_pci"}
DISK_WORDS = ("ro", "ata", "virtio")
ATA_PLACES = 4
USER_NET = "ip=10.0.2.15/24,10.0.2.2,10.0.2.3"  # what QEMU's would tell by DHCP
JAIL_ADDRESS = "10.0.2.20"      # for a jail; QEMU's network asks by ARP where it is


def build_name():
    name = os.path.basename(os.environ.get("CC") or "gcc")
    if os.environ.get("SAN"):
        name += "-san-" + os.environ["SAN"].replace(",", "-")
    if os.environ.get("COV"):
        name += "-cov"
    return name


def build_dir():
    return os.path.join(BUILD, build_name())


def kernel_file():
    return os.environ.get("BRIG_KERNEL") or os.path.join(build_dir(), "brig.elf")


def busybox():
    """The BusyBox that the root has, an i386 program that runs here too."""
    return os.environ.get("BUSYBOX") or os.path.join(TOP, "cache", "busybox")


def root_file():
    return os.environ.get("BRIG_ROOT") or os.path.join(BUILD, "root", "root.cpio")


def coverage_arguments():
    """Of a kernel that counts its lines: where the counters go at the end."""
    if not os.environ.get("COV"):
        return []
    folder = os.path.join(build_dir(), "coverage")
    os.makedirs(folder, exist_ok=True)
    name = os.path.join(folder, os.urandom(8).hex() + ".cov")
    return ["-chardev", "file,id=coverage,path=" + comma(name),
            "-device", "isa-debugcon,iobase=0xe9,chardev=coverage"]


class Machine:
    """The options that run, exec, gdb and Guest share."""

    def __init__(self):
        self.smp = 1
        self.mem = 128          # MB
        self.cmdline = ""
        self.disks = []
        self.root_disk = None   # an image: the root, behind all other disks
        self.nic = None         # "virtio", "ne2k"
        self.net = None         # "user", "none"
        self.forward = None     # a port of 127.0.0.1 that is JAIL_ADDRESS' port 80
        self.qemu = []          # more arguments for QEMU
        self.iso = False        # boot by GRUB; or the name of an image
        self.modules = []       # archives to unpack over the root
        self.kernel = kernel_file()
        self.root = root_file()

    def command(self, words, serials, scratch):
        """QEMU's argument list. words are put before the user's cmdline;
        serials are -serial arguments; scratch is a folder for temporary
        files that lives as long as the machine."""
        words = words + self.network_words()
        disks = self.disks
        if self.root_disk:
            count = sum("ata" not in split_disk(disk)[1] for disk in disks)
            words = words + ["root=/dev/vd" + "abcdefghijklmnopqrstuvwxyz"[count]]
            disks = disks + [self.root_disk]
        line = " ".join(words + ([self.cmdline] if self.cmdline else []))
        args = ["qemu-system-i386", "-nodefaults", "-display", "none",
                "-m", str(self.mem), "-smp", str(self.smp)]
        if "-accel" not in self.qemu and "-enable-kvm" not in self.qemu:
            args += ["-accel", "tcg"]
        for serial in serials:
            args += ["-serial", serial]
        args += disk_arguments(disks)
        args += self.network()
        args += coverage_arguments()
        if self.iso:
            args += self.iso_arguments(line, scratch)
        else:
            args += self.kernel_arguments(line, scratch)
        return args + self.qemu

    def network_words(self):
        """What rc is told of QEMU's user network, where cmdline says nothing else."""
        said = dict(re.findall(r"(?:^|\s)(ip|ip\.alias)=(\S*)", self.cmdline))
        if not self.network() or said.get("ip") == "off":
            return []
        return ([] if "ip" in said else [USER_NET]) + \
            ([] if "ip.alias" in said else ["ip.alias=" + JAIL_ADDRESS])

    def network(self):
        if (self.net is None and self.nic is None) or self.net == "none":
            return []
        user = "user,id=net0"
        if self.forward:
            user += ",hostfwd=tcp:127.0.0.1:%d-%s:80" % (self.forward, JAIL_ADDRESS)
        # No boot ROM on the card: it costs start-up time and a package.
        return ["-netdev", user, "-device",
                NICS[self.nic or "virtio"] + ",netdev=net0,romfile="]

    def kernel_arguments(self, line, scratch):
        modules = [self.root] + self.modules
        if not is_multiboot(self.kernel):   # Linux takes one archive
            if self.modules:
                joined = os.path.join(scratch, "initrd")
                join_files(modules, joined)
                modules = [joined]
            line = "console=ttyS0 " + line
        return ["-kernel", self.kernel, "-append", line,
                "-initrd", ",".join(comma(m) for m in modules)]

    def iso_arguments(self, line, scratch):
        image = self.iso
        if image is True:
            image = os.path.join(scratch, "brig.iso")
            make_iso(self, line, scratch, image)
        return ["-boot", "d", "-drive",
                "media=cdrom,format=raw,readonly=on,file=" + comma(image)]


def split_disk(disk):
    """The file's name, and the words behind its last commas."""
    words = set()
    while disk.rpartition(",")[2] in DISK_WORDS:
        disk, _, word = disk.rpartition(",")
        words.add(word)
    return disk, words


def disk_arguments(disks):
    """Each of disks is FILE, FILE,ro, FILE,ata or FILE,ro,virtio: the first
    of virtio is the guest's vda, the first of ATA hda."""
    args, places = [], 0
    for number, disk in enumerate(disks):
        name, words = split_disk(disk)
        drive = "id=disk%d,format=%s,file=%s" % (
            number, "qcow2" if name.endswith(".qcow2") else "raw", comma(name))
        if "ata" not in words:
            if "ro" in words:
                drive += ",readonly=on"
            args += ["-drive", "if=none,discard=unmap," + drive, "-device",
                     "virtio-blk-pci,drive=disk%d" % number]
            continue
        if "ro" in words:
            raise SystemExit("brig: --disk %s: ATA has no read-only disks" % disk)
        if places == ATA_PLACES:
            raise SystemExit("brig: --disk %s: ATA has room for %d disks" %
                             (disk, ATA_PLACES))
        args += ["-drive", "if=ide,index=%d,%s" % (places, drive)]
        places += 1
    return args


def comma(name):
    """QEMU ends a value at a comma, unless it is doubled."""
    return name.replace(",", ",,")


def is_multiboot(kernel):
    with open(kernel, "rb") as image:
        return b"\x02\xb0\xad\x1b" in image.read(8192)


def join_files(names, to):
    with open(to, "wb") as out:
        for name in names:
            with open(name, "rb") as part:
                out.write(part.read())
            out.write(b"\0" * (-out.tell() % 4))


def make_iso(machine, line, scratch, image):
    """An image as `make iso` makes it, with this command line and modules."""
    import shutil
    import subprocess
    tree = os.path.join(scratch, "iso")
    os.makedirs(os.path.join(tree, "boot", "grub"))
    subprocess.run(["strip", "-g", "-o", os.path.join(tree, "boot", "brig.elf"),
                    machine.kernel], check=True)
    shutil.copy(machine.root, os.path.join(tree, "boot", "root.cpio"))
    extra = []
    for number, module in enumerate(machine.modules):
        name = "/boot/add%d.cpio" % number
        shutil.copy(module, tree + name)
        extra.append("module %s" % name)
    with open(os.path.join(TOP, "arch", "i386", "grub.cfg"), encoding="ascii") as given:
        config = grub_config(given.read(), line, extra)
    with open(os.path.join(tree, "boot", "grub", "grub.cfg"), "w", encoding="ascii") as out:
        out.write(config)
    made = subprocess.run(["grub-mkrescue", "-o", image, tree],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if made.returncode:
        raise SystemExit("brig: grub-mkrescue failed:\n" +
                         made.stdout.decode(errors="replace"))


def grub_config(text, line, modules):
    """The project's grub.cfg with our command line, our modules, no waiting."""
    out = []
    for row in text.splitlines():
        word = row.split()[:1]
        if word == ["multiboot"]:
            row = row.rstrip() + " " + line
        elif word == ["set"] and "timeout=" in row:
            row = "set timeout=0"
        out.append(row)
        if word == ["module"]:
            out += modules
    return "\n".join(out) + "\n"
