/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * module_elf.c - from the bytes of a relocatable ELF object to code that runs.
 *
 * Every number in the file is the enemy's until it was compared: parse looks at
 * headers and sections, link at symbols and relocations. Neither trusts the
 * other's file: both read it only through at() and table bounds. Additions are
 * of numbers below 2^31, so that none wraps.
 *
 * Pure: no locks, no memory of its own, no sleep.
 */
#include "kernel/sys/module.h"
#include "kernel/base/errno.h"

enum {
	HEADER_SIZE = 52, SECTION_SIZE = 40, SYMBOL_SIZE = 16, REL_SIZE = 8,
	ALIGN_MAX = 4096, NOWHERE = -1,
	ET_REL = 1, EM_386 = 3,
	SHT_PROGBITS = 1, SHT_SYMTAB = 2, SHT_STRTAB = 3, SHT_RELA = 4,
	SHT_NOBITS = 8, SHT_REL = 9,
	SHF_ALLOC = 2, SHF_EXECINSTR = 4,
	SHN_UNDEF = 0, SHN_LORESERVE = 0xff00, SHN_ABS = 0xfff1,
	R_386_NONE = 0, R_386_32 = 1, R_386_PC32 = 2, R_386_PLT32 = 4,
};

struct header {
	uint8_t ident[16];
	uint16_t type, machine;
	uint32_t version, entry, phoff, shoff, flags;
	uint16_t ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
};
struct symbol {
	uint32_t name, value, size;
	uint8_t info, other;
	uint16_t section;
};
struct rel {
	uint32_t offset, info;
};
_Static_assert(sizeof(struct header) == HEADER_SIZE, "as ELF has it");
_Static_assert(sizeof(struct module_section) == SECTION_SIZE, "as ELF has it");
_Static_assert(sizeof(struct symbol) == SYMBOL_SIZE, "as ELF has it");

/* Are n bytes at offset within the file? */
static bool inside(const struct module_file *m, uint32_t offset, uint32_t n)
{
	return offset <= m->size && n <= m->size - offset;
}

/* The index-th entry of a section's table, which was found to be inside. */
static void entry_get(const struct module_file *m, unsigned section,
		      uint32_t index, void *to, uint32_t size)
{
	const struct module_section *s = &m->section[section];

	assert(section < m->count && index < s->size / size);
	memcpy(to, m->bytes + s->offset + index * size, size);
}

/* --- headers ---------------------------------------------------------------- */

static int parse_header(const struct module_file *m, struct header *h)
{
	static const uint8_t magic[7] = { 0x7f, 'E', 'L', 'F', 1, 1, 1 };

	if (m->size < HEADER_SIZE || m->size > MODULE_FILE_MAX)
		return -ENOEXEC;
	memcpy(h, m->bytes, HEADER_SIZE);
	if (memcmp(h->ident, magic, sizeof(magic)) || h->type != ET_REL ||
	    h->machine != EM_386 || h->version != 1 ||
	    h->shentsize != SECTION_SIZE || h->shnum == 0 ||
	    h->shnum > MODULE_SECTIONS ||
	    !inside(m, h->shoff, (uint32_t)h->shnum * SECTION_SIZE))
		return -ENOEXEC;
	return 0;
}

static bool is_power_of_two(uint32_t n)
{
	return n != 0 && (n & (n - 1)) == 0;
}

/* A section that is to be in memory gets its place behind those before it. */
static int place_section(struct module_file *m, unsigned i)
{
	const struct module_section *s = &m->section[i];
	uint32_t align = s->align ? s->align : 1, at;

	m->place[i] = (uint32_t)NOWHERE;
	if (s->type != SHT_NOBITS && !inside(m, s->offset, s->size))
		return -ENOEXEC;
	if (!(s->flags & SHF_ALLOC))
		return 0;
	if (!is_power_of_two(align) || align > ALIGN_MAX ||
	    s->size > MODULE_MEMORY_MAX)
		return -ENOEXEC;
	at = align_up(m->memory_size, align);
	if (at + s->size > MODULE_MEMORY_MAX)
		return -ENOEXEC;
	m->place[i] = at;
	m->memory_size = at + s->size;
	return 0;
}

