/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * info.c - what the system is, and the deeds that concern all of it: uname,
 * host name, sysinfo, kernel log, random numbers, reboot, prctl.
 *
 * Host and domain names belong to the caller's prison, if it has its own.
 */
#include "kernel/base/version.h"
#include "kernel/sys/calls.h"
#include "kernel/sys/core.h"

int sys_newuname(struct thread *me, const uint32_t *arg)
{
	const struct prison *prison = me->cred->prison;
	const struct prison *namer = prison_namer(me->cred->prison);
	struct abi_utsname u;

	memset(&u, 0, sizeof(u));
	str_copy(u.sysname, "Linux", sizeof(u.sysname));
	str_copy(u.nodename, namer->hostname, sizeof(u.nodename));
	str_copy(u.release, prison->osrelease, sizeof(u.release));
	str_copy(u.version, "Brig " BRIG_VERSION, sizeof(u.version));
	str_copy(u.machine, "i686", sizeof(u.machine));
	str_copy(u.domainname, namer->domainname, sizeof(u.domainname));
	return user_copy_out(arg[0], &u, sizeof(u));
}

static int set_name(struct thread *me, const uint32_t *arg, char *where)
{
	char name[PRISON_HOST_MAX];
	int err = priv_check(me->cred, PRIV_SETHOSTNAME);

	if (err)
		return err;
	if (me->cred->prison->host != SHARE_NEW) {
		/* the name is that of a prison above */
		prison_denied(me->cred, "host", "inherited", -EPERM);
		return -EPERM;
	}
	if (arg[1] >= sizeof(name))
		return -EINVAL;
	err = user_copy_in(name, arg[0], arg[1]);
	if (err)
		return err;
	name[arg[1]] = '\0';
	assert(arg[1] < sizeof(name));
	str_copy(where, name, PRISON_HOST_MAX);
	return 0;
}

int sys_sethostname(struct thread *me, const uint32_t *arg)
{
	return set_name(me, arg, me->cred->prison->hostname);
}

int sys_setdomainname(struct thread *me, const uint32_t *arg)
{
	return set_name(me, arg, me->cred->prison->domainname);
}

int sys_sysinfo(struct thread *me, const uint32_t *arg)
{
	struct page_stats pages;
	struct abi_sysinfo s;

	(void)me;
	page_stats_get(&pages);
	memset(&s, 0, sizeof(s));
	s.uptime = (int32_t)(arch_clock_ns() / 1000000000);
	sched_loads(s.loads);
	s.totalram = pages.total * PAGE_SIZE;
	s.freeram = pages.free * PAGE_SIZE;
	s.bufferram = 0;
	s.sharedram = pages.cached * PAGE_SIZE;
	s.procs = (uint16_t)min_u32(proc_count(), UINT16_MAX);
	s.mem_unit = 1;
	assert(s.freeram <= s.totalram);
	return user_copy_out(arg[0], &s, sizeof(s));
}

/* --- the kernel log: syslog(2), which libc calls klogctl --------------------- */

enum { SYSLOG_CLOSE, SYSLOG_OPEN, SYSLOG_READ, SYSLOG_READ_ALL,
       SYSLOG_READ_CLEAR, SYSLOG_CLEAR, SYSLOG_CONSOLE_OFF,
       SYSLOG_CONSOLE_ON, SYSLOG_CONSOLE_LEVEL, SYSLOG_SIZE_UNREAD,
       SYSLOG_SIZE_BUFFER };
enum { LOG_RING = 65536 };

/* The newest `size` bytes of the ring. */
static int log_read_all(uint32_t user, uint32_t size)
{
	uint32_t have = log_size();
	uint32_t n = min_u32(size, have);
	char *text;
	int err;

	if (!n)
		return 0;
	text = kmem_alloc(n);
	if (!text)
		return -ENOMEM;
	n = log_read(have - n, text, n);
	assert(n <= size);
	err = user_copy_out(user, text, n);
	kmem_free(text);
	return err ? err : (int)n;
}

