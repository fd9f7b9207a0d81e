# SPDX-License-Identifier: BSD-2-Clause
"""test_jailconf.py - jail.conf(5): its syntax, what is wrong with it, and the
order in which jails are started and stopped by it.
"""
import time

import pytest

from tools_host import CONF, host, machine  # noqa: F401: fixtures

# What stands in the file, the line that is wrong, words of the reason.
SYNTAX = [
    # what stands in jail.conf, the line that is wrong, words of the reason
    ("a {\n persist\n}\n", 2, "; is missing after persist"),
    ("a {\n path = /jail/a\n persist;\n}\n", 2, "; is missing after /jail/a"),
    ("persist", 1, "; is missing after persist"),
    ("a {\n persist;\n", 1, "a { is never closed by }"),
    ("a {\n}\n}\n", 3, "} without a {"),
    ("\n= x;", 2, "= without a name before it"),
    ("a { = x; }", 1, "= without a name before it"),
    ("a { persist; += x; }", 1, "+= without a name before it"),
    (", x;", 1, ", without a name before it"),
    ("{ persist; }", 1, "{ without a name before it"),
    ("path = ;", 1, "a value is missing after ="),
    ("path +=\n;", 1, "a value is missing after +="),
    ("depend = a,\n;", 1, "a value is missing after ,"),
    ("depend = a,,b;", 1, "a value is missing after ,"),
    ("depend = ,b;", 1, "a value is missing after ="),
    ("path = /a /b;", 1, "; is missing after /a"),
    ("\npath = \"/a\n/b;\n", 2, "the string is never closed by \""),
    ("path = '/a;\n\n", 1, "the string is never closed by '"),
    ("persist;\n/* a comment\n\n", 2, "the comment is never closed by */"),
    ("path = \"${name\";", 1, "${ without the } after a name"),
    ("path = ${};", 1, "${} names no variable"),
    ("path = \"\\xzz\";", 1, "\\x needs a hexadecimal number"),
    ("path = \"\\777\";", 1, "\\777 is more than a byte"),
    ("path = \"\\0\";", 1, "cannot hold a NUL"),
    ("path = /a\\", 1, "\\ at the end of the file"),
    ("path = /a\"b\";", 1, "a quote in the middle of a word"),
    ("path = \"/a\"b;", 1, "something follows the string directly"),
    ("a b {\n}\n", 1, "= or ; is missing after a"),
    ("a, b {\n}\n", 1, ", cannot follow a"),
    ("a {\n b {\n }\n}\n", 2, "b { inside of another jail"),
    ("\"\" { persist; }", 1, "the name of the jail is empty"),
    ("$x { persist; }", 1, "the name of a jail cannot be a variable"),
    ("a*b { persist; }", 1, "a * is alone, or last after a dot"),
    (".a { persist; }", 1, "a part of the name is empty"),
    ("a..b { persist; }", 1, "a part of the name is empty"),
    ("\"a b\" { persist; }", 1, "holds no blank or /"),
    ("x/a { persist; }", 1, "holds no blank or /"),
    ("%s { persist; }" % ("n" * 256), 1, "the name of the jail is too long"),
    ("\"\" = x;", 1, "the name is empty"),
    (".path = x;", 1, "a name does not begin with a dot"),
    ("a { path. = x; }", 1, "a name does not end with a dot"),
    ("a$b = x;", 1, "a variable cannot stand in a name"),
    ("\n\n$x;", 3, "$x needs a value"),
    (".include;", 1, ".include names no file"),
    ("\n.include \"/no/such/file\";", 2, ".include /no/such/file: No such file"),
    (".include \"$dir/x\";", 1, ".include cannot use variables"),
    (".include \"x\"", 1, "; is missing after .include"),
    ("a {\n .include \"x\";\n}", 2, ".include stands outside of jails"),
    ("a { path\0= x; }", 1, "a NUL byte"),
    ("path = /a + /b;", 1, "; is missing after /a"),
]

