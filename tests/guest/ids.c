/* SPDX-License-Identifier: BSD-2-Clause */
/* ids.c - the rules by which user and group ids may change. As root only: the
 * children give up what they have. */
#include <grp.h>
#include <sys/fsuid.h>
#include <sys/syscall.h>

#include "ktap.h"

/* The raw calls: libc's change all threads, which is the same here. */
#define THREE(kind, a, b, c) do { \
	uint32_t got_r, got_e, got_s; \
	CHECK_OK(syscall(SYS_getres##kind##32, &got_r, &got_e, &got_s)); \
	CHECK_EQ(got_r, a); CHECK_EQ(got_e, b); CHECK_EQ(got_s, c); } while (0)

static void need_root(void)
{
	if (geteuid() != 0)
		SKIP("needs root");
}

TEST(root_sets_all_three)
{
	need_root();
	CHECK_OK(syscall(SYS_setuid32, 1000));
	THREE(uid, 1000, 1000, 1000);
	CHECK_ERRNO(syscall(SYS_setuid32, 0), EPERM);
	CHECK_OK(syscall(SYS_setuid32, 1000));
}

TEST(setgid_of_root_sets_all_three)
{
	need_root();
	CHECK_OK(syscall(SYS_setgid32, 100));
	THREE(gid, 100, 100, 100);
}

TEST(setresuid_may_shuffle_what_it_has)
{
	need_root();
	CHECK_OK(syscall(SYS_setresuid32, 1, 2, 3));
	THREE(uid, 1, 2, 3);
	CHECK_OK(syscall(SYS_setresuid32, 3, 1, -1));
	THREE(uid, 3, 1, 3);
	CHECK_ERRNO(syscall(SYS_setresuid32, 2, -1, -1), EPERM);
	THREE(uid, 3, 1, 3);
}

TEST(setreuid_moves_the_saved_id)
{
	need_root();
	CHECK_OK(syscall(SYS_setresuid32, 5, 5, 6));
	CHECK_OK(syscall(SYS_setreuid32, -1, 6));
	THREE(uid, 5, 6, 6);
}

TEST(setreuid_swaps)
{
	need_root();
	CHECK_OK(syscall(SYS_setresuid32, 5, 6, 7));
	CHECK_OK(syscall(SYS_setreuid32, 6, 5));
	THREE(uid, 6, 5, 5);
}

TEST(setreuid_refuses_the_saved_id_as_real)
{
	need_root();
	CHECK_OK(syscall(SYS_setresuid32, 5, 6, 7));
	CHECK_ERRNO(syscall(SYS_setreuid32, 7, -1), EPERM);
	CHECK_ERRNO(syscall(SYS_setreuid32, -1, 8), EPERM);
}

TEST(setregid_as_setreuid)
{
	need_root();
	CHECK_OK(syscall(SYS_setresgid32, 5, 6, 7));
	CHECK_OK(syscall(SYS_setresuid32, 1, 1, 1));
	CHECK_ERRNO(syscall(SYS_setregid32, 7, -1), EPERM);
	CHECK_OK(syscall(SYS_setregid32, 6, 5));
	THREE(gid, 6, 5, 5);
}

TEST(setuid_without_privilege_sets_the_effective_id)
{
	need_root();
	CHECK_OK(syscall(SYS_setresuid32, 5, 6, 7));
	CHECK_OK(syscall(SYS_setuid32, 7));
	THREE(uid, 5, 7, 7);
	CHECK_ERRNO(syscall(SYS_setuid32, 6), EPERM);
}

TEST(setuid_of_nobody_is_einval)
{
	CHECK_ERRNO(syscall(SYS_setuid32, -1), EINVAL);
	CHECK_ERRNO(syscall(SYS_setgid32, -1), EINVAL);
}

TEST(setfsuid_answers_with_the_old_one)
{
	need_root();
	CHECK_EQ(syscall(SYS_setfsuid32, 9), 0);
	CHECK_EQ(syscall(SYS_setfsuid32, -1), 9);
	CHECK_OK(syscall(SYS_setresuid32, 5, 6, 7));
	CHECK_EQ(syscall(SYS_setfsuid32, 7), 6);
	CHECK_EQ(syscall(SYS_setfsuid32, 8), 7);
	CHECK_EQ(syscall(SYS_setfsuid32, -1), 7);
}

TEST(groups_are_kept_and_counted)
{
	gid_t in[3] = { 7, 5, 9 }, out[4];

	need_root();
	CHECK_OK(setgroups(3, in));
	CHECK_EQ(getgroups(0, NULL), 3);
	CHECK_ERRNO(getgroups(2, out), EINVAL);
	CHECK_EQ(getgroups(4, out), 3);
	CHECK_EQ(out[0] + out[1] + out[2], 21);
	CHECK_OK(syscall(SYS_setuid32, 1000));
	CHECK_ERRNO(setgroups(3, in), EPERM);
	CHECK_ERRNO(syscall(SYS_setgroups32, 70000, in), EPERM);
}

TEST(sixteen_bit_calls)
{
	need_root();
	CHECK_OK(syscall(SYS_setgid32, 70000));
	CHECK_EQ(syscall(SYS_getgid), 65534);
	CHECK_OK(syscall(SYS_setresuid32, 1000, 70001, 5));
	CHECK_EQ(syscall(SYS_getuid), 1000);
	CHECK_EQ(syscall(SYS_geteuid), 65534);
	CHECK_OK(syscall(SYS_setresuid, 5, 0xffff, 0xffff));
	THREE(uid, 5, 70001, 5);
}