int sys_syslog(struct thread *me, const uint32_t *arg)
{
	bool reads = arg[0] == SYSLOG_READ_ALL || arg[0] == SYSLOG_SIZE_BUFFER;
	int n, err = priv_check(me->cred, reads ? PRIV_MSGBUF
						: PRIV_MSGBUF_CLEAR);

	if (err)
		return err;
	switch (arg[0]) {
	case SYSLOG_CLOSE:
	case SYSLOG_OPEN:
		return 0;
	case SYSLOG_READ:
	case SYSLOG_READ_ALL:
	case SYSLOG_READ_CLEAR:
		if ((int32_t)arg[2] < 0 || !arg[1])
			return -EINVAL;
		n = log_read_all(arg[1], arg[2]);
		if (n >= 0 && arg[0] == SYSLOG_READ_CLEAR)
			log_clear();
		return n;
	case SYSLOG_CLEAR:
		log_clear();
		return 0;
	case SYSLOG_CONSOLE_OFF:
		log_level_set(LOG_ERROR);
		return 0;
	case SYSLOG_CONSOLE_ON:
		log_level_set(LOG_WARN);
		return 0;
	case SYSLOG_CONSOLE_LEVEL:
		if (arg[2] < 1 || arg[2] > 8)
			return -EINVAL;
		log_level_set((enum log_level)(arg[2] - 1));
		return 0;
	case SYSLOG_SIZE_UNREAD:
		return log_size();
	case SYSLOG_SIZE_BUFFER:
		return LOG_RING;
	default:
		return -EINVAL;
	}
}

/* --- randomness ---------------------------------------------------------------- */

enum { GRND_NONBLOCK = 1, GRND_RANDOM = 2, GRND_INSECURE = 4,
       RANDOM_CHUNK = 256 };

int sys_getrandom(struct thread *me, const uint32_t *arg)
{
	uint32_t done = 0, count = min_u32(arg[1], INT32_MAX);
	uint8_t chunk[RANDOM_CHUNK];
	int err;

	if ((arg[2] & ~7u) ||
	    (arg[2] & (GRND_RANDOM | GRND_INSECURE)) ==
		    (GRND_RANDOM | GRND_INSECURE))
		return -EINVAL;
	if (!(arg[2] & GRND_INSECURE)) {
		err = random_wait(arg[2] & GRND_NONBLOCK);
		if (err)
			return err;
	}
	while (done < count) {
		uint32_t n = min_u32(count - done, sizeof(chunk));

		random_get(chunk, n);
		if (user_copy_out(arg[0] + done, chunk, n))
			return done ? (int)done : -EFAULT;
		done += n;
		if (done >= PAGE_SIZE && signal_pending(me))
			break;
	}
	return done;
}

/* --- the end of the machine's run ------------------------------------------------ */

#define REBOOT_MAGIC1 0xfee1deadu
enum { REBOOT_MAGIC2 = 672274793, REBOOT_MAGIC2A = 85072278,
       REBOOT_MAGIC2B = 369367448, REBOOT_MAGIC2C = 537993216 };
#define REBOOT_RESTART 0x01234567u
#define REBOOT_RESTART2 0xa1b2c3d4u
#define REBOOT_HALT 0xcdef0123u
#define REBOOT_POWER_OFF 0x4321fedcu
#define REBOOT_CAD_ON 0x89abcdefu

void shut_down(const char *why)
{
	log_print(LOG_INFO, "%s.", why);
	gcov_dump(arch_debug_write);
	dev_console_flush();
}

int sys_reboot(struct thread *me, const uint32_t *arg)
{
	int err = priv_check(me->cred, PRIV_REBOOT);

	if (err)
		return err;
	if (arg[0] != REBOOT_MAGIC1 ||
	    (arg[1] != REBOOT_MAGIC2 && arg[1] != REBOOT_MAGIC2A &&
	     arg[1] != REBOOT_MAGIC2B && arg[1] != REBOOT_MAGIC2C))
		return -EINVAL;
	switch (arg[2]) {
	case REBOOT_CAD_ON:
	case 0: /* Ctrl-Alt-Del off */
		return 0;
	case REBOOT_RESTART:
	case REBOOT_RESTART2:
		shut_down("Restarting system");
		arch_reboot();
	case REBOOT_HALT:
		shut_down("System halted");
		arch_halt();
	case REBOOT_POWER_OFF:
		shut_down("Power down");
		arch_power_off();
	default:
		return -EINVAL;
	}
}