# What only shows when the parameters of a jail are put together.
MEANING = [
    ("a { path = /jail/a; persist; }\nb {\n path = $nothing;\n}", 3, "$nothing is not defined"),
    ("$a = $b;\n$b = $a;\nx { path = $a; persist; }", 1, "is defined by itself"),
    ("path = /jail/a;\na { persist;\n frob = 1; }", 3, "a: unknown parameter: frob"),
    ("a { persist;\n securelevel = much; }", 2, "a: securelevel: \"much\" is not a number"),
    ("a { persist = perhaps; }", 1, "a: persist: \"perhaps\" is not true or false"),
    ("a { persist; ip4 = some; }", 1, "ip4: \"some\" is not disable, new or inherit"),
    ("a { persist;\n ip4.addr = 10.0.0.1, here; }", 2, "\"here\" is not an IPv4 address"),
    ("a { persist;\n\n path = jail/a; }", 3, "path \"jail/a\" does not begin with /"),
    ("a { persist;\n path = /jail/none; }", 2, "path /jail/none: No such file"),
    ("a { persist; path = /jail/a, /jail/b; }", 1, "path takes one value"),
    ("a { persist; exec.clean = 7; }", 1, "exec.clean: \"7\" is not true or false"),
    ("a { persist; stop.timeout = -1; }", 1, "stop.timeout: \"-1\" is not a number"),
    ("a { persist;\n depend = b; }", 2, "a: depend: there is no jail \"b\""),
    ("a { persist;\n depend = a; }", 2, "a: depends on itself"),
    ("a { persist; path = /jail/a;\n mount = \"tmpfs /jail/a/tmp\"; }", 2,
     "is not \"source folder type options\""),
    ("a { persist; path = /jail/a;\n mount.fstab = /none; }", 2, "mount.fstab /none: No such"),
    ("a { persist;\n vnet.interface = em0; }", 2,
     "a jail cannot be given network interface em0 yet"),
    ("a { persist; interface = lo;\n ip4.addr = 10.0.0.1,\"lo|10.0.0.2/0\"; }", 2,
     "ip4.addr: 10.0.0.2: \"0\" is not a netmask"),
    ("a { persist; ip4.addr = \"10.0.0.1/24 vhid 1\"; }", 1,
     "ip4.addr: 10.0.0.1 vhid 1: the words are for an interface, and none is named"),
    ("a { persist; ip4.addr = \"10.0.0.1/x vhid 1\"; }", 1, "\"x\" is not a netmask"),
    ("a { persist; ip_hostname = some; }", 1, "ip_hostname: \"some\" is not true or false"),
    ("a { persist;\n interface = em0; }", 2, "a: interface: there is no network interface em0"),
]


@pytest.mark.parametrize("number", range(len(SYNTAX)))
def test_syntax(host, number):
    text, line, reason = SYNTAX[number]
    host.conf("first { path = /jail/a; persist; }" + text)
    assert host.fails("jail -c", "jail: %s:%d: " % (CONF, line), reason) == ""
    host.fails("jail -N first", "jail: %s:%d: " % (CONF, line))
    assert host.runs("first") == []


@pytest.mark.parametrize("number", range(len(MEANING)))
def test_meaning(host, number):
    text, line, reason = MEANING[number]
    host.conf(text)
    host.fails("jail -N", "jail: %s:%d: " % (CONF, line), reason)
    host.fails("jail -c", "jail: %s:%d: " % (CONF, line), reason)
    assert host.runs("a", "x") == [] and host.mounts() == []


def shown(host, text):
    """The parameters of each jail of a file, by jail -e."""
    host.conf(text)
    jails = {}
    for line in host.ok("jail -e '|'").splitlines():
        pairs = [word.partition("=")[::2] for word in line.split("|")]
        jails[dict(pairs)["name"]] = dict(pairs)
    return jails


def test_later_wins(host):
    jails = shown(host, """
        path = /one; persist;
        a { path = /two; }
        b { nopersist; }
        * { path = "/three/$name"; }
        c { path = /four; }
        b { persist = true; meta.k = v; }
        """)
    assert [jails[j]["path"] for j in "abc"] == ["/three/a", "/three/b", "/four"]
    assert [jails[j]["persist"] for j in "abc"] == ["true", "true", "true"]
    assert jails["b"]["meta.k"] == "v"


