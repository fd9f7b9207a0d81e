/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * privileges.c - every privilege that a system call asks for, tried by six
 * subjects (matrix.h), against FreeBSD's own table (reference.h). Those that no
 * call asks for yet are compared as rows of /proc/jail/policy: test policy.
 * oracle: no
 * seconds: 300
 */
#include <linux/fs.h>
#include <linux/rtnetlink.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/klog.h>
#include <sys/prctl.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/timex.h>
#include <sys/xattr.h>

#include "matrix.h"
#include "net_deeds.h"

/* --- identity ----------------------------------------------------------- */

TEST(cred_setuid)
{
	MATRIX("CRED_SETUID", EPERM, EPERM)
		TRY(setuid(BOB));
}

TEST(cred_seteuid)
{
	MATRIX("CRED_SETEUID", EPERM, EPERM)
		TRY(seteuid(BOB));
}

TEST(cred_setreuid)
{
	MATRIX("CRED_SETREUID", EPERM, EPERM)
		TRY(setreuid(BOB, BOB));
}

TEST(cred_setresuid)
{
	MATRIX("CRED_SETRESUID", EPERM, EPERM)
		TRY(setresuid(BOB, BOB, BOB));
}

TEST(cred_setgid)
{
	MATRIX("CRED_SETGID", EPERM, EPERM)
		TRY(setgid(GUESTS));
}

TEST(cred_setegid)
{
	MATRIX("CRED_SETEGID", EPERM, EPERM)
		TRY(setegid(GUESTS));
}

TEST(cred_setregid)
{
	MATRIX("CRED_SETREGID", EPERM, EPERM)
		TRY(setregid(GUESTS, GUESTS));
}

TEST(cred_setresgid)
{
	MATRIX("CRED_SETRESGID", EPERM, EPERM)
		TRY(setresgid(GUESTS, GUESTS, GUESTS));
}

TEST(cred_setgroups)
{
	gid_t groups[] = { STAFF, GUESTS };

	MATRIX("CRED_SETGROUPS", EPERM, EPERM)
		TRY(setgroups(2, groups));
}

/* --- processes ---------------------------------------------------------- */

TEST(proc_setrlimit)
{
	struct rlimit low = { 100, 100 }, high = { 100, 200 };

	MATRIX("PROC_SETRLIMIT", EPERM, EPERM) {
		CHECK_OK(setrlimit(RLIMIT_NOFILE, &low));
		TRY(setrlimit(RLIMIT_NOFILE, &high));
	}
}

TEST(proc_limit)
{
	struct rlimit none = { 0, 0 };

	MATRIX("PROC_LIMIT", EAGAIN, EAGAIN) {
		CHECK_OK(setrlimit(RLIMIT_NPROC, &none));
		if (TRY(fork()) == 0 && getpid() != getpgrp() && errno == 0)
			waitpid(-1, NULL, 0);
	}
}

/* What he may not see does not exist for him. */
TEST(seeotheruids)
{
	matrix_knob = J_BSD "see_other_uids";
	matrix_value = "0\n";
	MATRIX("SEEOTHERUIDS", ESRCH, ESRCH)
		TRY(getpgid(w->other));
}

TEST(seeothergids)
{
	matrix_knob = J_BSD "see_other_gids";
	matrix_value = "0\n";
	MATRIX("SEEOTHERGIDS", ESRCH, ESRCH)
		TRY(getpgid(w->other));
}

TEST(seejailproc)
{
	matrix_knob = J_BSD "see_jail_proc";
	matrix_value = "0\n";
	MATRIX("SEEJAILPROC", ESRCH, ESRCH)
		TRY(getpgid(w->below));
}

TEST(signal_diffcred)
{
	MATRIX("SIGNAL_DIFFCRED", EPERM, EPERM)
		TRY(kill(w->other, 0));
}

TEST(signal_diffjail)
{
	MATRIX("SIGNAL_DIFFJAIL", EPERM, EPERM)
		TRY(kill(w->below, 0));
}

static int open_environ(pid_t pid)
{
	char name[40];

	snprintf(name, sizeof(name), "/proc/%d/environ", (int)pid);
	return open(name, O_RDONLY);
}

