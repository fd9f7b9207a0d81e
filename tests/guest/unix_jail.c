/* SPDX-License-Identifier: BSD-2-Clause
 * oracle: no
 * seconds: 60 */
/*
 * unix_jail.c - AF_UNIX between prisons: what can be named, what arrives, who
 * is seen at the other end.
 *
 * The test is the host; in_jail makes a child that enters a new jail whose root
 * is a directory below /tmp. They talk over a pair made before.
 */
#define _GNU_SOURCE
#include <sys/jail.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include "unix.h"

static int host, inmate;	/* the ends of the pair */

static struct iovec text(const char *s)
{
	return (struct iovec){ (void *)s, strlen(s) + 1 };
}

/* A new jail at root; the caller is in it, or has its descriptor. */
static int jail_make(const char *root, int flags, int *desc)
{
	struct iovec v[] = {
		text("path"), text(root), text("persist"), { NULL, 0 },
		text("desc"), { desc, sizeof(int) },
	};

	return jail_set(v, desc ? 6 : 2, JAIL_CREATE | flags);
}

static void talk(int type)
{
	int s[2];

	CHECK_OK(socketpair(AF_UNIX, type, 0, s));
	host = s[0];
	inmate = s[1];
}

static pid_t in_jail(const char *root, void (*deed)(void))
{
	pid_t pid;

	mkdir(root, 0755);
	pid = fork();
	CHECK_OK(pid);
	if (pid == 0) {
		CHECK_OK(jail_make(root, JAIL_ATTACH, NULL));
		deed();
		_exit(0);
	}
	return pid;
}

static void tell(int fd)
{
	CHECK_EQ(write(fd, "!", 1), 1);
}

static void hear(int fd)
{
	char c;

	CHECK_EQ(read(fd, &c, 1), 1);
}

/* --- names ---------------------------------------------------------------- */

static void look_for_abstract(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM, 0), l;

	CHECK_ERRNO(unix_connect(fd, "@brig-host"), ECONNREFUSED);
	l = unix_server(SOCK_STREAM, "@brig-host", 3);
	CHECK_OK(unix_connect(fd, "@brig-host"));
	unix_server(SOCK_STREAM, "@brig-inmate", 3);
	tell(inmate);
	hear(inmate);
	CHECK_OK(accept(l, NULL, NULL));
	CHECK_OK(fcntl(l, F_SETFL, O_NONBLOCK));
	CHECK_ERRNO(accept(l, NULL, NULL), EAGAIN);
}

TEST(abstract_names_belong_to_a_prison)
{
	int l = unix_server(SOCK_STREAM, "@brig-host", 3);
	pid_t pid;

	talk(SOCK_STREAM);
	pid = in_jail("/tmp/uj_a", look_for_abstract);
	hear(host);
	CHECK_ERRNO(unix_connect(socket(AF_UNIX, SOCK_STREAM, 0),
				 "@brig-inmate"), ECONNREFUSED);
	unix_client(SOCK_STREAM, "@brig-host");
	CHECK_OK(accept(l, NULL, NULL));
	tell(host);
	CHECK_CHILD(pid);
}

static void connect_by_path(void)
{
	struct ucred u;
	socklen_t len = sizeof(u);
	int c;

	hear(inmate);
	c = unix_client(SOCK_STREAM, "/socket");
	CHECK_OK(getsockopt(c, SOL_SOCKET, SO_PEERCRED, &u, &len));
	CHECK_EQ(u.pid, 0);		/* the host's process is not to be seen */
	CHECK_EQ(u.uid, 0);
	CHECK_ERRNO(unix_connect(socket(AF_UNIX, SOCK_STREAM, 0),
				 "/tmp/uj_b/socket"), ENOENT);
	CHECK_ERRNO(unix_connect(socket(AF_UNIX, SOCK_STREAM, 0),
				 "../uj_out"), ENOENT);
	tell(c);
	hear(c);
}

/* A path is a path: where both can see it they can talk. */
TEST(paths_cross_where_they_are_seen)
{
	struct ucred u;
	socklen_t len = sizeof(u);
	int l, a;
	pid_t pid;

	mkdir("/tmp/uj_b", 0755);
	unix_server(SOCK_STREAM, "/tmp/uj_out", 3);
	l = unix_server(SOCK_STREAM, "/tmp/uj_b/socket", 3);
	talk(SOCK_STREAM);
	pid = in_jail("/tmp/uj_b", connect_by_path);
	tell(host);
	a = accept(l, NULL, NULL);
	CHECK_OK(a);
	hear(a);
	CHECK_OK(getsockopt(a, SOL_SOCKET, SO_PEERCRED, &u, &len));
	CHECK_EQ(u.pid, pid);
	tell(a);
	CHECK_CHILD(pid);
}

/* --- credentials ------------------------------------------------------------ */

