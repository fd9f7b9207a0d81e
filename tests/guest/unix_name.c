/* SPDX-License-Identifier: BSD-2-Clause */
/* unix_name.c - names of AF_UNIX sockets: bind, listen, connect, accept. seconds: 60 */
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "unix.h"

static socklen_t name_of(int fd, struct sockaddr_un *a, int peer)
{
	socklen_t len = sizeof(*a);

	memset(a, 0, sizeof(*a));
	if (peer)
		CHECK_OK(getpeername(fd, (struct sockaddr *)a, &len));
	else
		CHECK_OK(getsockname(fd, (struct sockaddr *)a, &len));
	return len;
}

TEST(bind_makes_a_node)
{
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	struct sockaddr_un a;
	struct stat st;

	umask(027);
	unlink("/tmp/unix_na");
	CHECK_OK(unix_bind(fd, "/tmp/unix_na"));
	CHECK_OK(stat("/tmp/unix_na", &st));
	CHECK_EQ(st.st_mode, S_IFSOCK | 0750);
	CHECK_EQ(name_of(fd, &a, 0), 2 + strlen("/tmp/unix_na") + 1);
	CHECK(!strcmp(a.sun_path, "/tmp/unix_na"));
	CHECK_ERRNO(unix_bind(fd, "/tmp/unix_nb"), EINVAL);
	CHECK_ERRNO(stat("/tmp/unix_nb", &st), ENOENT);
	CHECK_ERRNO(unix_bind(socket(AF_UNIX, SOCK_STREAM, 0), "/tmp/unix_na"),
		    EADDRINUSE);
	CHECK_ERRNO(open("/tmp/unix_na", O_RDWR), ENXIO);
	CHECK_OK(close(fd));
	CHECK_OK(stat("/tmp/unix_na", &st));
	CHECK_OK(unlink("/tmp/unix_na"));
}

TEST(fchmod_before_bind)
{
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	struct stat st;

	umask(0);
	unlink("/tmp/unix_nc");
	CHECK_OK(fchmod(fd, 0640));
	CHECK_OK(unix_bind(fd, "/tmp/unix_nc"));
	CHECK_OK(stat("/tmp/unix_nc", &st));
	CHECK_EQ(st.st_mode, S_IFSOCK | 0640);
	CHECK_OK(unlink("/tmp/unix_nc"));
}

TEST(bad_names)
{
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	struct sockaddr_un a = { .sun_family = AF_UNIX };

	CHECK_ERRNO(bind(fd, (struct sockaddr *)&a, 1), EINVAL);
	CHECK_ERRNO(bind(fd, (struct sockaddr *)&a, sizeof(a) + 1), EINVAL);
	CHECK_ERRNO(bind(fd, (struct sockaddr *)&a, -1), EINVAL);
	CHECK_ERRNO(bind(fd, (struct sockaddr *)1, sizeof(a)), EFAULT);
	a.sun_family = 2;
	CHECK_ERRNO(bind(fd, (struct sockaddr *)&a, sizeof(a)), EINVAL);
	CHECK_ERRNO(connect(fd, (struct sockaddr *)&a, sizeof(a)), EINVAL);
	CHECK_ERRNO(unix_bind(fd, "/nowhere/at/all"), ENOENT);
	CHECK_ERRNO(unix_bind(fd, "/tmp"), EADDRINUSE);
	CHECK_ERRNO(unix_connect(fd, "/tmp/nowhere"), ENOENT);
	CHECK_ERRNO(unix_connect(fd, "/tmp"), ECONNREFUSED);
	CHECK_ERRNO(unix_connect(fd, "@nobody"), ECONNREFUSED);
	CHECK_ERRNO(listen(fd, 5), EINVAL);
	CHECK_ERRNO(accept(fd, NULL, NULL), EINVAL);
	CHECK_ERRNO(getpeername(fd, (struct sockaddr *)&a,
				&(socklen_t){ sizeof(a) }), ENOTCONN);
	CHECK_EQ(name_of(fd, &a, 0), 2);
}

/* 108 bytes of path need no NUL. */
TEST(longest_path)
{
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	char path[200] = "/tmp/";

	memset(path + 5, 'l', 103);
	memcpy(a.sun_path, path, 108);
	unlink(path);
	CHECK_OK(bind(fd, (struct sockaddr *)&a, sizeof(a)));
	CHECK_OK(access(path, F_OK));
	CHECK_OK(listen(fd, 1));
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	CHECK_OK(connect(fd, (struct sockaddr *)&a, sizeof(a)));
	CHECK_OK(unlink(path));
}

