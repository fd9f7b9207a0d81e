/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * init.c - process 1: it mounts or unpacks the root, and then becomes init.
 *
 * The work is done in process 1's own context, before it has any user memory:
 * file systems may ask who the running process is, and may sleep. Words of the
 * command line that the kernel does not know go to init: with a '=' into its
 * environment, without one to its arguments.
 */
#include "kernel/fs/disk.h"
#include "kernel/sys/core.h"
#include "kernel/sys/execargs.h"

enum { WORD_MAX = 256 };

/* --- the root ------------------------------------------------------------------ */

/* A disk as the root, where the command line names one: root=/dev/vda, and
 * rootfstype= and rootflags= as mount(8)'s -t and -o. */
static bool root_mount_disk(void)
{
	char disk[WORD_MAX], type[WORD_MAX] = "ext2", options[WORD_MAX] = "";
	int err;

	if (!cmdline_value("root", disk, sizeof(disk)))
		return false;
	cmdline_value("rootfstype", type, sizeof(type));
	cmdline_value("rootflags", options, sizeof(options));
	err = mount_root_init(type, disk, options);
	if (err)
		log_print(LOG_ERROR, "root=%s: error %d: the archive is used",
			  disk, -err);
	return !err;
}

/* The root may fill half of the memory, that of the modules too, which is not
 * free yet but will be: on a small machine they are a great part of it. */
static int root_mount_memory(void)
{
	const struct arch_boot *boot = arch_boot_info();
	struct page_stats ram;
	uint32_t pages;
	char options[64];

	page_stats_get(&ram);
	pages = ram.total;
	for (unsigned i = 0; i < boot->module_count; i++)
		pages += (boot->module[i].end - boot->module[i].start) /
			 PAGE_SIZE;
	str_format(options, sizeof(options), "size=%uk,nr_inodes=%u",
		   pages / 2 * (PAGE_SIZE / 1024), pages / 2);
	return mount_root_init("tmpfs", "root", options);
}

static bool is_archive(struct arch_range m)
{
	return initramfs_is_archive(phys_to_virt(m.start), m.end - m.start);
}

/* A module that is no archive is the content of a disk. */
static void modules_adopt(void)
{
	const struct arch_boot *boot = arch_boot_info();

	for (unsigned i = 0; i < boot->module_count; i++) {
		struct arch_range m = boot->module[i];
		int err = 0;

		if (!is_archive(m))
			err = dev_ramdisk_adopt(phys_to_virt(m.start),
						m.end - m.start);
		if (err)
			log_print(LOG_ERROR, "module %u: error %d", i, -err);
	}
}

/* The memory of an archive is free once it is unpacked. The first one is a root
 * of its own: it has no place on one that is there already. */
static void modules_unpack(struct thread *me, bool skip_first)
{
	const struct arch_boot *boot = arch_boot_info();

	for (unsigned i = 0; i < boot->module_count; i++) {
		struct arch_range m = boot->module[i];
		int err = 0;

		if (!is_archive(m))
			continue;
		if (!skip_first)
			err = initramfs_unpack(phys_to_virt(m.start),
					       m.end - m.start, me->cred,
					       me->proc->fs);
		skip_first = false;
		if (err)
			log_print(LOG_ERROR, "module %u: error %d", i, -err);
		page_give(m.start, m.end);
	}
}

/* Device nodes come from the kernel, so that any root can be booted. */
static void devices_mount(struct thread *me)
{
	struct path_at at = sys_at(me, AT_FDCWD);
	int err = mount_add(&at, "devtmpfs", "devtmpfs", "/dev", MS_NOSUID, "");

	if (err && err != -ENOENT)
		log_print(LOG_WARN, "/dev: error %d", -err);
}

/* Descriptors 0, 1 and 2. */
static void console_open(struct thread *me)
{
	struct path_at at = sys_at(me, AT_FDCWD);
	struct file *f;
	int err = path_open(&at, "/dev/console", O_RDWR | O_LARGEFILE, 0, &f);

	assert(!me->proc->files->open);
	for (int fd = 0; !err && fd < 3; fd++) {
		file_hold(f);
		err = file_install(me->proc->files, f, fd, false, RLIM_INFINITY);
		if (err >= 0)
			err = 0;
		else
			file_drop(f);
	}
	if (err)
		log_print(LOG_WARN, "init has no console: error %d", -err);
	else
		file_drop(f);
}

/* --- the command line ------------------------------------------------------------ */

