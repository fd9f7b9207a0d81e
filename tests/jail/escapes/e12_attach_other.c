/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * e12_attach_other.c - jailed root enters a jail that is not below its own; once
 * that changed the root before it failed.
 */
#include "escape.h"

static int other;

static void make_other(void)
{
	other = j_simple("other", "");
}

static int escape(void)
{
	struct stat root = stat_of("/"), now;
	int jid, err = 0;

	CHECK_OK(chdir("/tmp"));
	for (jid = 0; jid <= other && !err; jid++)
		if (jail_attach(jid) == 0 && exists("/inside"))
			return got("enters another jail");
		else if (errno != EINVAL)
			err = errno;
	now = stat_of("/");
	CHECK_EQ(root.st_ino, now.st_ino);
	now = stat_of("..");
	CHECK_EQ(root.st_ino, now.st_ino);
	CHECK(exists("/../inside") && !exists(e_marker));
	return err ? err : EINVAL;
}

__attribute__((constructor)) static void prepare(void)
{
	e_setup = make_other;
}

TEST(on_chroot)
{
	must_escape(CHROOT, escape);
}

TEST(on_hardened_chroot)
{
	must_escape(HARDENED, escape);
}

TEST(in_jail)
{
	must_refuse(JAIL, escape, EINVAL);
}
