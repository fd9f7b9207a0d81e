/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * boot.c - what the loader hands over, copied before anything overwrites it.
 *
 * QEMU puts the kernel's file name before the command line; GRUB and v86 do
 * not. v86 gives no mem_lower/upper, and a memory map that calls ROM free. So
 * the map is only believed above 1 MB and between 64 KB and the EBDA. All
 * reading goes through phys_read: the loader's data may lie anywhere.
 *
 * Invariant: ram[] is sorted as found, page aligned, and free of the kernel,
 * the modules and whatever no loader may be trusted with.
 */
#include "arch/i386/inner.h"

extern const uint8_t arch_image_start[], arch_image_end[];

enum {	/* multiboot information: flags and word offsets */
	HAS_MEMORY = 1, HAS_CMDLINE = 4, HAS_MODULES = 8, HAS_MAP = 0x40,
	HAS_LOADER_NAME = 0x200,
	AT_FLAGS_WORD = 0, AT_MEM_UPPER = 2, AT_COMMAND = 4, AT_MODULE_COUNT = 5,
	AT_MODULES = 6, AT_MAP_SIZE = 11, AT_MAP = 12, AT_LOADER_NAME = 16,
	INFO_WORDS = 17, MAP_AVAILABLE = 1,
};
enum {
	LOW_FREE = 0x10000,	/* below: vectors, BIOS data, loader leftovers */
	LOW_END = 0x9f000,	/* from here to 1 MB: EBDA, video, ROM */
	HIGH_START = 0x100000,
	MAP_ENTRIES_MAX = 128,
};

static struct arch_boot boot;
static bool ram_capped, ranges_full;

const struct arch_boot *arch_boot_info(void)
{
	return &boot;
}

static void range_add(uint32_t start, uint32_t end)
{
	start = (start + PAGE_MASK) & ~(uint32_t)PAGE_MASK;
	end &= ~(uint32_t)PAGE_MASK;
	if (start >= end)
		return;
	if (boot.ram_count == ARCH_RANGES_MAX) {
		ranges_full = true;
		return;
	}
	boot.ram[boot.ram_count++] = (struct arch_range){ start, end };
}

/* Takes start..end out of what is usable. */
static void range_remove(uint32_t start, uint32_t end)
{
	unsigned count = boot.ram_count;

	for (unsigned i = 0; i < count; i++) {
		struct arch_range *r = &boot.ram[i], old = *r;

		if (old.end <= start || old.start >= end)
			continue;
		r->end = start > old.start ?
			start & ~(uint32_t)PAGE_MASK : old.start;
		if (r->end < r->start)
			r->end = r->start;
		if (end < old.end)
			range_add(end, old.end);
	}
}

/* Ranges that became empty go; the rest keep their order. */
static void ranges_compact(void)
{
	unsigned n = 0;

	for (unsigned i = 0; i < boot.ram_count; i++) {
		if (boot.ram[i].start < boot.ram[i].end)
			boot.ram[n++] = boot.ram[i];
	}
	boot.ram_count = n;
}

/* One piece of RAM as the loader tells it, 64-bit. */
static void memory_found(uint64_t base, uint64_t length)
{
	uint64_t end = base + length;

	if (end < base || base >= DIRECT_MAX) {
		ram_capped |= base >= HIGH_START && length;
		return;
	}
	if (end > DIRECT_MAX) {
		ram_capped = true;
		end = DIRECT_MAX;
	}
	assert(base <= end && end <= DIRECT_MAX);
	boot.ram_total += (uint32_t)(end - base) & ~(uint32_t)PAGE_MASK;
	range_add((uint32_t)base, (uint32_t)end);
}