TEST(debug_diffcred)
{
	MATRIX("DEBUG_DIFFCRED", EACCES, EACCES)
		TRY(open_environ(w->other));
}

/* Of one's own, who must not be looked into. */
TEST(debug_sugid)
{
	MATRIX("DEBUG_SUGID", EACCES, EACCES) {
		struct gate ready = gate_new();
		pid_t pid = fork();

		if (pid == 0) {
			prctl(PR_SET_DUMPABLE, 0);
			gate_open(ready);
			for (;;)
				pause();
		}
		gate_wait(ready);
		TRY(open_environ(pid));
		j_end_child(pid);
	}
}

TEST(debug_diffjail)
{
	MATRIX("DEBUG_DIFFJAIL", EACCES, EACCES)
		TRY(open_environ(w->below));
}

TEST(sched_diffcred)
{
	MATRIX("SCHED_DIFFCRED", EPERM, EPERM)
		TRY(setpriority(PRIO_PROCESS, w->other, 5));
}

TEST(sched_diffjail)
{
	MATRIX("SCHED_DIFFJAIL", EPERM, EPERM)
		TRY(setpriority(PRIO_PROCESS, w->below, 5));
}

/* Linux's and FreeBSD's setpriority both say EACCES here. */
TEST(sched_setpriority)
{
	MATRIX("SCHED_SETPRIORITY", EACCES, EACCES)
		TRY(setpriority(PRIO_PROCESS, 0, -5));
}

TEST(sched_rtprio)
{
	struct sched_param p = { .sched_priority = 1 };

	MATRIX("SCHED_RTPRIO", EPERM, EPERM)
		TRY(syscall(SYS_sched_setscheduler, 0, SCHED_FIFO, &p));
}

/* To a higher priority, from the one that a limit allows. */
TEST(sched_setparam_)
{
	struct sched_param low = { .sched_priority = 1 },
			   high = { .sched_priority = 2 };
	struct rlimit one = { 1, 1 };

	MATRIX("SCHED_SETPARAM", EPERM, EPERM) {
		(void)!setrlimit(RLIMIT_RTPRIO, &one);
		if (!TRY(syscall(SYS_sched_setscheduler, 0, SCHED_FIFO, &low)))
			TRY(syscall(SYS_sched_setparam, 0, &high));
	}
}

/* Out of SCHED_RESET_ON_FORK, which one may get into. */
TEST(sched_setpolicy)
{
	struct sched_param p = { 0 };

	MATRIX("SCHED_SETPOLICY", EPERM, EPERM) {
		CHECK_OK(syscall(SYS_sched_setscheduler, 0,
				 SCHED_OTHER | SCHED_RESET_ON_FORK, &p));
		TRY(syscall(SYS_sched_setscheduler, 0, SCHED_OTHER, &p));
	}
}

TEST(sched_cpuset)
{
	unsigned long cpu = 1;

	MATRIX("SCHED_CPUSET", EPERM, EPERM)
		TRY(syscall(SYS_sched_setaffinity, w->other, sizeof(cpu), &cpu));
}

/* --- System V objects --------------------------------------------------- */

TEST(ipc_read)
{
	MATRIX("IPC_READ", EACCES, EACCES)
		TRY((long)shmat(w->shm, NULL, SHM_RDONLY));
}

TEST(ipc_write)
{
	MATRIX("IPC_WRITE", EACCES, EACCES)
		TRY((long)shmat(w->shm, NULL, 0));
}

TEST(ipc_admin)
{
	struct shmid_ds ds = { .shm_perm = { .uid = BOB, .mode = 0600 } };

	MATRIX("IPC_ADMIN", EPERM, EPERM)
		TRY(shmctl(w->shm, IPC_SET, &ds));
}

/* More bytes in a queue than one may have by oneself. */
TEST(ipc_msgsize)
{
	struct msqid_ds ds;
	int id;

	MATRIX("IPC_MSGSIZE", EPERM, EPERM) {
		id = msgget(IPC_PRIVATE, 0600);
		CHECK_OK(id);
		CHECK_OK(msgctl(id, IPC_STAT, &ds));
		ds.msg_qbytes *= 2;
		TRY(msgctl(id, IPC_SET, &ds));
		CHECK_OK(msgctl(id, IPC_RMID, NULL));
	}
}