/* A table of names: its last byte ends the last one. */
static bool is_strings(const struct module_file *m, uint32_t i)
{
	const struct module_section *s;

	if (i >= m->count)
		return false;
	s = &m->section[i];
	return s->type == SHT_STRTAB && s->size != 0 &&
	       m->bytes[s->offset + s->size - 1] == 0;
}

static int parse_symbols(struct module_file *m, unsigned i)
{
	const struct module_section *s = &m->section[i];

	if (m->symbols || s->entry_size != SYMBOL_SIZE ||
	    s->size % SYMBOL_SIZE || !is_strings(m, s->link))
		return -ENOEXEC;
	m->symbols = i;
	m->symbol_count = s->size / SYMBOL_SIZE;
	return 0;
}

int module_parse(struct module_file *m, const void *bytes, uint32_t size)
{
	struct header h;
	int err;

	memset(m, 0, sizeof(*m));
	m->bytes = bytes;
	m->size = size;
	err = parse_header(m, &h);
	if (err)
		return err;
	m->count = h.shnum;
	memcpy(m->section, m->bytes + h.shoff, h.shnum * SECTION_SIZE);
	for (unsigned i = 0; i < m->count && !err; i++)
		err = place_section(m, i);
	for (unsigned i = 0; i < m->count && !err; i++)
		if (m->section[i].type == SHT_SYMTAB)
			err = parse_symbols(m, i);
	if (!err && (!m->symbols || !m->memory_size))
		err = -ENOEXEC;
	return err;
}

/* --- symbols ---------------------------------------------------------------- */

/* Never NULL, and ended: the table was found to be so. */
static const char *symbol_name(const struct module_file *m,
			       const struct symbol *s)
{
	const struct module_section *names =
		&m->section[m->section[m->symbols].link];

	return s->name < names->size ?
		       (const char *)m->bytes + names->offset + s->name : "";
}

/* Is it defined in a section that is in memory? */
static bool is_placed(const struct module_file *m, const struct symbol *s)
{
	return s->section != SHN_UNDEF && s->section < m->count &&
	       m->place[s->section] != (uint32_t)NOWHERE &&
	       s->value <= m->section[s->section].size;
}

struct link_state {
	const struct module_file *m;
	uint8_t *memory;
	uint32_t (*find)(const char *name);
	char *unknown;
};

static int symbol_value(const struct link_state *l, uint32_t index,
			uint32_t *value)
{
	struct symbol s;

	if (index == 0 || index >= l->m->symbol_count)
		return -ENOEXEC;
	entry_get(l->m, l->m->symbols, index, &s, sizeof(s));
	if (s.section == SHN_ABS) {
		*value = s.value;
		return 0;
	}
	if (s.section == SHN_UNDEF) {
		*value = l->find(symbol_name(l->m, &s));
		if (*value)
			return 0;
		str_copy(l->unknown, symbol_name(l->m, &s), MODULE_NAME_MAX);
		return -ENOENT;
	}
	if (!is_placed(l->m, &s))
		return -ENOEXEC;
	*value = (uint32_t)l->memory + l->m->place[s.section] + s.value;
	return 0;
}

/* --- relocations -------------------------------------------------------------- */

static int relocate(const struct link_state *l, const struct rel *r,
		    uint32_t target, uint32_t target_size)
{
	uint32_t word, value;
	uint8_t *at;
	int err;

	if ((r->info & 0xff) == R_386_NONE)
		return 0;
	if (r->offset > target_size || target_size - r->offset < sizeof(word))
		return -ENOEXEC;
	err = symbol_value(l, r->info >> 8, &value);
	if (err)
		return err;
	at = l->memory + target + r->offset;
	memcpy(&word, at, sizeof(word));
	switch (r->info & 0xff) {
	case R_386_32:
		word += value;
		break;
	case R_386_PC32:
	case R_386_PLT32:	/* there is no table: straight to the function */
		word += value - (uint32_t)at;
		break;
	default:
		return -ENOEXEC;
	}
	memcpy(at, &word, sizeof(word));
	return 0;
}

