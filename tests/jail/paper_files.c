/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * paper_files.c - items 11 to 14 of the paper: names end at the jail's root.
 * oracle: no
 */
#include "jail_test.h"

TEST(paper_11_dotdot)
{
	struct stat root;
	int jid;

	WHAT("`..` at the root stays there");
	j_begin();
	jid = j_simple("a", "");
	IN_JAIL(jid, 0) {
		root = stat_of("/");
		CHECK_OK(chdir("/"));
		for (int i = 0; i < 8; i++) {
			CHECK_OK(chdir(".."));
			CHECK_EQ(stat_of(".").st_ino, root.st_ino);
		}
		CHECK_EQ(stat_of("../../..").st_ino, root.st_ino);
		CHECK_EQ(stat_of("/tmp/../../..").st_ino, root.st_ino);
		CHECK(exists("/tmp/../../../inside"));
		CHECK_OK(chroot("/tmp"));
		CHECK_OK(chdir("/"));
		CHECK(!exists("/../inside"));
	}
}

TEST(paper_12_absolute_symlink)
{
	int jid;

	WHAT("an absolute symlink begins at the jail's root");
	j_begin();
	jid = j_simple("a", "");
	put("a/etc/name", "jail");
	IN_JAIL(jid, 0) {
		CHECK_OK(symlink("/etc/name", "/tmp/x"));
		CHECK(holds("/tmp/x", "jail"));
		CHECK_OK(symlink("../../../../../etc/name", "/tmp/y"));
		CHECK(holds("/tmp/y", "jail"));
		CHECK_OK(symlink(files_top, "/tmp/z"));
		CHECK_ERRNO(open("/tmp/z", O_RDONLY), ENOENT);
	}
}

/* E01 and E02 in short; the table of escapes has them at length. */
TEST(paper_13_chroot_escapes)
{
	struct stat root;
	int jid, fd;

	WHAT("the escapes from chroot end at the jail's root");
	j_begin();
	put("marker", "");
	jid = j_simple("a", "");
	IN_JAIL(jid, 0) {
		const char *marker = j_path("marker");

		root = stat_of("/");
		CHECK_OK(mkdir("d", 0755));
		fd = open("/", O_RDONLY | O_DIRECTORY);
		CHECK_OK(fd);
		if (chroot("d") == 0)
			(void)!fchdir(fd);
		for (int i = 0; i < 16; i++)
			(void)!chdir("..");
		(void)!chroot(".");
		CHECK_EQ(stat_of("/").st_dev, root.st_dev);
		CHECK_ERRNO(access(marker, F_OK), ENOENT);
		CHECK(faccessat(fd, "../marker", F_OK, 0) < 0);
	}
}

TEST(paper_14_host_sees_the_tree)
{
	int jid;

	WHAT("the host reads and writes the tree by its own names");
	j_begin();
	jid = j_simple("a", "");
	put("a/tmp/f", "from the host");
	IN_JAIL(jid, 0) {
		CHECK(holds("/tmp/f", "from the host"));
		put("/tmp/g", "from the jail");
	}
	CHECK(holds("a/tmp/g", "from the jail"));
}
