/* SPDX-License-Identifier: BSD-2-Clause
 * seconds: 240 */
/* hostile_exec.c - execve with what it should not get: huge and too huge
 * arguments, ELF files cut short and mutated, scripts that call themselves. */
#include <limits.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "ktap.h"

static char place[64];

static const char *file(const char *name)
{
	static char path[4][128];
	static unsigned next;
	char *to = path[next++ % 4];

	if (!place[0]) {
		snprintf(place, sizeof(place), "/tmp/hx.%d", (int)getpid());
		mkdir(place, 0700);
	}
	snprintf(to, 128, "%s/%s", place, name);
	return to;
}

static void put(const char *path, const void *bytes, size_t n)
{
	int fd = open(path, O_CREAT | O_TRUNC | O_WRONLY, 0700);

	CHECK(fd >= 0);
	CHECK_EQ(write(fd, bytes, n), (long long)n);
	fchmod(fd, 0700);
	close(fd);
}

/* errno of the exec in a child, 0 when the program ran and ended by exit(7),
 * 1000 + signal or 2000 + status otherwise. */
static int try_exec(const char *path, char *const argv[], char *const envp[])
{
	int channel[2], err = 0, status;
	pid_t p;

	CHECK_OK(pipe2(channel, O_CLOEXEC));
	p = fork();
	if (p == 0) {
		alarm(2);
		execve(path, argv, envp);
		err = errno;
		_exit(write(channel[1], &err, sizeof(err)) < 0);
	}
	close(channel[1]);
	if (read(channel[0], &err, sizeof(err)) != sizeof(err))
		err = 0;
	close(channel[0]);
	status = ktap_wait(p);
	if (err)
		return err;
	if (WIFSIGNALED(status))
		return 1000 + WTERMSIG(status);
	return WEXITSTATUS(status) == 7 ? 0 : 2000 + WEXITSTATUS(status);
}

/* The smallest static ELF: exit(7). */
struct tiny {
	unsigned char ident[16];
	uint16_t type, machine;
	uint32_t version, entry, phoff, shoff, flags;
	uint16_t ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
	uint32_t p_type, p_offset, p_vaddr, p_paddr, p_filesz, p_memsz, p_flags,
		p_align;
	unsigned char code[12];
} __attribute__((packed));

static struct tiny tiny_elf(void)
{
	struct tiny t = {
		.ident = { 0x7f, 'E', 'L', 'F', 1, 1, 1 }, .type = 2,
		.machine = 3, .version = 1, .entry = 0x08048000 + 84,
		.phoff = 52, .ehsize = 52, .phentsize = 32, .phnum = 1,
		.p_type = 1, .p_vaddr = 0x08048000, .p_paddr = 0x08048000,
		.p_filesz = sizeof(t), .p_memsz = sizeof(t), .p_flags = 5,
		.p_align = 4096,
		.code = { 0xb8, 1, 0, 0, 0, 0xbb, 7, 0, 0, 0, 0xcd, 0x80 },
	};

	return t;
}

static char *const no_args[] = { "x", NULL }, *const no_env[] = { NULL };

TEST(the_tiny_program_runs)
{
	struct tiny t = tiny_elf();

	put(file("tiny"), &t, sizeof(t));
	CHECK_EQ(try_exec(file("tiny"), no_args, no_env), 0);
}

static char **many(size_t count, size_t size)
{
	char **v = calloc(count + 2, sizeof(*v)), *s = malloc(size + 1);

	CHECK(v && s);
	memset(s, 'a', size);
	s[size] = 0;
	for (size_t i = 0; i < count; i++)
		v[i] = s;
	return v;
}

TEST(argv_of_one_megabyte_is_fine)
{
	struct tiny t = tiny_elf();

	put(file("tiny"), &t, sizeof(t));
	CHECK_EQ(try_exec(file("tiny"), many(16, 65536), no_env), 0);
}

TEST(argv_too_large_is_e2big)
{
	struct tiny t = tiny_elf();

	put(file("tiny"), &t, sizeof(t));
	CHECK_EQ(try_exec(file("tiny"), many(64, 100000), no_env), E2BIG);
	CHECK_EQ(try_exec(file("tiny"), no_args, many(64, 100000)), E2BIG);
	CHECK_EQ(try_exec(file("tiny"), many(1, 131072), no_env), E2BIG);
	CHECK_EQ(try_exec(file("tiny"), many(1, 131071 - 1), no_env), 0);
	CHECK_EQ(try_exec(file("tiny"), many(2000000, 1), no_env), E2BIG);
}

