# SPDX-License-Identifier: BSD-2-Clause
"""test_net_tools.py - BusyBox's network tools in the guest, over lo and over
QEMU's user network.
"""
import re

import pytest

from rig import Guest

USER = ["-netdev", "user,id=n0", "-device", "virtio-net-pci,netdev=n0"]


@pytest.fixture(scope="module")
def guest():
    with Guest(cmdline="ip=10.0.2.15/24,10.0.2.2,10.0.2.3", qemu=USER) as g:
        yield g


def test_ping_over_lo(guest):
    text = guest.check("ping -c 3 -i 0.1 127.0.0.1")
    assert "3 packets transmitted, 3 packets received, 0% packet loss" in text
    assert "ttl=64" in text
    text = guest.check("ping -c 1 -s 20000 127.0.0.1")
    assert "20008 bytes from 127.0.0.1" in text


def test_ping_the_router(guest):
    text = guest.check("ping -c 2 -i 0.2 10.0.2.2")
    assert "2 packets received" in text
    assert "10.0.2.2" in guest.check("arp -n")
    output, status = guest.run("ping -c 1 -W 1 10.0.2.99")
    assert status == 1 and "100% packet loss" in output


def test_an_address_by_dhcp():
    """The boot script asks by udhcpc, which speaks AF_PACKET."""
    with Guest(cmdline="ip=dhcp", qemu=USER) as g:
        assert "inet addr:10.0.2.15" in g.check("ifconfig eth0")
        assert "10.0.2.2" in g.check("route -n")
        assert "nameserver 10.0.2.3" in g.check("cat /etc/resolv.conf")
        assert "1 packets received" in g.check("ping -c 1 10.0.2.2")


def test_ifconfig_and_route(guest):
    text = guest.check("ifconfig")
    assert "inet addr:10.0.2.15" in text and "inet addr:127.0.0.1" in text
    guest.check("ifconfig eth0:1 10.0.2.20 netmask 255.255.255.255")
    assert "10.0.2.20" in guest.check("ifconfig eth0:1")
    assert "1 packets received" in guest.check("ping -c 1 10.0.2.20")
    guest.check("ifconfig eth0:1 down")
    assert "10.0.2.20" not in guest.check("ifconfig")
    text = guest.check("route -n")
    assert re.search(r"^0\.0\.0\.0 +10\.0\.2\.2 ", text, re.MULTILINE)
    guest.check("route add -net 10.77.0.0 netmask 255.255.0.0 gw 10.0.2.2")
    assert "10.77.0.0" in guest.check("route -n")
    guest.check("route del -net 10.77.0.0 netmask 255.255.0.0")
    assert "10.77.0.0" not in guest.check("route -n")


def test_netstat_lists_a_raw_socket(guest):
    done = guest.exec("ping 127.0.0.1 >/dev/null & sleep 1; "
                      "netstat -wan 2>/dev/null; kill $!")
    text = done.stdout.decode()
    assert re.search(r"^raw +\d+ +0 0\.0\.0\.0:1 ", text, re.MULTILINE), text


def test_traceroute(guest):
    """UDP goes out, and ICMP's answer comes in at a raw socket."""
    text = guest.check("traceroute -n -q 1 127.0.0.1")
    assert re.search(r"^ *1  127\.0\.0\.1 ", text, re.MULTILINE), text
    assert len(text.strip().splitlines()) == 2


def test_a_jail_pings_only_when_allowed(guest):
    guest.check("ifconfig eth0:2 10.0.2.21 netmask 255.255.255.255")
    output, status = guest.run("jail -c path=/ ip4.addr=10.0.2.21 "
                               "command=ping -c 1 10.0.2.2")
    assert status != 0 and "permission denied" in output
    text = guest.check("jail -c path=/ ip4.addr=10.0.2.21 allow.raw_sockets "
                       "command=ping -c 1 10.0.2.2")
    assert "1 packets received" in text
