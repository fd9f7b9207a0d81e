# SPDX-License-Identifier: BSD-2-Clause
"""test_net_tools.py - BusyBox's network tools in the guest, over lo and over
QEMU's user network.
"""
import re
import subprocess

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


def test_ip_shows_what_there_is(guest):
    text = guest.check("ip addr")
    assert "inet 127.0.0.1/8 scope host lo" in text
    assert "inet 10.0.2.15/24 brd 10.0.2.255 scope global eth0" in text
    text = guest.check("ip -4 addr show dev eth0")
    assert "10.0.2.15/24" in text and "127.0.0.1" not in text
    text = guest.check("ip link")
    assert re.search(r"1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536", text)
    assert re.search(r"2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500", text)
    assert "link/ether 52:54:00:12:34:56" in text
    text = guest.check("ip route")
    assert re.search(r"^default via 10\.0\.2\.2 dev eth0", text, re.MULTILINE)
    assert re.search(r"^10\.0\.2\.0/24 dev eth0 scope link +src 10\.0\.2\.15",
                     text, re.MULTILINE)
    assert "src 10.0.2.15" in guest.check("ip route get 10.77.1.1")


def test_ip_adds_and_deletes(guest):
    guest.check("ip addr add 10.9.0.1/24 broadcast + dev eth0 label eth0:9")
    assert "inet 10.9.0.1/24 brd 10.9.0.255 scope global eth0:9" in \
        guest.check("ip addr show dev eth0")
    assert "10.9.0.1" in guest.check("ifconfig eth0:9")
    output, status = guest.run("ip addr add 10.9.0.1/24 dev eth0")
    assert status and "File exists" in output
    guest.check("ip route add 10.77.0.0/16 via 10.0.2.2 metric 3")
    assert "10.77.0.0/16 via 10.0.2.2 dev eth0  metric 3" in \
        guest.check("ip route")
    guest.check("ip route replace 10.77.0.0/16 dev eth0 metric 3")
    assert "10.77.0.0/16 dev eth0 scope link  metric 3" in \
        guest.check("ip route")
    guest.check("ip route del 10.77.0.0/16")
    guest.check("ip addr del 10.9.0.1/24 dev eth0")
    text = guest.check("ip addr; ip route")
    assert "10.9.0." not in text and "10.77." not in text
    guest.check("ip link set eth0 mtu 1400")
    assert "mtu 1400" in guest.check("ip link show eth0")
    guest.check("ip link set eth0 mtu 1500")


def test_an_interface_gets_another_name_and_address():
    """ip tells no broadcast address of the one that it adds."""
    with Guest(cmdline="ip=10.0.2.15/24,10.0.2.2,10.0.2.3", qemu=USER) as g:
        output, status = g.run("ip link set eth0 name wan0")
        assert status and "busy" in output
        g.check("ip link set eth0 down; ip link set eth0 name wan0")
        g.check("ip addr flush dev wan0; ip addr add 10.0.2.15/24 dev wan0")
        g.check("ip link set wan0 up; ip route add default via 10.0.2.2")
        assert "10.0.2.2 dev wan0" in g.check("ip route")
        assert "eth0" not in g.check("ip link; ifconfig -a; cat /proc/net/dev")
        assert "1 packets received" in g.check("ping -c 1 10.0.2.2")
        assert "1 packets received" in g.check("ping -c 1 127.0.0.1")


def test_ip_refuses(guest):
    g = guest
    g.check("ip route add blackhole 10.88.0.0/16; ip route add prohibit 10.88.1.0/24")
    assert "blackhole 10.88.0.0/16" in g.check("ip route")
    output, status = g.run("ping -c 1 10.88.1.1")
    assert status and "Permission denied" in output
    output, status = g.run("ping -c 1 10.88.2.1")
    assert status and "Invalid argument" in output
    g.check("ip route del prohibit 10.88.1.0/24; ip route del 10.88.0.0/16")
    assert "10.88." not in g.check("ip route")


def test_ip_neigh(guest):
    guest.check("ping -c 1 10.0.2.2")
    assert re.search(r"10\.0\.2\.2 dev eth0 lladdr [0-9a-f:]+ REACHABLE",
                     guest.check("ip neigh"))
    guest.check("ip neigh flush dev eth0")
    assert "10.0.2.2" not in guest.check("ip neigh")


def test_ip_in_a_jail(guest):
    guest.check("ip addr add 10.0.2.22/32 dev eth0")
    jail = "jail -c path=/ ip4.addr=10.0.2.22 command=/bin/sh -c '%s'"
    text = guest.check(jail % "ip addr; ip route; ip neigh")
    assert "10.0.2.22/32" in text
    assert "127.0.0.1" not in text and "10.0.2.15" not in text
    assert "default" not in text
    for change in ("addr add 10.0.2.23/32 dev eth0", "link set eth0 down",
                   "addr del 10.0.2.22/32 dev eth0", "route add 10.1.0.0/16 dev eth0"):
        output, status = guest.run(jail % ("ip " + change))
        assert status and "not permitted" in output, change
    guest.check("ip addr del 10.0.2.22/32 dev eth0")


INTERFACES = r"""
#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <stdio.h>

int main(void)
{
	struct if_nameindex *n = if_nameindex();
	struct ifaddrs *a;

	for (; n && n->if_index; n++)
		printf("%u %s\n", n->if_index, n->if_name);
	if (getifaddrs(&a))
		return 1;
	for (; a; a = a->ifa_next)
		if (a->ifa_addr && a->ifa_addr->sa_family == AF_INET)
			printf("%s %s\n", a->ifa_name,
			       inet_ntoa(((struct sockaddr_in *)
					  a->ifa_addr)->sin_addr));
	return 0;
}
"""


def test_glibc_lists_interfaces(guest, tmp_path):
    """getifaddrs and if_nameindex of a static glibc; tests/guest has musl's."""
    (tmp_path / "i.c").write_text(INTERFACES)
    built = subprocess.run(["gcc", "-m32", "-static", "-o", tmp_path / "i",
                            tmp_path / "i.c"], capture_output=True, text=True)
    assert not built.returncode, built.stderr
    guest.put(str(tmp_path / "i"), "/tmp/i")
    done = guest.exec("chmod 755 /tmp/i; /tmp/i")
    lines = done.stdout.decode().splitlines()
    assert {"1 lo", "2 eth0", "lo 127.0.0.1", "eth0 10.0.2.15"} <= set(lines)
