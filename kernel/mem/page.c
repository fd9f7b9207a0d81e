/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * page.c - every physical page: a buddy allocator over an array of struct page.
 *
 * Free blocks of 2^order pages, aligned to their size, stand on one list per
 * order; a freed block joins its buddy when that is free too. Single pages,
 * the common case, go through a small stack of recently freed ("hot") ones.
 *
 * Invariant: a page is reserved (PG_RESERVED, never given out), used (refs
 * > 0), the head of a free block (PG_FREE), inside one, or hot (both: refs 0,
 * no flag). free_pages counts the last three. Locks: the kernel lock.
 */
#include "kernel/mem/inner.h"

enum {
	HOT_MAX = 128,		/* hot pages; half go back when it is full */
	REFILL_ORDER = 4,	/* taken at once when it is empty */
	SHRINKERS_MAX = 16,
	SHRINK_MIN = 32,	/* pages asked of the shrinkers at a time */
	SHRINK_ROUNDS = 4,
	RESERVE_MIN = 24,
	RESERVE_MAX = 512,
};

struct page *page_table;
uint32_t page_count;

static struct list free_list[ORDER_MAX + 1];
static struct page *hot[HOT_MAX];
static unsigned hot_count;
static uint32_t free_pages, total_pages;
static uint32_t reserve;	/* pages that only PAGE_KERNEL may take */
static int kind_pages[PAGE_KINDS];	/* by enum page_kind */
static uint32_t (*shrinkers[SHRINKERS_MAX])(uint32_t);
static unsigned shrinker_count;
static bool shrinking;

/* --- blocks ------------------------------------------------------------- */

static uint32_t frame_of(const struct page *p)
{
	return p - page_table;
}

/* Frees a block whose pages have refs 0 and no flag, joined with its buddies. */
static void block_put(struct page *p, unsigned order)
{
	uint32_t frame = frame_of(p);

	while (order < ORDER_MAX) {
		uint32_t other = frame ^ (1u << order);
		struct page *buddy = &page_table[other];

		if (other >= page_count || !(buddy->flags & PG_FREE) ||
		    buddy->order != order)
			break;
		list_remove(&buddy->link);
		buddy->flags = 0;
		frame &= ~(1u << order);
		order++;
	}
	p = &page_table[frame];
	p->flags = PG_FREE;
	p->order = order;
	list_push(&free_list[order], &p->link);
}

/* A block of exactly this order, split from a larger one if need be. */
static struct page *block_take(unsigned order)
{
	unsigned have = order;
	struct page *p;

	while (have <= ORDER_MAX && list_empty(&free_list[have]))
		have++;
	if (have > ORDER_MAX)
		return NULL;
	p = list_entry(list_first(&free_list[have]), struct page, link);
	assert(p->flags == PG_FREE && p->order == have && p->refs == 0);
	list_remove(&p->link);
	p->flags = 0;
	while (have > order) {
		struct page *half = p + (1u << --have);

		half->flags = PG_FREE;
		half->order = have;
		list_push(&free_list[have], &half->link);
	}
	return p;
}

/* --- hot pages ------------------------------------------------------------ */

static void hot_drain(unsigned keep)
{
	unsigned drop = hot_count - keep;

	/* The oldest lie at the bottom. */
	for (unsigned i = 0; i < drop; i++)
		block_put(hot[i], 0);
	memmove(hot, hot + drop, keep * sizeof(hot[0]));
	hot_count = keep;
}

static void hot_refill(void)
{
	for (int order = REFILL_ORDER; order >= 0; order--) {
		struct page *p = block_take(order);

		if (!p)
			continue;
		/* Pushed backwards, so that they leave in rising order. */
		for (int i = (1 << order) - 1; i >= 0; i--)
			hot[hot_count++] = p + i;
		return;
	}
}

static struct page *take(unsigned order, unsigned want)
{
	uint32_t keep = want & PAGE_USER ? reserve : 0;
	struct page *p;