def test_lists(host):
    jails = shown(host, """
        exec.start = one, two;
        a { exec.start += three, "fo ur"; ip4.addr = 10.0.0.1; ip4.addr += 10.0.0.2,10.0.0.3; }
        b { exec.start = five; exec.start += six; }
        c { depend += a; depend += b; }
        """)
    assert jails["a"]["exec.start"] == 'one,two,three,"fo ur"'
    assert jails["a"]["ip4.addr"] == "10.0.0.1,10.0.0.2,10.0.0.3"
    assert jails["b"]["exec.start"] == "five,six"
    assert jails["c"]["depend"] == "a,b"


def test_variables(host):
    jails = shown(host, r"""
        $parent = "/var/jail"; $dir = "${parent}/$name"; path = $dir;
        $all = x, y; depend = $all; exec.stop = "a $all b";
        foo { host.hostname = foo.com; meta.m = "$name.${host.hostname} $$ \$name"; }
        bar { $parent = /other; host.hostname = "$name"; meta.m = '$name'; }
        x { host.hostname = x; } y { host.hostname = y; }
        """)
    assert jails["foo"]["path"] == "/var/jail/foo" and jails["bar"]["path"] == "/other/bar"
    assert jails["foo"]["depend"] == "x,y" and jails["foo"]["exec.stop"] == '"a x,y b"'
    assert jails["foo"]["meta.m"] == r'"foo.foo.com \$\$ \$name"'
    assert jails["bar"]["meta.m"] == r'"\$name"'


def test_wildcards(host):
    jails = shown(host, """
        foo { } foo.bar { } foo.bar.baz { } foobar { }
        foo.* { meta.in = foo; } foo.bar.* { meta.in = bar; } * { meta.all = 1; }
        """)
    inside = {name: params.get("meta.in") for name, params in jails.items()}
    assert inside == {"foo": None, "foobar": None, "foo.bar": "foo", "foo.bar.baz": "bar"}
    assert all(params["meta.all"] == "1" for params in jails.values())


def test_strings(host):
    jails = shown(host, "a { meta.a = \"tab\\tx\\x41\\101\\\nend\"; meta.b = 'q\\'\"'; "
                  "meta.c = a\\ b\\;c; meta.d = a//b#c/*d; meta.e = a+b; meta.f = ''; };;")
    got = {key[5:]: value for key, value in jails["a"].items() if key.startswith("meta")}
    assert got == {"a": '"tab\txAAend"', "b": '"q\'\\""', "c": '"a b;c"', "d": '"a//b#c/*d"',
                   "e": "a+b", "f": '""'}


def test_comments(host):
    jails = shown(host, "// one\n# two\n/* three\n * { */ a /* b */ { # x\n persist; // y\n"
                  "path /* = */ = /* / */ /jail/a /* z */;/**/}\n#end")
    assert jails == {"a": {"name": "a", "persist": "true", "path": "/jail/a"}}


def test_include(host):
    host.ok("mkdir -p /etc/jail.conf.d; rm -f /etc/jail.conf.d/*")
    host.conf("a { meta.x = 1; }", "/etc/jail.conf.d/a.conf")
    host.conf("b {\n meta.x = 2;", "/etc/jail.conf.d/b.conf")
    jails = shown(host, '.include "jail.conf.d/a.conf"; c { }')
    assert list(jails) == ["a", "c"]
    host.conf('c {}\n.include "/etc/jail.conf.d/*.conf";')
    host.fails("jail -e ' '", "jail: /etc/jail.conf.d/b.conf:1: b { is never closed")
    host.ok("rm /etc/jail.conf.d/b.conf")
    assert list(shown(host, 'c {}\n.include "jail.conf.d/*.conf";')) == ["c", "a"]
    assert list(shown(host, 'c {}\n.include "jail.conf.d/*.none";')) == ["c"]
    host.conf('.include "jail.conf";')
    host.fails("jail -e ' '", "jail: /etc/jail.conf:1: .include goes deeper than 8 files")
    host.ok("rm -r /etc/jail.conf.d")


def test_by_standard_input(host):
    assert host.ok("echo 'a { persist; path = /jail/a; }' | jail -f - -c") == "a: created\n"


# --- started and stopped ----------------------------------------------------------