/* Words that are the kernel's own, by key. */
static bool is_ours(const char *word, size_t key_length)
{
	static const char *const keys[] = { "init", "trace", "console", "quiet",
					    "debug", "verbose", "loglevel",
					    "panic", "ramdisk", "root",
					    "rootfstype", "rootflags" };

	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		if (strlen(keys[i]) == key_length &&
		    memcmp(keys[i], word, key_length) == 0)
			return true;
	/* name.option: for a part of the kernel, as in Linux */
	return memchr(word, '.', key_length) != NULL;
}

/* The next word of *line into word, without its quotes. False: no more. */
static bool word_next(const char **line, char word[WORD_MAX])
{
	const char *s = *line;
	bool quoted = false;
	size_t n = 0;

	while (*s == ' ' || *s == '\t' || *s == '\n')
		s++;
	if (!*s)
		return false;
	for (; *s && (quoted || (*s != ' ' && *s != '\t' && *s != '\n')); s++) {
		if (*s == '"')
			quoted = !quoted;
		else if (n + 1 < WORD_MAX)
			word[n++] = *s;
	}
	assert(n < WORD_MAX);
	word[n] = '\0';
	*line = s;
	return true;
}

/* Adds the words for init that do, or do not, have a '='. */
static int words_add(struct exec_args *a, bool environment)
{
	const char *line = cmdline_get();
	uint32_t *count = environment ? &a->envc : &a->argc;
	char word[WORD_MAX];
	int err = 0;

	while (!err && word_next(&line, word)) {
		const char *equals = strchr(word, '=');
		size_t key = equals ? (size_t)(equals - word) : strlen(word);

		if (!is_ours(word, key) && (equals != NULL) == environment)
			err = exec_args_kernel(a, word, count);
	}
	return err;
}

static int args_make(struct exec_args *a, const char *path)
{
	int err = exec_args_kernel(a, path, &a->argc);

	if (!err)
		err = words_add(a, false);
	if (!err)
		err = exec_args_kernel(a, "HOME=/", &a->envc);
	if (!err)
		err = exec_args_kernel(a, "TERM=linux", &a->envc);
	return err ? err : words_add(a, true);
}

/* --- the program ------------------------------------------------------------------- */

static int try_program(struct thread *me, const char *path)
{
	struct path_at at = sys_at(me, AT_FDCWD);
	struct exec_name name = { path, WALK_FOLLOW, path, false };
	struct exec_args a;
	int err;

	exec_args_init(&a, me->proc->limit[RLIMIT_STACK].cur);
	err = args_make(&a, path);
	if (!err)
		err = exec_program(me, &at, &name, &a);
	exec_args_drop(&a);
	if (!err)
		log_print(LOG_INFO, "%s started, %u ms after boot", path,
			  (unsigned)div_u64(arch_clock_ns(), 1000000, NULL));
	return err;
}

static void program_start(struct thread *me)
{
	static const char *const usual[] = { "/init", "/sbin/init", "/bin/sh" };
	char path[WORD_MAX];
	int err = -ENOENT;

	if (cmdline_value("init", path, sizeof(path))) {
		err = try_program(me, path);
		if (err)
			panic("init=%s: error %d", path, -err);
		return;
	}
	for (size_t i = 0; err && i < ARRAY_LEN(usual); i++) {
		err = try_program(me, usual[i]);
		if (err && err != -ENOENT)
			log_print(LOG_ERROR, "%s: error %d", usual[i], -err);
	}
	if (err)
		panic("no init found: is there an initramfs? (error %d)", -err);
}

/* Process 1's first steps; then it goes on as a user program. */
static void init_run(void *arg)
{
	struct thread *me = arg;
	bool on_disk;

	assert(me == thread_current() && me->proc->pid == 1);
	modules_adopt();
	disk_scan_all();
	on_disk = root_mount_disk();
	if ((!on_disk && root_mount_memory()) ||
	    path_context_copy(NULL, &me->proc->fs))
		panic("no memory for the root file system");
	modules_unpack(me, on_disk);
	devices_mount(me);
	console_open(me);
	program_start(me);
}

/* Makes process 1; it runs once sched_start lets it. */
void init_start(void)
{
	struct cred *root = cred_host_root();
	struct thread *t;
	struct proc *p;

	if (!root || proc_new(NULL, root, &p) ||
	    signal_actions_copy(NULL, &p->actions) ||
	    file_table_new(&p->files) || thread_new(p, &t))
		panic("no memory for process 1");
	assert(p->pid == 1);
	cred_drop(root);
	proc_set_comm(p, "init");
	t->kernel_entry = init_run;
	t->kernel_arg = t;
	sched_ready(t);
}