/* --- jails -------------------------------------------------------------- */

static int new_jail(void)
{
	return j_set(JAIL_CREATE, "path=/; persist");
}

TEST(jail_set_)
{
	int jid;

	MATRIX("JAIL_SET", EPERM, EPERM) {
		TRY(jid = new_jail());
		if (!tried)
			CHECK_OK(jail_remove(jid));
	}
}

TEST(jail_attach_)
{
	MATRIX("JAIL_ATTACH", EPERM, EPERM)
		TRY(jail_attach(w->sub));
}

TEST(jail_remove_)
{
	MATRIX("JAIL_REMOVE", EPERM, EPERM)
		TRY(jail_remove(getuid() ? w->sub : new_jail()));
}

/* --- files -------------------------------------------------------------- */

TEST(vfs_read)
{
	MATRIX("VFS_READ", EACCES, EACCES)
		TRY(open("secret", O_RDONLY));
}

TEST(vfs_write)
{
	MATRIX("VFS_WRITE", EACCES, EACCES)
		TRY(open("secret", O_WRONLY));
}

TEST(vfs_exec)
{
	MATRIX("VFS_EXEC", EACCES, EACCES)
		TRY(access("exe", X_OK));
}

TEST(vfs_lookup)
{
	MATRIX("VFS_LOOKUP", EACCES, EACCES)
		TRY(access("closed/f", F_OK));
}

TEST(vfs_admin)
{
	MATRIX("VFS_ADMIN", EPERM, EPERM)
		TRY(chmod("secret", 0600));
}

TEST(vfs_chown)
{
	MATRIX("VFS_CHOWN", EPERM, EPERM) {
		TRY(chown("mine", BOB, -1));
		if (!tried)
			CHECK_OK(chown("mine", ALICE, -1));
	}
}

/* Not an error, but the bit is gone; so with the next. */
TEST(vfs_setgid)
{
	MATRIX("VFS_SETGID", EPERM, EPERM) {
		CHECK_OK(chmod("mine", 02755));
		tried = mode_of("mine") & 02000 ? 0 : EPERM;
		CHECK_OK(chmod("mine", 0644));
	}
}

TEST(vfs_retainsugid)
{
	int fd;

	MATRIX("VFS_RETAINSUGID", EPERM, EPERM) {
		fd = open("suid", O_WRONLY);
		CHECK_EQ(write(fd, "x", 1), 1);
		tried = mode_of("suid") & 04000 ? 0 : EPERM;
	}
}

TEST(vfs_stickyfile)
{
	MATRIX("VFS_STICKYFILE", EPERM, EPERM) {
		TRY(rename("sticky/theirs", "sticky/moved"));
		if (!tried)
			CHECK_OK(rename("sticky/moved", "sticky/theirs"));
	}
}

TEST(vfs_link)
{
	matrix_knob = J_BSD "hardlink_check_uid";
	matrix_value = "1\n";
	MATRIX("VFS_LINK", EPERM, EPERM) {
		TRY(link("sticky/theirs", "tmp/link"));
		if (!tried)
			CHECK_OK(unlink("tmp/link"));
	}
}

TEST(vfs_chroot)
{
	MATRIX("VFS_CHROOT", EPERM, EPERM)
		TRY(chroot("."));
}

static int set_flags(const char *name, int flags)
{
	return ioctl(open(name, O_RDONLY), FS_IOC_SETFLAGS, &flags);
}

TEST(vfs_sysflags)
{
	MATRIX("VFS_SYSFLAGS", EPERM, EPERM) {
		TRY(set_flags("mine", FS_IMMUTABLE_FL));
		if (!tried)
			CHECK_OK(set_flags("mine", 0));
	}
}