THREE = r"""
$base = "/jail";
path = "$base/$tree";
persist;
mount.devfs;
* {
	host.hostname = "$name.example";
	mount += "tmpfs /jail/$tree/tmp tmpfs rw,size=64k 0 0";
	mount += "/etc /jail/$tree/etc nullfs ro 0 0";
	exec.prepare = "echo $name prepare $(grep -c /jail/$tree/ /proc/mounts) >>/tmp/log";
	exec.prestart = "echo $name prestart $(grep -c /jail/$tree/ /proc/mounts) >>/tmp/log";
	exec.created = "echo $name created \$JNAME \$JPATH >>/tmp/log";
	exec.start = "echo $name start \$(hostname) \$JPATH >>/tmp/log";
	exec.poststart = "cat /jail/$tree/tmp/log >>/tmp/log; echo $name poststart >>/tmp/log";
	exec.prestop = "echo $name prestop >>/tmp/log";
	exec.stop = "/bin/echo stopping";
	exec.poststop = "echo $name poststop $(grep -c /jail/$tree/ /proc/mounts) >>/tmp/log";
	exec.release = "echo $name release $(grep -c /jail/$tree/ /proc/mounts) >>/tmp/log";
}
web { $tree = a; depend = db; }
db { $tree = b; }
cache { $tree = c; depend = web, db; }
"""


def log(host):
    return host.ok("cat /tmp/log; rm /tmp/log").splitlines()


def started(name, tree):
    return ["%s prepare 0" % name, "%s prestart 4" % name,
            "%s created %s /jail/%s" % (name, name, tree),
            "%s start %s.example" % (name, name), "%s poststart" % name]


def stopped(name):
    return ["%s prestop" % name, "%s poststop 4" % name, "%s release 0" % name]


def test_three_jails(host):
    host.conf(THREE)
    out = host.ok("jail -c")
    assert out == "db: created\nweb: created\ncache: created\n"
    assert log(host) == started("db", "b") + started("web", "a") + started("cache", "c")
    assert host.runs("web", "db", "cache") == ["web", "db", "cache"]
    assert sorted(host.mounts()) == ["/jail/%s/%s" % (t, m) for t in "abc"
                                     for m in ("dev", "dev/pts", "etc", "tmp")]
    assert host.ok("jexec web cat /etc/jail.conf | head -3").endswith("\n$base = \"/jail\";\n"
                                                                      "path = \"$base/$tree\";\n")
    assert "Read-only" in host.sh("jexec web touch /etc/x")[2]
    out = host.ok("jail -r '*'")
    assert out == ("stopping\ncache: removed\nstopping\nweb: removed\n"
                   "stopping\ndb: removed\n")
    assert log(host) == stopped("cache") + stopped("web") + stopped("db")
    assert host.mounts() == [] and host.runs("web", "db", "cache") == []


def test_dependencies_come_along(host):
    host.conf(THREE)
    assert host.ok("jail -qc web") == ""
    assert log(host) == started("db", "b") + started("web", "a")
    host.fails("jail -c web", "web: jail \"web\" already exists")
    assert host.ok("jail -c cache") == "cache: created\n"
    assert host.ok("jail -c") == ""
    log(host)
    assert host.ok("jail -qr db") == "stopping\n" * 3
    assert log(host) == stopped("cache") + stopped("web") + stopped("db")
    host.ok("jail -qc")
    log(host)
    assert host.ok("jail -qrc web") == "stopping\n" * 2
    assert log(host) == (stopped("cache") + stopped("web") + started("web", "a") +
                         started("cache", "c"))
    assert host.runs("web", "db", "cache") == ["web", "db", "cache"]
    host.ok("jail -R '*'")
    assert len(host.mounts()) == 12     # -R leaves them, -C takes them away
    log(host) if host.sh("test -e /tmp/log")[0] == 0 else None
    host.ok("jail -C cache web db")
    assert host.mounts() == []


def test_clean_up_of_nonsense(host):
    host.conf("a { path = jail/none; mount.devfs; mount = 'x /jail/none/x tmpfs'; }")
    host.fails("jail -C a", "does not lie below the path of the jail")
    host.conf("a { path = /jail/none; mount.devfs; }")
    status, _, err = host.sh("jail -C a")
    assert status == 1 and "umount /jail/none/dev: No such file" in err