	if (free_pages < keep + (1u << order))
		return NULL;
	if (order == 0) {
		if (!hot_count)
			hot_refill();
		return hot_count ? hot[--hot_count] : NULL;
	}
	p = block_take(order);
	if (!p && hot_count) {
		hot_drain(0);
		p = block_take(order);
	}
	return p;
}

static uint32_t shrink(uint32_t want)
{
	uint32_t got = 0;

	if (shrinking)
		return 0;
	shrinking = true;
	for (unsigned i = 0; i < shrinker_count && got < want; i++)
		got += shrinkers[i](want - got);
	shrinking = false;
	return got;
}

static struct page *take_hard(unsigned order, unsigned want)
{
	struct page *p = NULL;

	for (int i = 0; !p && i < SHRINK_ROUNDS; i++) {
		if (!shrink(max_u32(SHRINK_MIN, 2u << order)))
			break;
		p = take(order, want);
	}
	return p;
}

/* --- the door --------------------------------------------------------------- */

/* A block of 2^order pages, or NULL when memory is out even after the
 * shrinkers gave what they could. want: PAGE_* or-ed. Content is whatever it
 * was, unless PAGE_ZERO. */
struct page *page_alloc(unsigned order, unsigned want)
{
	struct page *p;

	assert(order <= ORDER_MAX);
	p = take(order, want);
	if (unlikely(!p)) {
		p = take_hard(order, want);
		if (!p)
			return NULL;
	}
	assert(p->refs == 0 && p->flags == 0);
	free_pages -= 1u << order;
	p->refs = 1;
	p->order = order;
	p->owner = NULL;
	p->index = 0;
	list_init(&p->link);
	if (BRIG_KASAN)
		kmem_unpoison(page_address(p), PAGE_SIZE << order);
	if (want & PAGE_ZERO)
		for (uint32_t i = 0; i < 1u << order; i++)
			arch_page_zero(page_address(p + i));
	return p;
}

/* Gives back what page_alloc gave, with the same order. */
void page_free(struct page *p, unsigned order)
{
	assert(frame_of(p) < page_count);
	assert(p->refs == 1 && !(p->flags & (PG_RESERVED | PG_FREE)));
	if (BRIG_KASAN)
		kasan_mark(page_address(p), PAGE_SIZE << order, KASAN_FREE_PAGE);
	free_pages += 1u << order;
	p->refs = 0;
	p->flags = 0;
	if (order) {
		assert(p->order == order);
		block_put(p, order);
		return;
	}
	if (hot_count == HOT_MAX)
		hot_drain(HOT_MAX / 2);
	hot[hot_count++] = p;
}

void page_drop(struct page *p)
{
	if (p->refs > 1) {
		p->refs--;
		return;
	}
	page_free(p, 0);
}

/* Is there RAM, the kernel's own included, at this physical address? */
bool page_is_ram(uint32_t phys)
{
	const struct arch_boot *b = arch_boot_info();

	if (phys >> PAGE_SHIFT >= page_count)
		return false;
	if (!(page_of_phys(phys)->flags & PG_RESERVED))
		return true;
	for (unsigned i = 0; i < b->ram_count; i++)
		if (phys >= b->ram[i].start && phys < b->ram[i].end)
			return true;
	for (unsigned i = 0; i < b->module_count; i++)
		if (phys >= b->module[i].start && phys < b->module[i].end)
			return true;
	return false;
}

void page_stats_add(enum page_kind kind, int n)
{
	kind_pages[kind] += n;
}

void page_stats_get(struct page_stats *s)
{
	s->total = total_pages;
	s->free = free_pages;
	s->slab = slab_pages;
	s->stacks = stack_pages;
	s->cached = kind_pages[PAGE_KIND_CACHED];
	s->anon = kind_pages[PAGE_KIND_ANON];
	s->tables = kind_pages[PAGE_KIND_TABLE];
	s->dirty = kind_pages[PAGE_KIND_DIRTY];
	s->writing = kind_pages[PAGE_KIND_WRITING];
}

void page_shrinker_register(uint32_t (*fn)(uint32_t n))
{
	assert(shrinker_count < SHRINKERS_MAX);
	shrinkers[shrinker_count++] = fn;
}