TEST(vfs_mknod_dev)
{
	MATRIX("VFS_MKNOD_DEV", EPERM, EPERM) {
		TRY(mknod("tmp/node", S_IFCHR | 0600, makedev(1, 3)));
		if (!tried)
			CHECK_OK(unlink("tmp/node"));
	}
}

TEST(vfs_mount)
{
	MATRIX("VFS_MOUNT", EPERM, EPERM) {
		TRY(mount("tmpfs", "mnt", "tmpfs", 0, NULL));
		if (!tried)
			CHECK_OK(umount("mnt"));
	}
}

/* Of what one has mounted; the user tries what is there. */
TEST(vfs_unmount)
{
	MATRIX("VFS_UNMOUNT", EPERM, EPERM)
		TRY(mount("tmpfs", "mnt", "tmpfs", 0, NULL) ? umount("proc") :
							      umount("mnt"));
}

/* A name that only the system may use; the file system has none at all. */
TEST(vfs_extattr_system)
{
	MATRIX("VFS_EXTATTR_SYSTEM", EPERM, EPERM)
		if (TRY(setxattr("mine", "trusted.x", "v", 1, 0)) == EOPNOTSUPP)
			tried = 0;
}

/* Calls that have nothing to work on: whoever may gets as far as that. */
#define REFUSED(call) (TRY(call) == EPERM ? 0 : (tried = 0))

enum { Q_QUOTAON = 0x80000200, Q_QUOTAOFF = 0x80000300,
       Q_GETQUOTA = 0x80000700, Q_SETQUOTA = 0x80000800 };

#define QUOTA(name, command)                                                  \
	MATRIX(name, EPERM, EPERM)                                            \
		REFUSED(syscall(SYS_quotactl, command, "/dev/null", 0, NULL))

TEST(ufs_quotaon)
{
	QUOTA("UFS_QUOTAON", Q_QUOTAON);
}

TEST(ufs_quotaoff)
{
	QUOTA("UFS_QUOTAOFF", Q_QUOTAOFF);
}

TEST(vfs_getquota)
{
	QUOTA("VFS_GETQUOTA", Q_GETQUOTA);
}

TEST(vfs_setquota)
{
	QUOTA("VFS_SETQUOTA", Q_SETQUOTA);
}

TEST(swapon)
{
	MATRIX("SWAPON", EPERM, EPERM)
		REFUSED(syscall(SYS_swapon, "mine", 0));
}

TEST(swapoff)
{
	MATRIX("SWAPOFF", EPERM, EPERM)
		REFUSED(syscall(SYS_swapoff, "mine"));
}

TEST(acct_)
{
	MATRIX("ACCT", EPERM, EPERM)
		REFUSED(syscall(SYS_acct, NULL));
}

/* --- the machine -------------------------------------------------------- */

TEST(vm_mlock)
{
	struct rlimit none = { 0, 0 };

	MATRIX("VM_MLOCK", EPERM, EPERM) {
		CHECK_OK(setrlimit(RLIMIT_MEMLOCK, &none));
		TRY(mlock(places, 1));
	}
}

TEST(sethostname_)
{
	char name[65];

	CHECK_OK(gethostname(name, sizeof(name)));
	MATRIX("SETHOSTNAME", EPERM, EPERM) {
		CHECK_OK(gethostname(name, sizeof(name)));
		TRY(sethostname(name, strlen(name)));
	}
}

TEST(settimeofday_)
{
	struct timeval now;

	MATRIX("SETTIMEOFDAY", EPERM, EPERM) {
		CHECK_OK(gettimeofday(&now, NULL));
		TRY(settimeofday(&now, NULL));
	}
}

TEST(clock_settime_)
{
	struct timespec now;

	MATRIX("CLOCK_SETTIME", EPERM, EPERM) {
		CHECK_OK(clock_gettime(CLOCK_REALTIME, &now));
		TRY(clock_settime(CLOCK_REALTIME, &now));
	}
}

TEST(adjtime_)
{
	struct timeval step = { 0, 1 };

	MATRIX("ADJTIME", EPERM, EPERM)
		if (TRY(adjtime(&step, NULL)) == EOPNOTSUPP)
			tried = 0; /* he may; the clock cannot */
}

