/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * module.c - the linker of kernel modules, kernel/sys/module_elf.c: a right
 * object runs; cut or changed anywhere it is refused, or links within bounds.
 * sources: kernel/sys/module_elf.c
 * seconds: 120
 */
#include "kernel/sys/module.h"

#include "ktap.h"

enum { FUZZ_ROUNDS = 60000 };

/* The kernel's own is in a file full of the C library's names. */
size_t str_copy(char *to, const char *from, size_t size)
{
	return snprintf(to, size, "%s", from);
}

static uint8_t object[65536];
static uint32_t object_size;

static int answer(void)
{
	return 42;
}

static uint32_t find(const char *name)
{
	return strcmp(name, "answer") ? 0 : (uint32_t)answer;
}

/* What gcc makes of a small module, with data, a table of pointers and a call
 * out. */
static void make_object(void)
{
	static const char source[] =
		"extern const char module_name[]; extern int answer(void);"
		"const char module_name[] = \"hosted\"; static int count = 3;"
		"static char room[100]; int *const where[] = { &count };"
		"int module_init(void) { room[count] = 1; return answer() - 42 "
		"+ *where[0] - 3 + room[2]; } void module_exit(void) { count++; }";
	char base[] = "/tmp/moduleXXXXXX", command[256];
	FILE *f;

	CHECK(mkdtemp(base));
	snprintf(command, sizeof(command), "gcc -m32 -O1 -fno-pic -ffreestanding "
		 "-fno-common -x c -c - -o %s/m.o", base);
	f = popen(command, "w");
	CHECK(f);
	fputs(source, f);
	CHECK_EQ(pclose(f), 0);
	snprintf(command, sizeof(command), "%s/m.o", base);
	f = fopen(command, "r");
	CHECK(f);
	object_size = fread(object, 1, sizeof(object), f);
	fclose(f);
	unlink(command);
	rmdir(base);
	CHECK(object_size > 52 && object_size < sizeof(object));
}

/* In memory of exactly the size that was asked for, so that ASan sees more. */
static int try(const void *bytes, uint32_t size, struct module_entry *out,
	       void **memory)
{
	static struct module_file m;
	char unknown[MODULE_NAME_MAX];
	uint8_t *copy = malloc(size ? size : 1);
	int err;

	memcpy(copy, bytes, size);
	*memory = NULL;
	err = module_parse(&m, copy, size);
	if (!err) {
		CHECK_EQ(posix_memalign(memory, 4096, m.memory_size), 0);
		memset(*memory, 0, m.memory_size);
		err = module_link(&m, *memory, find, out, unknown);
	}
	free(copy);
	return err;
}

TEST(a_module_is_linked)
{
	struct module_entry e;
	void *memory;

	make_object();
	CHECK_EQ(try(object, object_size, &e, &memory), 0);
	CHECK(!strcmp(e.name, "hosted"));
	CHECK(e.init && e.exit);
	CHECK(*(char *)memory || memory);
	free(memory);
}

TEST_WITHIN(cut_anywhere, 60)
{
	make_object();
	for (uint32_t n = 0; n < object_size; n++) {
		struct module_entry e;
		void *memory;
		int err = try(object, n, &e, &memory);

		free(memory);
		CHECK_EQ(err, -ENOEXEC);
	}
}

TEST_WITHIN(changed_anywhere, 100)
{
	static uint8_t changed[sizeof(object)];
	int right = 0;

	make_object();
	srand(3);
	for (int round = 0; round < FUZZ_ROUNDS; round++) {
		static const uint32_t values[] = { 0, 1, 0x7fffffff, 0x80000000,
						   0xffffffff, 0xfffffff0, 4096 };
		struct module_entry e;
		void *memory;
		int err;

		memcpy(changed, object, object_size);
		for (int k = rand() % 3; k >= 0; k--) {
			uint32_t at = rand() % (object_size - 4);

			if (rand() % 2)
				at = at % 2 ? at % 52 : object_size - 4 - at % 600;
			if (rand() % 2)
				changed[at] = rand();
			else
				memcpy(changed + at, &values[rand() % 7], 4);
		}
		err = try(changed, object_size, &e, &memory);
		free(memory);
		CHECK(err == 0 || err == -ENOEXEC || err == -ENOENT);
		right += err == 0;
	}
	CHECK(right > 0 && right < FUZZ_ROUNDS);
}

TEST(what_is_not_a_module)
{
	struct module_entry e;
	void *memory;

	make_object();
	object[16] = 2;		/* ET_EXEC */
	CHECK_EQ(try(object, object_size, &e, &memory), -ENOEXEC);
	object[16] = 1;
	object[18] = 62;	/* x86-64 */
	CHECK_EQ(try(object, object_size, &e, &memory), -ENOEXEC);
	object[18] = 3;
	for (uint32_t i = 0; i + 11 < object_size; i++)
		if (!memcmp(object + i, "module_init", 12))
			object[i] = 'M';
	CHECK_EQ(try(object, object_size, &e, &memory), -ENOEXEC);
}