static void read_memory(const uint32_t *info)
{
	uint32_t at = info[AT_MAP], end = at + info[AT_MAP_SIZE];

	if (!(info[AT_FLAGS_WORD] & HAS_MAP)) {
		if (!(info[AT_FLAGS_WORD] & HAS_MEMORY))
			panic("the loader says nothing about memory");
		memory_found(0, LOW_END);
		memory_found(HIGH_START, (uint64_t)info[AT_MEM_UPPER] << 10);
		return;
	}
	for (unsigned i = 0; i < MAP_ENTRIES_MAX && at + 24 <= end; i++) {
		struct {
			uint32_t size;
			uint64_t base, length;
			uint32_t type;
		} __attribute__((packed)) e;

		phys_read(&e, at, sizeof(e));
		if (e.type == MAP_AVAILABLE)
			memory_found(e.base, e.length);
		if (e.size < 20 || e.size > 1024)
			break;
		at += e.size + 4;
	}
}

static void read_modules(const uint32_t *info)
{
	uint32_t count = info[AT_MODULE_COUNT];

	if (!(info[AT_FLAGS_WORD] & HAS_MODULES))
		return;
	for (uint32_t i = 0; i < count && i < ARCH_MODULES_MAX; i++) {
		struct arch_range m;

		/* 16 bytes each: start, end, string (v86: 0), reserved */
		phys_read(&m, info[AT_MODULES] + i * 16, sizeof(m));
		if (m.start < m.end && m.end <= DIRECT_MAX)
			boot.module[boot.module_count++] = m;
	}
}

/* Copies a NUL-terminated string; cut at size - 1. */
static void read_string(char *to, uint32_t phys, uint32_t size)
{
	uint32_t n = 0;

	for (; n + 1 < size; n++) {
		phys_read(&to[n], phys + n, 1);
		if (!to[n])
			return;
	}
	to[n] = 0;
}

/* Is the first word the kernel's file name? QEMU always puts it there. */
static bool names_kernel(const char *line, bool from_qemu)
{
	const char *end = strchr(line, ' ');
	size_t n = end ? (size_t)(end - line) : strlen(line);

	if (from_qemu)
		return true;
	return n > 4 && !memchr(line, '=', n) && !memcmp(line + n - 4, ".elf", 4);
}

static void read_cmdline(const uint32_t *info)
{
	static char line[2048];
	const char *s = line;
	char loader[8] = "";

	if (!(info[AT_FLAGS_WORD] & HAS_CMDLINE) || !info[AT_COMMAND])
		return;
	if (info[AT_FLAGS_WORD] & HAS_LOADER_NAME)
		read_string(loader, info[AT_LOADER_NAME], sizeof(loader));
	read_string(line, info[AT_COMMAND], sizeof(line));
	if (names_kernel(s, !strncmp(loader, "qemu", 4))) {
		s = strchr(s, ' ');
		s = s ? s + 1 : "";
	}
	cmdline_set(s);
}

/* The lowest usable page, taken out of ram[]: for page tables at boot. */
uint32_t boot_take_page(void)
{
	struct arch_range *low = NULL;
	uint32_t page;

	for (unsigned i = 0; i < boot.ram_count; i++) {
		struct arch_range *r = &boot.ram[i];

		if (r->start < r->end && (!low || r->start < low->start))
			low = r;
	}
	if (!low)
		return 0;
	page = low->start;
	assert(page && (page & PAGE_MASK) == 0);
	low->start += PAGE_SIZE;
	ranges_compact();
	return page;
}

/* The first C code. info: physical address of the multiboot information. */
void arch_boot(uint32_t info_phys)
{
	uint32_t info[INFO_WORDS];

	gdt_init();
	idt_init();
	log_sink_set(arch_early_write);
	phys_read(info, info_phys, sizeof(info));
	read_cmdline(info);
	read_memory(info);
	read_modules(info);
	range_remove(0, LOW_FREE);
	range_remove(LOW_END, HIGH_START);
	range_remove(virt_to_phys(arch_image_start),
		     virt_to_phys(arch_image_end));
	for (unsigned i = 0; i < boot.module_count; i++)
		range_remove(boot.module[i].start, boot.module[i].end);
	ranges_compact();
	if (ram_capped)
		log_print(LOG_WARN, "memory: only the first %u MB are used",
			  DIRECT_MAX >> 20);
	if (ranges_full)
		log_print(LOG_WARN, "memory: map too long, the rest is not used");
}