TEST(abstract_names)
{
	int fd = unix_server(SOCK_STREAM, "@brig-abstract", 5), c, b;
	struct sockaddr_un a;

	CHECK_EQ(name_of(fd, &a, 0), 2 + strlen("@brig-abstract"));
	CHECK(!memcmp(a.sun_path, "\0brig-abstract", 14));
	CHECK_ERRNO(unix_bind(socket(AF_UNIX, SOCK_STREAM, 0),
			      "@brig-abstract"), EADDRINUSE);
	CHECK_ERRNO(unix_connect(socket(AF_UNIX, SOCK_STREAM, 0),
				 "@brig-abstrac"), ECONNREFUSED);
	c = unix_client(SOCK_STREAM, "@brig-abstract");
	b = accept(fd, NULL, NULL);
	CHECK_OK(b);
	CHECK_EQ(name_of(b, &a, 0), 2 + strlen("@brig-abstract"));
	CHECK_EQ(name_of(c, &a, 1), 2 + strlen("@brig-abstract"));
	CHECK_EQ(name_of(c, &a, 0), 2);
	CHECK_OK(close(fd));
	fd = unix_server(SOCK_STREAM, "@brig-abstract", 5);
	CHECK_OK(close(c));
	CHECK_OK(close(b));
	unix_client(SOCK_STREAM, "@brig-abstract");
}

TEST(autobind)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0), other;
	struct sockaddr_un a = { .sun_family = AF_UNIX }, b;
	char c;

	CHECK_OK(bind(fd, (struct sockaddr *)&a, 2));
	CHECK_EQ(name_of(fd, &a, 0), 2 + 6);
	CHECK_EQ(a.sun_path[0], 0);
	CHECK_EQ(strspn(a.sun_path + 1, "0123456789abcdef"), 5);
	other = socket(AF_UNIX, SOCK_DGRAM, 0);
	b.sun_family = AF_UNIX;
	CHECK_OK(bind(other, (struct sockaddr *)&b, 2));
	CHECK_EQ(name_of(other, &b, 0), 2 + 6);
	CHECK(memcmp(&a, &b, 8));
	CHECK_EQ(sendto(other, "x", 1, 0, (struct sockaddr *)&a, 8), 1);
	CHECK_EQ(read(fd, &c, 1), 1);
}

TEST(accept_gives_the_peer)
{
	int l = unix_server(SOCK_STREAM, "/tmp/unix_nd", 5), c, a;
	struct sockaddr_un peer;
	socklen_t len = sizeof(peer);
	char buf[4];

	c = socket(AF_UNIX, SOCK_STREAM, 0);
	unlink("/tmp/unix_ne");
	CHECK_OK(unix_bind(c, "/tmp/unix_ne"));
	CHECK_OK(unix_connect(c, "/tmp/unix_nd"));
	CHECK_EQ(write(c, "abc", 3), 3);	/* before anybody accepts */
	a = accept4(l, (struct sockaddr *)&peer, &len,
		    SOCK_NONBLOCK | SOCK_CLOEXEC);
	CHECK_OK(a);
	CHECK(!strcmp(peer.sun_path, "/tmp/unix_ne"));
	CHECK_EQ(len, 2 + strlen("/tmp/unix_ne") + 1);
	CHECK_EQ(fcntl(a, F_GETFL), O_RDWR | O_NONBLOCK);
	CHECK_EQ(fcntl(a, F_GETFD), FD_CLOEXEC);
	CHECK_EQ(read(a, buf, 4), 3);
	/* a library may try accept instead */
	CHECK_ERRNO(syscall(SYS_accept4, l, NULL, NULL, 1), EINVAL);
	CHECK_ERRNO(unix_connect(c, "/tmp/unix_nd"), EISCONN);
	CHECK_ERRNO(listen(c, 5), EINVAL);
	CHECK_ERRNO(unix_connect(l, "/tmp/unix_nd"), EINVAL);
	CHECK_ERRNO(connect(c, (struct sockaddr *)&(struct sockaddr_un)
			    { .sun_family = AF_UNSPEC }, 20), EINVAL);
	CHECK_EQ(unix_option(l, SO_ACCEPTCONN), 1);
	CHECK_EQ(unix_option(a, SO_ACCEPTCONN), 0);
	CHECK_OK(fcntl(l, F_SETFL, O_NONBLOCK));
	CHECK_ERRNO(accept(l, NULL, NULL), EAGAIN);
	CHECK_OK(unlink("/tmp/unix_nd"));
	CHECK_OK(unlink("/tmp/unix_ne"));
}