TEST(ntp_adjtime)
{
	struct timex t = { .modes = ADJ_FREQUENCY };

	MATRIX("NTP_ADJTIME", EPERM, EPERM)
		if (TRY(clock_adjtime(CLOCK_REALTIME, &t)) == EOPNOTSUPP)
			tried = 0;
}

TEST(reboot_)
{
	MATRIX("REBOOT", EPERM, EPERM)
		TRY(reboot(RB_DISABLE_CAD));
}

TEST(msgbuf)
{
	char text[64];

	MATRIX("MSGBUF", EPERM, EPERM)
		TRY(klogctl(3, text, sizeof(text)));
}

TEST(msgbuf_clear)
{
	MATRIX("MSGBUF_CLEAR", EPERM, EPERM)
		TRY(klogctl(5, NULL, 0));
}

static int own_tty(void)
{
	int zero = 0, number, master = open("/dev/ptmx", O_RDWR | O_NOCTTY);
	char name[32];

	CHECK_OK(master);
	CHECK_OK(ioctl(master, TIOCSPTLCK, &zero));
	CHECK_OK(ioctl(master, TIOCGPTN, &number));
	snprintf(name, sizeof(name), "/dev/pts/%d", number);
	return open(name, O_RDWR | O_NOCTTY);
}

TEST(tty_sti)
{
	MATRIX("TTY_STI", EPERM, EPERM)
		TRY(ioctl(own_tty(), TIOCSTI, "x"));
}

enum { TIOCVHANGUP_ = 0x5437 };

TEST(tty_console)
{
	MATRIX("TTY_CONSOLE", EPERM, EPERM)
		TRY(ioctl(own_tty(), TIOCVHANGUP_));
}

static int open_exclusive(void)
{
	char name[32];
	int fd = own_tty();

	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	CHECK_OK(ioctl(fd, TIOCEXCL));
	return open(name, O_RDWR | O_NOCTTY);
}

TEST(tty_exclusive)
{
	MATRIX("TTY_EXCLUSIVE", EBUSY, EBUSY)
		TRY(open_exclusive());
}

TEST(sysctl_write)
{
	MATRIX("SYSCTL_WRITE", EACCES, EPERM)
		TRY(j_write(J_HARDENED, "0\n"));
}

TEST(sysctl_writejail)
{
	MATRIX("SYSCTL_WRITEJAIL", EACCES, EPERM)
		TRY(j_write("/proc/sys/kern/securelevel",
			    w->jid ? "0\n" : "-1\n"));
}

/* Root gets as far as the image, which is none. */
TEST(kld_load)
{
	char image[64] = "no image";

	MATRIX("KLD_LOAD", EPERM, EPERM)
		if (TRY(syscall(SYS_init_module, image, sizeof(image), "")) ==
		    ENOEXEC)
			tried = 0;
}

TEST(kld_unload)
{
	MATRIX("KLD_UNLOAD", EPERM, EPERM)
		if (TRY(syscall(SYS_delete_module, "none", 0)) == ENOENT)
			tried = 0;
}

/* By a node that the host has left in the tree, with everybody's mode. */
TEST(kmem_read)
{
	MATRIX("KMEM_READ", EPERM, ENOENT)
		TRY(open("memory", O_RDONLY));
}

TEST(kmem_write)
{
	MATRIX("KMEM_WRITE", EPERM, ENOENT)
		TRY(open("memory", O_WRONLY));
}

TEST(io)
{
	MATRIX("IO", EPERM, EPERM)
		TRY(syscall(SYS_iopl, 3));
}

enum { RNDADDTOENTCNT = 0x40045201 };

TEST(random_reseed)
{
	int bits = 0;

	MATRIX("RANDOM_RESEED", EPERM, EPERM)
		TRY(ioctl(open("/dev/urandom", O_RDONLY), RNDADDTOENTCNT,
			  &bits));
}

/* --- network: jails with the addresses of their parents, nothing more ------ */