static int relocate_section(const struct link_state *l, unsigned i)
{
	const struct module_section *s = &l->m->section[i];
	struct rel r;
	int err = 0;

	if (s->info >= l->m->count)
		return -ENOEXEC;
	if (l->m->place[s->info] == (uint32_t)NOWHERE)
		return 0;	/* for debuggers */
	if (s->type == SHT_RELA || s->entry_size != REL_SIZE ||
	    s->size % REL_SIZE || s->link != l->m->symbols)
		return -ENOEXEC;
	for (uint32_t k = 0; k < s->size / REL_SIZE && !err; k++) {
		entry_get(l->m, i, k, &r, sizeof(r));
		err = relocate(l, &r, l->m->place[s->info],
			       l->m->section[s->info].size);
	}
	return err;
}

/* --- what it is ----------------------------------------------------------------- */

static bool is_function(const struct module_file *m, const struct symbol *s)
{
	const struct module_section *in = &m->section[s->section];

	return is_placed(m, s) && (in->flags & SHF_EXECINSTR) &&
	       in->type == SHT_PROGBITS && s->value < in->size;
}

static bool is_name_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '_' || c == '-';
}

/* The text at the symbol, which must end within its section. */
static int take_name(const struct link_state *l, const struct symbol *s,
		     char name[MODULE_NAME_MAX])
{
	uint32_t at = l->m->place[s->section] + s->value;
	uint32_t left = l->m->section[s->section].size - s->value, n = 0;

	while (n < left && n < MODULE_NAME_MAX && l->memory[at + n]) {
		if (!is_name_char((char)l->memory[at + n]))
			return -ENOEXEC;
		n++;
	}
	if (n == 0 || n == left || n == MODULE_NAME_MAX)
		return -ENOEXEC;
	memcpy(name, l->memory + at, n + 1);
	return 0;
}

static int find_entries(const struct link_state *l, struct module_entry *out)
{
	int err = 0;

	for (uint32_t i = 1; i < l->m->symbol_count && !err; i++) {
		struct symbol s;
		const char *name;
		void *at;

		entry_get(l->m, l->m->symbols, i, &s, sizeof(s));
		if (!is_placed(l->m, &s))
			continue;
		name = symbol_name(l->m, &s);
		at = l->memory + l->m->place[s.section] + s.value;
		if (!strcmp(name, "module_name"))
			err = take_name(l, &s, out->name);
		else if (!strcmp(name, "module_init") && is_function(l->m, &s))
			out->init = at;
		else if (!strcmp(name, "module_exit") && is_function(l->m, &s))
			out->exit = at;
	}
	return err || (out->init && out->name[0]) ? err : -ENOEXEC;
}

int module_link(const struct module_file *m, void *memory,
		uint32_t (*find)(const char *name), struct module_entry *out,
		char unknown[MODULE_NAME_MAX])
{
	struct link_state l = { m, memory, find, unknown };
	int err = 0;

	assert(((uint32_t)memory & 15) == 0);
	memset(out, 0, sizeof(*out));
	for (unsigned i = 0; i < m->count; i++)
		if (m->place[i] != (uint32_t)NOWHERE &&
		    m->section[i].type != SHT_NOBITS)
			memcpy(l.memory + m->place[i],
			       m->bytes + m->section[i].offset,
			       m->section[i].size);
	for (unsigned i = 0; i < m->count && !err; i++)
		if (m->section[i].type == SHT_REL ||
		    m->section[i].type == SHT_RELA)
			err = relocate_section(&l, i);
	return err ? err : find_entries(&l, out);
}