static int pid_received(int fd)
{
	char control[CMSG_SPACE(sizeof(struct ucred))], c;
	struct iovec io = { &c, 1 };
	struct msghdr m = { .msg_iov = &io, .msg_iovlen = 1,
			    .msg_control = control,
			    .msg_controllen = sizeof(control) };
	struct ucred u;

	CHECK_EQ(recvmsg(fd, &m, 0), 1);
	CHECK_EQ(CMSG_FIRSTHDR(&m)->cmsg_type, SCM_CREDENTIALS);
	memcpy(&u, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof(u));
	CHECK_EQ(u.uid, 0);
	return u.pid;
}

static void exchange_pids(void)
{
	union {
		char bytes[CMSG_SPACE(sizeof(struct ucred))];
		struct cmsghdr h;
	} u;
	struct iovec io = { "x", 1 };
	struct msghdr m = { .msg_iov = &io, .msg_iovlen = 1,
			    .msg_control = u.bytes,
			    .msg_controllen = sizeof(u.bytes) };
	struct ucred c = { 1, 0, 0 };

	CHECK_EQ(pid_received(inmate), 0);
	tell(inmate);
	memset(&u, 0, sizeof(u));
	u.h.cmsg_level = SOL_SOCKET;
	u.h.cmsg_type = SCM_CREDENTIALS;
	u.h.cmsg_len = CMSG_LEN(sizeof(c));
	memcpy(CMSG_DATA(&u.h), &c, sizeof(c));
	CHECK_ERRNO(sendmsg(inmate, &m, 0), ESRCH);
}

TEST(process_numbers_by_credentials)
{
	pid_t pid;

	talk(SOCK_DGRAM);
	unix_set(host, SO_PASSCRED, 1);
	unix_set(inmate, SO_PASSCRED, 1);
	pid = in_jail("/tmp/uj_c", exchange_pids);
	tell(host);
	CHECK_EQ(pid_received(host), pid);
	CHECK_CHILD(pid);
}

static void knob(const char *value)
{
	int fd = open("/proc/sys/security/bsd/see_other_uids", O_WRONLY);

	CHECK_OK(fd);
	CHECK_EQ(write(fd, value, 1), 1);
	CHECK_OK(close(fd));
}

/* Without jails too: who may not see others' processes has no number of them. */
TEST(process_numbers_of_other_users)
{
	struct ucred u;
	socklen_t len = sizeof(u);
	pid_t pid;

	talk(SOCK_STREAM);
	knob("0");
	pid = fork();
	CHECK_OK(pid);
	if (pid == 0) {
		CHECK_OK(setuid(1000));
		CHECK_OK(getsockopt(inmate, SOL_SOCKET, SO_PEERCRED, &u, &len));
		_exit(u.pid != 0);
	}
	pid = ktap_wait(pid);
	knob("1");
	CHECK_EQ(pid, 0);
}

/* --- descriptors ------------------------------------------------------------ */

/* The next message: bytes, and how many descriptors. Refused: told once. */
static void expect(int bytes, int files, int refused)
{
	int got[8], n, told;
	char buf[16];

	if (refused && !files)
		CHECK_ERRNO(unix_receive_fds(inmate, buf, 16, got, 8, &n, 0,
					     &told), EPERM);
	CHECK_EQ(unix_receive_fds(inmate, buf, 16, got, 8, &n, 0, &told), bytes);
	CHECK_EQ(n, files);
	CHECK_EQ(told & MSG_CTRUNC, refused ? MSG_CTRUNC : 0);
	for (int i = 0; i < n; i++)
		close(got[i]);
}

static void receive_all(void)
{
	tell(inmate);
	expect(1, 0, 1);	/* a directory */
	expect(1, 0, 1);	/* the same by O_PATH */
	expect(2, 0, 1);	/* a device */
	expect(3, 2, 1);	/* a pipe and a file, and a directory between */
	expect(4, 2, 0);	/* directories of one's own tree */
	expect(5, 0, 1);	/* another jail */
	expect(6, 0, 1);	/* the same, and a directory */
	expect(0, 0, 0);
}