/* --- boot ---------------------------------------------------------------------- */

/* Frees frames first..end-1, in the largest aligned blocks that fit. */
void run_free(uint32_t first, uint32_t end)
{
	assert(first <= end && end <= page_count);
	for (uint32_t f = first; f < end; f++) {
		page_table[f].refs = 0;
		page_table[f].flags = 0;
	}
	free_pages += end - first;
	if (BRIG_KASAN)
		kasan_mark(phys_to_virt(first << PAGE_SHIFT),
			   (end - first) << PAGE_SHIFT, KASAN_FREE_PAGE);
	while (first < end) {
		unsigned order = 0;

		while (order < ORDER_MAX && !(first & (1u << order)) &&
		       first + (2u << order) <= end)
			order++;
		block_put(&page_table[first], order);
		first += 1u << order;
	}
}

/* Memory that was in use at boot (modules, say) and is free from now on. Only
 * whole pages inside start..end, physical; they must be reserved ones. */
void page_give(uint32_t start, uint32_t end)
{
	uint32_t first = align_up(start, PAGE_SIZE) >> PAGE_SHIFT;
	uint32_t last = min_u32(end >> PAGE_SHIFT, page_count);

	if (first == 0)
		first = 1;	/* physical 0 stays unused: it reads as "none" */
	if (first >= last)
		return;
	for (uint32_t f = first; f < last; f++)
		assert(page_table[f].flags & PG_RESERVED);
	total_pages += last - first;
	run_free(first, last);
}

/* Takes bytes (whole pages) off the largest range, at its start. */
static void *carve(struct arch_range *ram, unsigned n, uint32_t bytes)
{
	struct arch_range *most = ram;
	uint32_t start;

	bytes = align_up(bytes, PAGE_SIZE);
	for (unsigned i = 1; i < n; i++)
		if (ram[i].end - ram[i].start > most->end - most->start)
			most = &ram[i];
	if (most->end - most->start < bytes)
		panic("no room for %u bytes at boot", bytes);
	start = most->start;
	most->start += bytes;
	return phys_to_virt(start);
}

static uint32_t count_frames(const struct arch_boot *b)
{
	uint32_t top = 0;

	for (unsigned i = 0; i < b->ram_count; i++)
		top = max_u32(top, b->ram[i].end);
	for (unsigned i = 0; i < b->module_count; i++)
		top = max_u32(top, align_up(b->module[i].end, PAGE_SIZE));
	return min_u32(top, DIRECT_MAX) >> PAGE_SHIFT;
}

/* The first call into this room: afterwards page_ and kmem_ work. */
void page_init(void)
{
	const struct arch_boot *b = arch_boot_info();
	struct arch_range ram[ARCH_RANGES_MAX];

	assert(b->ram_count > 0 && b->ram_count <= ARCH_RANGES_MAX);
	memcpy(ram, b->ram, sizeof(ram));
	for (unsigned i = 0; i < b->ram_count; i++)
		ram[i].end = min_u32(ram[i].end, DIRECT_MAX);
	for (int i = 0; i <= ORDER_MAX; i++)
		list_init(&free_list[i]);

	page_count = count_frames(b);
	page_table = carve(ram, b->ram_count, page_count * sizeof(*page_table));
	memset(page_table, 0, page_count * sizeof(*page_table));
	for (uint32_t f = 0; f < page_count; f++) {
		page_table[f].refs = 1;
		page_table[f].flags = PG_RESERVED;
		list_init(&page_table[f].link);
	}
	if (BRIG_KASAN) {
		uint32_t bytes = page_count * (PAGE_SIZE / 8);

		kasan_init(carve(ram, b->ram_count, bytes), bytes);
	}
	for (unsigned i = 0; i < b->ram_count; i++)
		if (ram[i].start < ram[i].end)
			page_give(ram[i].start, ram[i].end);
	reserve = min_u32(max_u32(total_pages / 64, RESERVE_MIN), RESERVE_MAX);
	slab_init();
	vmap_init();
}