TEST(net_setif)
{
	MATRIX("NET_SETIFFLAGS", EPERM, EPERM)
		TRY(as_it_is(SIOCSIFFLAGS));
	MATRIX("NET_SETIFMTU", EPERM, EPERM)
		TRY(as_it_is(SIOCSIFMTU));
	MATRIX("NET_SETIFMETRIC", EPERM, EPERM)
		TRY(as_it_is(SIOCSIFMETRIC));
	MATRIX("NET_ADDIFADDR", EPERM, EPERM)
		TRY(as_it_is(SIOCSIFNETMASK));
	MATRIX("NET_SETLLADDR", EPERM, EPERM)	/* loopback has none to set */
		if (TRY(as_it_is(SIOCSIFHWADDR)) == EOPNOTSUPP)
			tried = 0;
	MATRIX("NET_SETIFNAME", EPERM, EPERM)
		if (TRY(rename_loopback()) == EBUSY)
			tried = 0;
}

/* Of an address that nobody has: who may gets as far as that. */
TEST(net_delifaddr)
{
	struct { struct nlmsghdr h; struct ifaddrmsg m; struct rtattr a;
		 in_addr_t v; } q = {
		{ sizeof(q), RTM_DELADDR, NLM_F_REQUEST | NLM_F_ACK, 1, 0 },
		{ AF_INET, 32, 0, 0, 1 }, { 8, IFA_LOCAL }, htonl(0x0a4d0001),
	};
	struct { struct nlmsghdr h; struct nlmsgerr e; char more[256]; } got;

	MATRIX("NET_DELIFADDR", EPERM, EPERM) {
		int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);

		CHECK_EQ(send(fd, &q, sizeof(q), 0), sizeof(q));
		CHECK(recv(fd, &got, sizeof(got), 0) > 0);
		tried = got.e.error == -EADDRNOTAVAIL ? 0 : -got.e.error;
	}
}

TEST(net_route)
{
	MATRIX("NET_ROUTE", EPERM, EPERM)
		TRY(route_there_and_away());
}

TEST(net_sockets)
{
	MATRIX("NETINET_BINDANY", EPERM, EPERM)
		TRY(free_bind());
	MATRIX("NETINET_RESERVEDPORT", EACCES, EACCES)
		TRY(low_port());
	MATRIX("NETINET_SETHDROPTS", EPERM, EPERM)
		TRY(high_priority());
	MATRIX("NETINET_RAW", EPERM, EPERM)
		TRY(socket(AF_INET, SOCK_RAW, IPPROTO_ICMP));
	MATRIX("NET_RAW", EPERM, EPERM)
		TRY(socket(AF_PACKET, SOCK_RAW, 0));
}

/* --- the rest, by the kernel's own print -------------------------------- */

/* "allow.routing or with its own vnet; securelevel < 3" as reference.h has
 * it: what a jail needs, and no more. */
static void normalize(char *text)
{
	char *at = strstr(text, "; securelevel");

	if (at)
		*at = '\0';
	at = strstr(text, "with its own vnet");
	if (at)
		strcpy(at, "vnet");
	for (at = text + strlen(text); at > text && at[-1] <= ' ';)
		*--at = '\0';
}

TEST(policy)
{
	char line[256], name[64], who[32], need[128];
	unsigned rows = 0, differ = 0;
	FILE *f;

	j_begin();
	f = fopen("/proc/jail/policy", "r");
	CHECK(f != NULL);
	while (fgets(line, sizeof(line), f)) {
		CHECK_EQ(sscanf(line, "PRIV_%63s %31s %127[^\n]", name, who,
				need), 3);
		normalize(need);
		rows++;
		if (!needs(name)) {
			ktap_note("PRIV_%s: the reference has none", name);
			differ++;
		} else if (strcmp(need, needs(name))) {
			ktap_note("PRIV_%s: \"%s\", the reference says \"%s\"",
				  name, need, needs(name));
			differ++;
		}
		if (strcmp(name, "NONE") && strncmp(who, "root", 4))
			FAIL("PRIV_%s: %s may", name, who);
	}
	RESULT("privileges|rows of /proc/jail/policy|host root|%u", rows);
	if (differ || rows < 100)
		FAIL("%u rows, %u unlike the reference", rows, differ);
}