def test_circles(host):
    host.conf("persist; a { depend = b; } b { depend = c; } c { depend = a; } d { }")
    host.fails("jail -c", "a: depends on itself by way of \"b\"")
    assert host.runs("a", "b", "c", "d") == []


def test_inner_jails_come_after_outer_ones(host):
    host.conf("persist; path = /; a.b { } a { children.max = 5; } a.b.c {} "
              "a.b { children.max = 2; }")
    assert host.ok("jail -c") == "a: created\na.b: created\na.b.c: created\n"
    assert host.ok("jail -r a") == "a.b.c: removed\na.b: removed\na: removed\n"


STEPS = ["exec.prepare", "exec.prestart", "exec.created", "exec.start", "exec.poststart"]


@pytest.mark.parametrize("step", STEPS)
def test_failing_hook_leaves_nothing(host, step):
    host.conf("path = /jail/a; mount.devfs; mount = \"tmpfs /jail/a/tmp tmpfs rw\"; persist;"
              "exec.prepare = 'echo prepared'; exec.release = 'echo released';"
              "a { %s = /bin/true, '/bin/sh -c \"exit 3\"'; }\nb { depend = a; }" % step)
    status, out, err = host.sh("jail -c")
    assert status == 1
    assert err == ("jail: a: %s: /bin/sh -c \"exit 3\": failed (3)\n"
                   "jail: b: not started, as it depends on \"a\"\n" % step)
    assert ("released" in out) == (step != "exec.prepare")
    assert host.runs("a", "b") == [] and host.mounts() == []


@pytest.mark.parametrize("mount, says", [
    ("tmpfs /jail/a/none tmpfs rw", "mount /jail/a/none: No such file"),
    ("tmpfs /jail/a/etc/file tmpfs rw", "mount /jail/a/etc/file: Not a directory"),
    ("x /jail/a/etc frobfs rw", "mount /jail/a/etc: unknown type"),
    ("/no/such /jail/a/etc nullfs ro", "mount /jail/a/etc: No such file"),
])
def test_failing_mount_leaves_nothing(host, mount, says):
    host.conf("a { path = /jail/a; persist; mount = 'tmpfs /jail/a/tmp tmpfs', '%s'; "
              "exec.prestart = 'echo no'; }" % mount)
    host.ok("touch /jail/a/etc/file")
    assert host.fails("jail -c a", "jail: a: ", says) == ""
    assert host.runs("a") == [] and host.mounts() == []


def test_prestop_that_fails_keeps_it(host):
    host.conf("a { path = /jail/a; persist; exec.prestop = false; } b { path = /jail/b; persist; "
              "depend = a; exec.stop = '/bin/false'; }")
    host.ok("jail -qc")
    status, _, err = host.sh("jail -r a")
    assert status == 1 and err == ("jail: b: exec.stop: /bin/false: failed (1)\n"
                                   "jail: a: not removed, as \"b\" depends on it\n")
    assert host.runs("a", "b") == ["a", "b"]


def test_hooks_that_take_too_long(host):
    host.conf("a { path = /jail/a; persist; exec.timeout = 1; exec.prestart = 'sleep 100'; }"
              "b { path = /jail/b; persist; exec.timeout = 1; exec.start = 'sleep 100'; }")
    for name, step in (("a", "exec.prestart"), ("b", "exec.start")):
        start = time.monotonic()
        host.fails("jail -c " + name, "%s: %s: sleep 100: took longer than exec.timeout"
                   % (name, step))
        assert time.monotonic() - start < 20
    assert host.runs("a", "b") == []
    host.ok("! pidof sleep")


def test_interrupted(host):
    host.conf("a { path = /jail/a; persist; mount.devfs; exec.start = 'sleep 100', 'echo no'; "
              "exec.poststop = 'echo no'; exec.release = 'echo released >/tmp/said'; }")
    for signal in ("TERM", "HUP"):
        host.ok("jail -qc a 2>/tmp/err & p=$!; until jexec a /bin/true 2>/dev/null; do "
                "sleep 0.1; done; sleep 0.3; kill -%s $p; wait $p; [ $? = 1 ] && "
                "cat /tmp/said && rm /tmp/said" % signal)
        assert host.runs("a") == [] and host.mounts() == []
    host.guest.sendline("jail -qc a")
    host.ok("until jexec a /bin/true 2>/dev/null; do sleep 0.1; done; sleep 0.3")
    host.guest.send("\x03")
    host.guest.expect(host.guest.prompt.decode())
    assert host.guest.run("echo $?")[0] == "1\n"
    assert host.ok("cat /tmp/said") == "released\n"
    assert host.runs("a") == [] and host.mounts() == []