TEST(backlog)
{
	int l = unix_server(SOCK_STREAM, "/tmp/unix_nf", 2), c[3], late;
	pid_t pid;

	CHECK_EQ(unix_events(l, POLLIN | POLLOUT), 0);
	for (int i = 0; i < 3; i++)
		c[i] = unix_client(SOCK_STREAM, "/tmp/unix_nf");
	CHECK_EQ(unix_events(l, POLLIN | POLLOUT), POLLIN);
	late = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
	CHECK_ERRNO(unix_connect(late, "/tmp/unix_nf"), EAGAIN);
	CHECK_OK(fcntl(late, F_SETFL, 0));
	pid = fork();
	CHECK_OK(pid);
	if (pid == 0) {
		CHECK_OK(unix_connect(late, "/tmp/unix_nf"));
		CHECK_EQ(write(late, "x", 1), 1);
		_exit(0);
	}
	ktap_sleep_ms(50);
	CHECK_OK(accept(l, NULL, NULL));
	CHECK_CHILD(pid);
	for (int i = 0; i < 3; i++)
		CHECK_OK(accept(l, NULL, NULL));
	CHECK_OK(c[0]);
	/* one that waits when the listener closes */
	for (int i = 0; i < 3; i++)
		c[i] = unix_client(SOCK_STREAM, "/tmp/unix_nf");
	pid = fork();
	CHECK_OK(pid);
	if (pid == 0) {
		close(l);
		late = socket(AF_UNIX, SOCK_STREAM, 0);
		CHECK_ERRNO(unix_connect(late, "/tmp/unix_nf"), ECONNREFUSED);
		_exit(0);
	}
	ktap_sleep_ms(100);
	CHECK_OK(close(l));
	CHECK_CHILD(pid);
	CHECK_EQ(unix_events(c[0], POLLIN), POLLIN | POLLHUP | POLLERR);
	CHECK_ERRNO(read(c[0], &late, 1), ECONNRESET);
	CHECK_OK(unlink("/tmp/unix_nf"));
}

TEST(listener_shut_down)
{
	int l = unix_server(SOCK_STREAM, "/tmp/unix_ng", 2);
	pid_t pid = fork();

	CHECK_OK(pid);
	if (pid == 0) {
		CHECK_ERRNO(accept(l, NULL, NULL), EINVAL);
		_exit(0);
	}
	ktap_sleep_ms(50);
	CHECK_OK(shutdown(l, SHUT_RD));
	CHECK_CHILD(pid);
	CHECK_ERRNO(unix_connect(socket(AF_UNIX, SOCK_STREAM, 0),
				 "/tmp/unix_ng"), ECONNREFUSED);
	CHECK_OK(unlink("/tmp/unix_ng"));
}

/* The node is only a name: without it the connection stays. */
TEST(unlinked_and_renamed)
{
	int l = unix_server(SOCK_STREAM, "/tmp/unix_nh", 2), c, a;
	struct sockaddr_un n;

	CHECK_OK(rename("/tmp/unix_nh", "/tmp/unix_ni"));
	c = unix_client(SOCK_STREAM, "/tmp/unix_ni");
	CHECK_OK(symlink("/tmp/unix_ni", "/tmp/unix_nj"));
	unix_client(SOCK_STREAM, "/tmp/unix_nj");
	CHECK_OK(unlink("/tmp/unix_nj"));
	CHECK_OK(unlink("/tmp/unix_ni"));
	CHECK_ERRNO(unix_connect(socket(AF_UNIX, SOCK_STREAM, 0),
				 "/tmp/unix_ni"), ENOENT);
	a = accept(l, NULL, NULL);
	CHECK_OK(a);
	CHECK_EQ(write(c, "x", 1), 1);
	name_of(l, &n, 0);
	CHECK(!strcmp(n.sun_path, "/tmp/unix_nh"));
	CHECK_OK(unix_server(SOCK_STREAM, "/tmp/unix_nh", 2));
	CHECK_OK(unlink("/tmp/unix_nh"));
}

TEST(write_permission_to_connect)
{
	int l = unix_server(SOCK_STREAM, "/tmp/unix_nk", 5);
	pid_t pid;

	CHECK_OK(l);
	CHECK_OK(chmod("/tmp/unix_nk", 0755));
	CHECK(mkdir("/tmp/unix_dir", 0755) == 0 || errno == EEXIST);
	pid = fork();
	CHECK_OK(pid);
	if (pid == 0) {
		int fd = socket(AF_UNIX, SOCK_STREAM, 0);

		if (geteuid() == 0)
			CHECK_OK(setuid(1000));
		else
			_exit(0);
		CHECK_ERRNO(unix_connect(fd, "/tmp/unix_nk"), EACCES);
		CHECK_ERRNO(unix_bind(fd, "/tmp/unix_dir/a"), EACCES);
		_exit(0);
	}
	CHECK_CHILD(pid);
	CHECK_OK(chmod("/tmp/unix_nk", 0777));
	pid = fork();
	CHECK_OK(pid);
	if (pid == 0) {
		if (geteuid() == 0)
			CHECK_OK(setuid(1000));
		unix_client(SOCK_STREAM, "/tmp/unix_nk");
		_exit(0);
	}
	CHECK_CHILD(pid);
	CHECK_OK(unlink("/tmp/unix_nk"));
	CHECK_OK(rmdir("/tmp/unix_dir"));
}