static void send_all(void)
{
	int dir = open("/", O_RDONLY | O_DIRECTORY), p[2];
	int path = open("/tmp", O_PATH), null = open("/dev/null", O_RDWR);
	int file = open("/tmp/uj_file", O_RDWR | O_CREAT, 0600);
	int own = open("/tmp/uj_d", O_RDONLY), below, jail;

	mkdir("/tmp/uj_d/below", 0755);
	mkdir("/tmp/uj_e", 0755);
	below = open("/tmp/uj_d/below", O_PATH);
	CHECK(dir >= 0 && path >= 0 && null >= 0 && file >= 0 && own >= 0);
	CHECK(below >= 0);
	CHECK_OK(pipe(p));
	CHECK_OK(jail_make("/tmp/uj_e", JAIL_GET_DESC, &jail));
	CHECK_EQ(unix_send_fds(host, "1", &dir, 1), 1);
	hear(host);
	CHECK_EQ(unix_send_fds(host, "1", &path, 1), 1);
	CHECK_EQ(unix_send_fds(host, "22", &null, 1), 2);
	CHECK_EQ(unix_send_fds(host, "333", (int[]){ p[0], dir, file }, 3), 3);
	CHECK_EQ(unix_send_fds(host, "4444", (int[]){ own, below }, 2), 4);
	CHECK_EQ(unix_send_fds(host, "55555", &jail, 1), 5);
	CHECK_EQ(unix_send_fds(host, "666666", (int[]){ jail, dir }, 2), 6);
	CHECK_OK(shutdown(host, SHUT_WR));
	CHECK_OK(unlink("/tmp/uj_file"));
	close(dir), close(path), close(null), close(file), close(own);
	close(below), close(p[0]), close(p[1]);
	CHECK_OK(jail_remove_jd(jail));
}

static void descriptors(int type)
{
	pid_t pid;

	talk(type);
	pid = in_jail("/tmp/uj_d", receive_all);
	send_all();
	CHECK_CHILD(pid);
}

/* Lines of /proc/jail/denied that tell of descriptors. */
static int refusals_noted(void)
{
	char line[256];
	int n = 0;
	FILE *f = fopen("/proc/jail/denied", "r");

	CHECK(f);
	while (fgets(line, sizeof(line), f))
		n += strstr(line, "descriptor") != NULL;
	fclose(f);
	return n;
}

TEST(descriptors_over_a_stream)
{
	int before = refusals_noted();

	descriptors(SOCK_STREAM);
	CHECK_EQ(refusals_noted() - before, 6);
}

TEST(descriptors_over_packets)
{
	descriptors(SOCK_SEQPACKET);
}

/* Who looks without room for descriptors is not told of their refusal. */
static void read_only_bytes(void)
{
	char buf[8];

	CHECK_EQ(read(inmate, buf, 8), 3);
	CHECK_EQ(read(inmate, buf, 8), 3);
	tell(inmate);
}

TEST(bytes_without_asking_for_descriptors)
{
	int dir = open("/", O_RDONLY | O_DIRECTORY);
	pid_t pid;

	talk(SOCK_DGRAM);
	CHECK_OK(dir);
	CHECK_EQ(unix_send_fds(host, "abc", &dir, 1), 3);
	CHECK_EQ(unix_send_fds(host, "abc", &dir, 1), 3);
	CHECK_OK(close(dir));
	pid = in_jail("/tmp/uj_f", read_only_bytes);
	hear(host);
	CHECK_CHILD(pid);
}

/* Two jails: the one gives its own root to the other. */
static void give_my_root(void)
{
	int dir = open("/", O_RDONLY | O_DIRECTORY);

	CHECK_OK(dir);
	CHECK_EQ(unix_send_fds(host, "r", &dir, 1), 1);
}

static void take_a_root(void)
{
	expect(1, 0, 1);
}

TEST(siblings_do_not_share_roots)
{
	pid_t a, b;

	talk(SOCK_STREAM);
	a = in_jail("/tmp/uj_g", give_my_root);
	b = in_jail("/tmp/uj_h", take_a_root);
	CHECK_CHILD(a);
	CHECK_CHILD(b);
}

/* --- what is listed --------------------------------------------------------- */

static void read_list(void)
{
	char line[256];
	int mine = 0;
	FILE *f;

	unix_server(SOCK_STREAM, "@brig-inside", 3);
	f = fopen("/proc/net/unix", "r");
	CHECK(f);
	while (fgets(line, sizeof(line), f)) {
		CHECK(!strstr(line, "brig-outside"));
		if (strstr(line, "@brig-inside"))
			mine++;
	}
	CHECK_EQ(mine, 1);
	tell(inmate);
	hear(inmate);
}

TEST(list_of_sockets)
{
	char line[256];
	int both = 0;
	pid_t pid;
	FILE *f;

	talk(SOCK_STREAM);
	unix_server(SOCK_STREAM, "@brig-outside", 3);
	mkdir("/tmp/uj_i", 0755);
	mkdir("/tmp/uj_i/proc", 0755);
	CHECK_OK(mount("proc", "/tmp/uj_i/proc", "proc", 0, NULL));
	pid = in_jail("/tmp/uj_i", read_list);
	hear(host);
	f = fopen("/proc/net/unix", "r");
	CHECK(f);
	while (fgets(line, sizeof(line), f))
		both += strstr(line, "brig-inside") || strstr(line, "brig-outside");
	CHECK_EQ(both, 2);
	tell(host);
	CHECK_CHILD(pid);
	CHECK_OK(umount2("/tmp/uj_i/proc", MNT_DETACH));
}