def test_at_the_same_time(host):
    host.conf("persist; path = /jail/a; exec.prestart = 'sleep 2'; a {} b {} c {}")
    took = []
    for words in ("", " -p 1"):
        start = time.monotonic()
        host.ok("jail -qc" + words)
        took.append(time.monotonic() - start)
        host.ok("jail -qr '*'")
    assert took[1] > 5.9 and took[0] < took[1] - 2


def test_started_at_a_terminal(host):
    """A daemon outlives the terminal that its jail was started at."""
    host.conf("a { path = /jail/a; mount.devfs; mount.procfs; "
              "exec.start = 'echo started; sleep 1000 & inmate'; }")
    out = host.guest.check("jail -c a").replace("\r", "")
    assert out.startswith("a: created\nstarted\nfiles: 0 1 2\n"), out
    assert "tty 0" not in out and "tty 1: major 136\n" in out
    assert "sleep 1000" in host.ok("sleep 1; jexec a ps")
    host.ok("jail -qr a")


def test_addresses(host):
    host.conf("a { persist; ip4.addr = 10.0.0.1/24; ip4.addr += '10.0.0.2/255.0.0.0'; } "
              "b { persist; ip4.addr = ''; }")
    host.ok("jail -qc")
    assert host.ok("jls -j a ip4.addr") == "10.0.0.1,10.0.0.2\n"


def test_console_log(host):
    host.conf("a { path = /jail/a; persist; exec.consolelog = /tmp/console; "
              "exec.start = 'echo one; echo two >&2'; exec.stop = 'echo three'; }")
    assert host.ok("jail -qc a; jail -qr a; cat /tmp/console") == "one\ntwo\nthree\n"


def test_users_of_hooks(host):
    host.ok("echo 'inmate:x:1234:1234::/:/bin/sh' >/jail/a/etc/passwd; chmod 755 /jail /jail/a")
    host.conf("persist; path = /jail/a; a { exec.jail_user = inmate; exec.start = 'id -u'; "
              "exec.system_user = user; exec.prestart = 'id -u'; exec.clean; }"
              "b { exec.jail_user = user; exec.system_jail_user; exec.start = 'id -u'; }"
              "c { exec.jail_user = nobody-here; exec.start = id; }")
    assert host.ok("jail -qc a") == "1000\n1234\n"
    assert host.ok("jail -qc b") == "1000\n"
    assert "nobody-here: no such user in the jail" in host.sh("jail -qc c")[2]
    assert host.runs("a", "b", "c") == ["a", "b"]


def test_modify(host):
    host.conf("a { path = /jail/a; persist; host.hostname = one; exec.prestart = 'echo no'; }")
    host.ok("jail -qc a")
    host.conf("a { path = /jail/a; persist; host.hostname = two; exec.prestart = 'echo no'; }")
    assert host.ok("jail -v -m a") == "a: modified\n"
    assert host.ok("jexec a hostname") == "two\n"
    host.conf("a { path = /jail/b; persist; host.hostname = three; exec.prestart = 'echo yes'; }")
    host.fails("jail -m a", "a: path cannot be changed while it runs (-mr restarts it)")
    assert host.ok("jexec a hostname") == "two\n"
    assert host.ok("jail -cmr") == "a: removed\nyes\na: created\n"
    assert host.ok("jexec a hostname") == "three\n"


def test_every_step_is_told(host):
    host.conf(THREE)
    out = host.ok("jail -vc db")
    assert out.splitlines()[1:4] == ["db: mount tmpfs on /jail/b/tmp",
                                     "db: mount nullfs on /jail/b/etc",
                                     "db: mount devtmpfs on /jail/b/dev"]


# --- what an inmate leaves in the way (E14, E37) -----------------------------------