/* --- prctl: what concerns a process and needs no privilege ------------------------ */

enum {
	PR_SET_PDEATHSIG = 1, PR_GET_PDEATHSIG = 2, PR_GET_DUMPABLE = 3,
	PR_SET_DUMPABLE = 4, PR_GET_KEEPCAPS = 7, PR_SET_KEEPCAPS = 8,
	PR_SET_NAME = 15, PR_GET_NAME = 16, PR_GET_SECCOMP = 21,
	PR_CAPBSET_READ = 23, PR_GET_SECUREBITS = 27, PR_SET_TIMERSLACK = 29,
	PR_GET_TIMERSLACK = 30, PR_SET_NO_NEW_PRIVS = 38,
	PR_GET_NO_NEW_PRIVS = 39, CAP_LAST = 40, TIMER_SLACK_NS = 50000,
};

static int set_comm(struct thread *me, uint32_t user)
{
	char name[PROC_COMM_MAX];
	int n = user_string_in(name, user, sizeof(name));

	if (n == -ENAMETOOLONG) { /* longer names are cut */
		n = user_copy_in(name, user, sizeof(name) - 1);
		name[sizeof(name) - 1] = '\0';
	}
	if (n < 0)
		return n;
	proc_set_comm(me->proc, name);
	return 0;
}

static int get_comm(struct thread *me, uint32_t user)
{
	char name[PROC_COMM_MAX] = "";

	str_copy(name, me->proc->comm, sizeof(name));
	return user_copy_out(user, name, sizeof(name));
}

int sys_prctl(struct thread *me, const uint32_t *arg)
{
	struct proc *p = me->proc;

	switch (arg[0]) {
	case PR_SET_PDEATHSIG:
		if (arg[1] > SIGNAL_MAX)
			return -EINVAL;
		p->death_signal = arg[1];
		return 0;
	case PR_GET_PDEATHSIG:
		return user_put32(arg[1], p->death_signal);
	case PR_GET_DUMPABLE:
		return p->dumpable;
	case PR_SET_DUMPABLE:
		if (arg[1] > 1)
			return -EINVAL;
		p->dumpable = arg[1];
		return 0;
	case PR_SET_NAME:
		return set_comm(me, arg[1]);
	case PR_GET_NAME:
		return get_comm(me, arg[1]);
	case PR_CAPBSET_READ:
		return arg[1] <= CAP_LAST ? 1 : -EINVAL;
	/* Only noted: privileges go by the user, there are none to keep. */
	case PR_SET_KEEPCAPS:
		if (arg[1] > 1)
			return -EINVAL;
		p->keep_caps = arg[1];
		return 0;
	case PR_GET_KEEPCAPS:
		return p->keep_caps;
	case PR_GET_SECUREBITS:
	case PR_GET_SECCOMP:
		return 0;
	case PR_SET_TIMERSLACK:
		return 0;
	case PR_GET_TIMERSLACK:
		return TIMER_SLACK_NS;
	case PR_SET_NO_NEW_PRIVS:
		if (arg[1] != 1 || arg[2] || arg[3] || arg[4])
			return -EINVAL;
		p->no_new_privs = true;
		return 0;
	case PR_GET_NO_NEW_PRIVS:
		return p->no_new_privs;
	default:
		return -EINVAL;
	}
}

/* getcpu(2): one CPU runs, one node there is. */
int sys_getcpu(struct thread *me, const uint32_t *arg)
{
	int err = 0;

	(void)me;
	if (arg[0])
		err = user_put32(arg[0], sched_cpu()->number);
	if (!err && arg[1])
		err = user_put32(arg[1], 0);
	return err;
}