TEST(wrong_files)
{
	struct tiny t = tiny_elf();

	put(file("tiny"), &t, sizeof(t));
	put(file("empty"), "", 0);
	put(file("text"), "hello\n", 6);
	CHECK_EQ(try_exec(file("none"), no_args, no_env), ENOENT);
	CHECK_EQ(try_exec(file("empty"), no_args, no_env), ENOEXEC);
	CHECK_EQ(try_exec(file("text"), no_args, no_env), ENOEXEC);
	CHECK_EQ(try_exec(place, no_args, no_env), EACCES);
	CHECK_EQ(try_exec("/dev/null", no_args, no_env), EACCES);
	CHECK_EQ(try_exec("", no_args, no_env), ENOENT);
	chmod(file("tiny"), 0600);
	CHECK_EQ(try_exec(file("tiny"), no_args, no_env), EACCES);
	t.machine = 62;
	put(file("foreign"), &t, sizeof(t));
	CHECK_EQ(try_exec(file("foreign"), no_args, no_env), ENOEXEC);
}

TEST(scripts)
{
	struct tiny t = tiny_elf();
	char text[400];

	put(file("tiny"), &t, sizeof(t));
	snprintf(text, sizeof(text), "#!%s\n", file("tiny"));
	put(file("s1"), text, strlen(text));
	CHECK_EQ(try_exec(file("s1"), no_args, no_env), 0);
	snprintf(text, sizeof(text), "#!%s arg more\nbody\n", file("s1"));
	put(file("s2"), text, strlen(text));
	CHECK_EQ(try_exec(file("s2"), no_args, no_env), 0);
	snprintf(text, sizeof(text), "#!%s\n", file("self"));
	put(file("self"), text, strlen(text));
	CHECK_EQ(try_exec(file("self"), no_args, no_env), ELOOP);
	put(file("blank"), "#!\n", 3);
	CHECK_EQ(try_exec(file("blank"), no_args, no_env), ENOEXEC);
	put(file("gone"), "#!/nonexistent\n", 15);
	CHECK_EQ(try_exec(file("gone"), no_args, no_env), ENOENT);
}

/* A real program's bytes, this one's, for cutting and mutating. */
static unsigned char *own_bytes(size_t *n)
{
	struct stat st;
	unsigned char *p;
	int fd = open("/proc/self/exe", O_RDONLY);

	CHECK(fd >= 0);
	CHECK_OK(fstat(fd, &st));
	p = malloc(st.st_size);
	CHECK_EQ(read(fd, p, st.st_size), st.st_size);
	close(fd);
	*n = st.st_size;
	return p;
}

TEST_WITHIN(elf_cut_at_every_64th_byte, 120)
{
	char *const list[] = { "x", "no_such_test", NULL };
	size_t n, ran = 0;
	unsigned char *p = own_bytes(&n);

	for (size_t cut = 0; cut < n; cut += 64) {
		int got;

		put(file("cut"), p, cut);
		got = try_exec(file("cut"), list, no_env);
		ran += got >= 1000 || got == 0;
		if (cut < 52 && got != ENOEXEC)
			FAIL("cut at %zu gives %d", cut, got);
	}
	ktap_note("%zu started", ran);
}

TEST_WITHIN(elf_headers_mutated, 120)
{
	struct tiny good = tiny_elf();
	uint32_t x = 99;

	for (int round = 0; round < 3000; round++) {
		struct tiny t = good;
		unsigned char *bytes = (unsigned char *)&t;

		for (int i = 0; i < 1 + round % 4; i++) {
			unsigned at;

			x = x * 1664525 + 1013904223;
			at = x >> 8 & 127;
			if (at >= 84)
				at -= 64;
			x = x * 1664525 + 1013904223;
			bytes[at] = x >> 24;
		}
		put(file("mutant"), &t, sizeof(t));
		(void)try_exec(file("mutant"), no_args, no_env);
	}
}

TEST(elf_segment_over_the_kernel_is_refused)
{
	static const uint32_t at[] = { 0xb0000000, 0xaffff000, 0xfffff000,
				       0xc0000000 };
	struct tiny t;

	if (!on_brig())
		SKIP("the kernel lies elsewhere");
	for (unsigned i = 0; i < 4; i++) {
		t = tiny_elf();
		t.p_vaddr = at[i];
		t.p_memsz = 0x3000;
		put(file("high"), &t, sizeof(t));
		CHECK(try_exec(file("high"), no_args, no_env) != 0);
	}
}

TEST(running_text_cannot_be_written)
{
	CHECK_ERRNO(open("/proc/self/exe", O_WRONLY), ETXTBSY);
}

TEST(free_memory_returns_after_failed_execs)
{
	struct tiny t = tiny_elf();
	long before = 0, after;

	if (!on_brig())
		SKIP("others use the memory of this machine");
	t.p_memsz = 0x7fffffff;
	put(file("huge"), &t, sizeof(t));
	for (int round = 0; round < 60; round++) {
		char line[128];
		FILE *f;

		(void)try_exec(file("huge"), many(4, 1000), no_env);
		if (round != 19 && round != 59)
			continue;
		f = fopen("/proc/meminfo", "r");
		CHECK(f != NULL);
		after = -1;
		while (fgets(line, sizeof(line), f))
			sscanf(line, "MemFree: %ld", &after);
		fclose(f);
		CHECK(after > 0);
		if (round == 19)
			before = after;
	}
	if (before - after > 200)
		FAIL("%ld KB are gone", before - after);
}