@pytest.mark.parametrize("trap, mount", [
    ("rm -r /jail/a/tmp; ln -s ../../../mnt /jail/a/tmp", "mount = 'x /jail/a/tmp tmpfs';"),
    ("rm -r /jail/a/tmp; ln -s /mnt /jail/a/tmp", "mount = 'x /jail/a/tmp tmpfs';"),
    ("rm -r /jail/a/var; ln -s / /jail/a/var", "mount = 'x /jail/a/var/mnt tmpfs';"),
    ("rm -r /jail/a/dev; ln -s /mnt /jail/a/dev", "mount.devfs;"),
    ("rm -r /jail/a/proc; ln -s ../../mnt /jail/a/proc", "mount.procfs;"),
    ("rm -r /jail/a/var; ln -s /tmp /jail/a/var", "exec.consolelog = /jail/a/var/log;"),
    ("ln -s /etc/passwd /jail/a/var/log", "exec.consolelog = /jail/a/var/log;"),
    ("ln -s nothing /jail/a/var/log", "exec.consolelog = /jail/a/var/log;"),
])
def test_links_are_not_followed(host, trap, mount):
    host.ok(trap)
    before = host.ok("cat /etc/passwd; ls /tmp /mnt")
    host.conf("a { path = /jail/a; persist; exec.start = 'echo inside'; %s }" % mount)
    status, out, err = host.sh("jail -c a")
    assert status == 1 and "goes through a symbolic link" in err
    assert host.runs("a") == [] and "/mnt" not in host.ok("cat /proc/mounts")
    assert host.ok("cat /etc/passwd; ls /tmp /mnt") == before and host.mounts() == []


def test_links_are_not_followed_by_another_name(host):
    host.ok("ln -s /jail /j; rm -r /jail/a/var /jail/a/tmp; ln -s /tmp /jail/a/var; "
            "ln -s /mnt /jail/a/tmp")
    for trap in ("mount = 'x /j/a/tmp tmpfs';", "exec.consolelog = /j/a/var/log;"):
        host.conf("a { path = /j/a; persist; exec.start = 'echo inside'; %s }" % trap)
        assert "goes through a symbolic link" in host.sh("jail -c a")[2]
    host.conf("a { path = /j/a; persist; mount = 'x /j/a/etc tmpfs', 'x /jail/a/data tmpfs'; }")
    host.ok("jail -qc a")
    assert host.mounts() == ["/jail/a/etc", "/jail/a/data"]
    host.ok("jail -qr a; rm /j")
    assert host.mounts() == []


def test_dots_are_not_followed(host):
    host.conf("a { path = /jail/a; persist; mount = 'x /jail/a/../../mnt tmpfs'; }")
    host.fails("jail -c a", "mount /jail/a/../../mnt: ")
    host.conf("a { path = /jail/a; persist; exec.start = 'echo x'; "
              "exec.consolelog = /jail/a/var/../../../tmp/log; }")
    assert host.sh("jail -c a")[0] == 1
    assert host.ok("ls /tmp") == "" and "/mnt" not in host.ok("cat /proc/mounts")


def test_pipe_as_log(host):
    host.ok("mkfifo /jail/a/var/log")
    host.conf("a { path = /jail/a; persist; exec.start = 'echo x'; "
              "exec.consolelog = /jail/a/var/log; }")
    assert host.sh("jail -c a")[0] == 1 and host.runs("a") == []


def test_link_put_there_meanwhile(host):
    """An inmate changes its tree between start and stop: nothing outside of
    it is unmounted."""
    host.ok("mount -t tmpfs x /mnt; mkdir /mnt/sub; mount -t tmpfs y /mnt/sub")
    host.conf("a { path = /jail/a; persist; mount = 'x /jail/a/var/sub tmpfs'; }")
    host.ok("mkdir /jail/a/var/sub; jail -qc a; jexec a sh -c 'mv /var /old; ln -s /mnt /var'")
    host.ok("ln -s /mnt /jail/a/mnt")
    assert host.sh("jail -r a")[0] == 1
    assert host.ok("grep -c /mnt /proc/mounts") == "2\n"
    host.ok("umount /mnt/sub; umount /mnt")
