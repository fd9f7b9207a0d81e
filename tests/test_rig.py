# SPDX-License-Identifier: BSD-2-Clause
"""test_rig.py - the rig itself, without a machine."""
import os
import stat
import subprocess
import sys

import pytest

from rig import channel, ktap, machine as machines

MKCPIO = os.path.join(machines.TOP, "user", "mkcpio.py")
sys.path.insert(0, os.path.join(machines.TOP, "user"))


def test_ktap_good_report():
    report = ktap.parse("KTAP version 1\n1..3\n# a note\nok 1 one\n"
                        "not ok 2 - two words\nok 3 three # SKIP no such thing\n")
    assert not report.errors
    assert [(t.name, t.passed, t.skipped) for t in report.tests] == [
        ("one", True, False), ("two words", False, False), ("three", True, True)]
    assert report.tests[0].notes == ["# a note"]
    assert report.tests[2].reason == "no such thing"


@pytest.mark.parametrize("text", [
    "", "ok 1 one\n", "1..2\nok 1 one\n", "1..1\nok 1 one\nok 2 two\n",
    "1..2\nok 2 two\nok 1 one\n", "1..1\nok 1 one\nBail out! no memory\n",
    "1..1\n1..1\nok 1 one\n"])
def test_ktap_bad_report(text):
    assert ktap.parse(text).errors


def test_ktap_nested():
    good = ktap.parse("1..1\n  1..2\n  ok 1 a\n  ok 2 b\nok 1 group\n")
    assert not good.errors and good.tests[0].passed
    short = ktap.parse("1..1\n  1..2\n  ok 1 a\nok 1 group\n")
    assert short.errors


def test_frames_in_any_pieces():
    frames = [(channel.HELLO, b""), (channel.OUT, bytes(range(256)) * 9),
              (channel.EXIT, b"\0\7\0\0")]
    stream = b"firmware noise\xb5" + b"".join(channel.encode(*f) for f in frames)
    for size in (1, 3, 7, 4096):
        decoder = channel.Decoder()
        got = [frame for at in range(0, len(stream), size)
               for frame in decoder.feed(stream[at:at + size])]
        assert got == frames
    assert channel.exit_status(channel.number(b"\0\7\0\0")) == 7
    assert channel.exit_status(9) == 137


def test_broken_frames_are_seen():
    decoder = channel.Decoder()
    list(decoder.feed(channel.encode(channel.HELLO)))
    with pytest.raises(channel.ChannelBroken):
        list(decoder.feed(b"panic"))


def list_cpio(name):
    listed = subprocess.run(["cpio", "-itvn", "--quiet", "-F", name],
                            check=True, stdout=subprocess.PIPE, text=True)
    return {line.split(" -> ")[0].split()[-1]: line.split()[0]
            for line in listed.stdout.splitlines()}


def test_added_tree_keeps_modes_and_links(tmp_path):
    tree = tmp_path / "tree"
    (tree / "sub").mkdir(parents=True)
    (tree / "script").write_bytes(b"#!/bin/sh\n")
    os.chmod(tree / "script", 0o4751)
    os.chmod(tree / "sub", 0o700)
    (tree / "sub" / "link").symlink_to("../script")
    out = tmp_path / "out.cpio"
    subprocess.run([MKCPIO, out, "--known", os.path.join(machines.TOP, "user", "root.list"),
                    "--add", "%s:/tmp/t" % tree, "--add", str(tree / "script")], check=True)
    entries = list_cpio(out)
    assert entries["tmp"] == "drwxrwxrwt"
    assert entries["root"] == "drwx------"
    assert entries["tmp/t/script"] == "-rwsr-x--x"
    assert entries["tmp/t/sub"] == "drwx------"
    assert entries["tmp/t/sub/link"].startswith("l")
    assert entries["root/script"] == "-rwsr-x--x"


def test_archives_are_reproducible(tmp_path):
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "b").write_text("b")
    (tree / "a").write_text("a")
    outs = []
    for number in range(2):
        out = tmp_path / str(number)
        os.utime(tree / "a", (number, number))
        subprocess.run([MKCPIO, out, "--tree", tree], check=True)
        outs.append(out.read_bytes())
    assert outs[0] == outs[1]


def test_grub_config():
    text = ("set timeout=5\nmenuentry \"Brig\" {\n\tmultiboot /boot/brig.elf\n"
            "\tmodule /boot/root.cpio\n}\n")
    made = machines.grub_config(text, "a=1 quiet", ["module /boot/add0.cpio"])
    assert "multiboot /boot/brig.elf a=1 quiet\n" in made
    assert made.index("root.cpio") < made.index("add0.cpio")
    assert "set timeout=0" in made


@pytest.mark.parametrize("cmdline,words", [
    ("quiet", "ip=10.0.2.15/24,10.0.2.2,10.0.2.3 ip.alias=10.0.2.20"),
    ("ip=dhcp", "ip.alias=10.0.2.20"),
    ("quiet ip=10.0.2.99/24,10.0.2.2", "ip.alias=10.0.2.20"),
    ("ip=off", ""),
    ("ip.alias=10.0.2.21", "ip=10.0.2.15/24,10.0.2.2,10.0.2.3"),
    ("ip=dhcp ip.alias=10.0.2.21", ""),
])
def test_network_of_the_command_line(cmdline, words):
    """Who sets the address keeps the alias that a port is led to."""
    machine = machines.Machine()
    machine.cmdline = cmdline
    assert machine.network_words() == []
    machine.net = "user"
    assert " ".join(machine.network_words()) == words


def test_root_tree_modes():
    entries = list_cpio(machines.root_file())
    assert entries["root"] == "drwx------"
    assert entries["tmp"] == "drwxrwxrwt"
    assert entries["etc/shadow"] == "-rw-------"
    assert entries["bin/sh"].startswith("l")
    assert entries["dev/console"].startswith("c")
    assert stat.S_ISREG(os.stat(machines.root_file()).st_mode)