/* No connection is lost for want of a descriptor. */
TEST(accept_without_descriptors)
{
	int l = unix_server(SOCK_STREAM, "/tmp/unix_nl", 5);
	struct rlimit r;
	int c = unix_client(SOCK_STREAM, "/tmp/unix_nl"), a;

	CHECK_OK(getrlimit(RLIMIT_NOFILE, &r));
	r.rlim_cur = c + 1;
	CHECK_OK(setrlimit(RLIMIT_NOFILE, &r));
	CHECK_ERRNO(accept(l, NULL, NULL), EMFILE);
	CHECK_ERRNO(socket(AF_UNIX, SOCK_STREAM, 0), EMFILE);
	r.rlim_cur++;
	CHECK_OK(setrlimit(RLIMIT_NOFILE, &r));
	a = accept(l, NULL, NULL);
	CHECK_EQ(a, c + 1);
	CHECK_OK(write(a, "x", 1));
	CHECK_OK(unlink("/tmp/unix_nl"));
}

/* Several processes accept from one socket; each connection has one of them. */
TEST(processes_accept)
{
	enum { SERVERS = 3, CLIENTS = 30 };
	int l = unix_server(SOCK_STREAM, "/tmp/unix_nm", 8);
	pid_t pid[SERVERS];

	for (int i = 0; i < SERVERS; i++) {
		pid[i] = fork();
		CHECK_OK(pid[i]);
		if (pid[i] == 0) {
			for (;;) {
				int a = accept(l, NULL, NULL);
				char c = 0;

				CHECK_OK(a);
				CHECK_EQ(read(a, &c, 1), 1);
				if (c == 'q')
					_exit(0);
				CHECK_EQ(write(a, &c, 1), 1);
				close(a);
			}
		}
	}
	for (int i = 0; i < CLIENTS; i++) {
		int c = unix_client(SOCK_STREAM, "/tmp/unix_nm");
		char b = 'a' + i % 16, back;

		CHECK_EQ(write(c, &b, 1), 1);
		CHECK_EQ(read(c, &back, 1), 1);
		CHECK_EQ(back, b);
		CHECK_EQ(read(c, &back, 1), 0);
		close(c);
	}
	for (int i = 0; i < SERVERS; i++)
		CHECK_EQ(write(unix_client(SOCK_STREAM, "/tmp/unix_nm"), "q",
			       1), 1);
	for (int i = 0; i < SERVERS; i++)
		CHECK_CHILD(pid[i]);
	CHECK_OK(unlink("/tmp/unix_nm"));
}

TEST(many_sockets)
{
	enum { MANY = 400 };
	static int c[MANY], a[MANY];
	int l = unix_server(SOCK_STREAM, "/tmp/unix_nn", MANY);
	char b;

	for (int i = 0; i < MANY; i++)
		c[i] = unix_client(SOCK_STREAM, "/tmp/unix_nn");
	for (int i = 0; i < MANY; i++) {
		a[i] = accept(l, NULL, NULL);
		CHECK_OK(a[i]);
	}
	for (int i = 0; i < MANY; i++)
		CHECK_EQ(write(c[i], "x", 1), 1);
	for (int i = 0; i < MANY; i++)
		CHECK_EQ(read(a[i], &b, 1), 1);
	CHECK_OK(unlink("/tmp/unix_nn"));
}

/* /proc/net/unix has a line for each. */
TEST(proc_net_unix)
{
	int l = unix_server(SOCK_STREAM, "/tmp/unix_no", 1), found = 0;
	FILE *f = fopen("/proc/net/unix", "r");
	char line[256];

	CHECK(f);
	unix_server(SOCK_STREAM, "@brig-shown", 1);
	CHECK(fgets(line, sizeof(line), f));
	CHECK(!strcmp(line, "Num       RefCount Protocol Flags    Type St "
			    "Inode Path\n"));
	while (fgets(line, sizeof(line), f)) {
		if (strstr(line, " /tmp/unix_no\n")) {
			CHECK(strstr(line, " 00000000 00010000 0001 01 "));
			found++;
		}
		if (strstr(line, " @brig-shown\n"))
			found += 10;
	}
	CHECK_EQ(found, 11);
	CHECK_OK(close(l));
	CHECK_OK(unlink("/tmp/unix_no"));
}
