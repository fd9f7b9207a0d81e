/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * execargs.c - argument and environment strings on their way from the old
 * address space of an exec to the new one.
 *
 * They stand one after another in a list of pages, argv first. What a script
 * puts before them (its interpreter, option and name, in place of argv[0])
 * stands in `head`, which grows downwards. Pointers are not kept: they follow
 * from the strings when these are written out.
 */
#include "kernel/sys/execargs.h"

enum { LIMIT_LEAST = 131072, LIMIT_MOST = 6 * 1024 * 1024 };

/* stack_limit: RLIMIT_STACK; a quarter of it is for arguments, as in Linux. */
void exec_args_init(struct exec_args *a, uint64_t stack_limit)
{
	uint64_t limit = stack_limit / 4;

	memset(a, 0, sizeof(*a));
	list_init(&a->pages);
	a->limit = limit < LIMIT_LEAST ? LIMIT_LEAST :
		   limit > LIMIT_MOST ? LIMIT_MOST : limit;
}

void exec_args_drop(struct exec_args *a)
{
	list_each_safe(l, &a->pages)
		page_drop(list_entry(l, struct page, link));
	list_init(&a->pages);
	kmem_free(a->head);
	a->head = NULL;
}

/* Where the next bytes go, and how many fit there. */
static int room(struct exec_args *a, char **to, uint32_t *n)
{
	uint32_t at = a->used & PAGE_MASK;
	struct page *p;

	if (at == 0) {
		p = page_alloc(0, PAGE_USER);
		if (!p)
			return -ENOMEM;
		list_append(&a->pages, &p->link);
	}
	assert(!list_empty(&a->pages));
	p = list_entry(list_last(&a->pages), struct page, link);
	*to = (char *)page_address(p) + at;
	*n = PAGE_SIZE - at;
	return 0;
}

/* Room taken by the strings and by the pointers to them. */
static bool over_limit(const struct exec_args *a)
{
	uint32_t pointers = (a->argc + a->envc + a->head_count) * 4;

	return exec_args_size(a) + pointers > a->limit;
}

/* Appends the string at user address `from`; *len counts its NUL. Sleeps. */
static int append_user(struct exec_args *a, uint32_t from, uint32_t *len)
{
	char *to;
	uint32_t n;
	int got;

	for (*len = 0;;) {
		got = room(a, &to, &n);
		if (got)
			return got;
		got = user_string_in(to, from, n);
		if (got >= 0)
			break;
		if (got != -ENAMETOOLONG)
			return got;
		a->used += n; /* it goes on behind this page */
		*len += n;
		from += n;
		if (*len >= EXEC_STRING_MAX || over_limit(a))
			return -E2BIG;
	}
	assert((uint32_t)got < n);
	a->used += got + 1;
	*len += got + 1;
	return *len > EXEC_STRING_MAX ? -E2BIG : 0;
}

static void note_string(struct exec_args *a, uint32_t *count, uint32_t len)
{
	assert(count == &a->envc || (count == &a->argc && a->envc == 0));
	if (count == &a->argc && a->argc == 0)
		a->first_size = len;
	++*count;
}

/* Appends the strings of a user's NULL-ended array; count is &argc or &envc.
 * Address 0 is an empty array. -EFAULT, -E2BIG, -ENOMEM. Sleeps. */
int exec_args_user(struct exec_args *a, uint32_t user, uint32_t *count)
{
	uint32_t string, len;
	int err;

	if (user == 0)
		return 0;
	for (;; user += sizeof(string)) {
		err = user_get32(user, &string);
		if (err || string == 0)
			return err;
		err = append_user(a, string, &len);
		if (err)
			return err;
		note_string(a, count, len);
		if (over_limit(a))
			return -E2BIG;
	}
}

/* Appends a string of the kernel's. */
int exec_args_kernel(struct exec_args *a, const char *s, uint32_t *count)
{
	uint32_t size = strlen(s) + 1, done = 0, n;
	char *to;
	int err;

	while (done < size) {
		err = room(a, &to, &n);
		if (err)
			return err;
		n = min_u32(n, size - done);
		memcpy(to, s + done, n);
		a->used += n;
		done += n;
	}
	note_string(a, count, size);
	return over_limit(a) ? -E2BIG : 0;
}

static int head_push(struct exec_args *a, const char *s)
{
	uint32_t size = strlen(s) + 1;

	assert(a->head && a->head_start <= EXEC_HEAD_SIZE);
	if (size > a->head_start)
		return -E2BIG;
	a->head_start -= size;
	/* s may be the string that a nested script just took from there */
	memmove(a->head + a->head_start, s, size);
	a->head_count++;
	return 0;
}

/* The program is a script: argv[0] becomes interpreter, option (may be NULL)
 * and the script's own name. */
int exec_args_script(struct exec_args *a, const char *interpreter,
		     const char *option, const char *script)
{
	int err;

	if (!a->head) {
		a->head = kmem_alloc(EXEC_HEAD_SIZE);
		if (!a->head)
			return -ENOMEM;
		a->head_start = EXEC_HEAD_SIZE;
		a->first_dropped = a->argc > 0;
	} else {
		assert(a->head_count > 0);
		a->head_start += strlen(a->head + a->head_start) + 1;
		a->head_count--;
	}
	err = head_push(a, script);
	if (!err && option)
		err = head_push(a, option);
	if (!err)
		err = head_push(a, interpreter);
	return err ? err : over_limit(a) ? -E2BIG : 0;
}

static uint32_t dropped_size(const struct exec_args *a)
{
	return a->first_dropped ? a->first_size : 0;
}

/* Bytes of all strings. */
uint32_t exec_args_size(const struct exec_args *a)
{
	uint32_t head = a->head ? EXEC_HEAD_SIZE - a->head_start : 0;

	assert(a->used >= dropped_size(a) && head <= EXEC_HEAD_SIZE);
	return head + a->used - dropped_size(a);
}

/* The argc that the new program sees. */
uint32_t exec_args_argc(const struct exec_args *a)
{
	assert(a->head_count + a->argc >= a->first_dropped);
	return a->head_count + a->argc - a->first_dropped;
}

/* The strings, piece by piece: begin with *piece = {NULL}. */
struct piece {
	const char *at;
	uint32_t n;
	struct list *page;	/* the next one to look at */
	uint32_t skip, left;	/* bytes to leave out, and behind them */
};

static struct piece pieces(const struct exec_args *a)
{
	return (struct piece){ .page = a->pages.next, .skip = dropped_size(a),
			       .left = a->used };
}

static bool next_piece(const struct exec_args *a, struct piece *p)
{
	uint32_t n, skip;

	if (!p->at && a->head) {
		p->at = a->head + a->head_start;
		p->n = EXEC_HEAD_SIZE - a->head_start;
		return true;
	}
	while (p->left > 0) {
		assert(p->page != &a->pages);
		n = min_u32(p->left, PAGE_SIZE);
		skip = min_u32(p->skip, n);
		p->at = (char *)page_address(list_entry(p->page, struct page,
							link)) + skip;
		p->n = n - skip;
		p->page = p->page->next;
		p->left -= n;
		p->skip -= skip;
		if (p->n > 0)
			return true;
	}
	return false;
}

/* All strings to user memory at `to`. Sleeps. */
int exec_args_write(const struct exec_args *a, uint32_t to)
{
	struct piece p = pieces(a);
	int err = 0;

	while (!err && next_piece(a, &p)) {
		err = user_copy_out(to, p.at, p.n);
		to += p.n;
	}
	return err;
}

int word_flush(struct word_out *w)
{
	int err = user_copy_out(w->at, w->word, w->count * 4);

	assert(w->count <= WORD_OUT_MAX);
	w->at += w->count * 4;
	w->count = 0;
	return err;
}

/* Writes a word to user memory, sooner or later. */
int word_put(struct word_out *w, uint32_t v)
{
	assert(w->count < WORD_OUT_MAX);
	w->word[w->count++] = v;
	return w->count == WORD_OUT_MAX ? word_flush(w) : 0;
}

/* The pointer arrays, argv and envp with their NULLs, for strings that stand
 * at `to`. *env: address of the first string of the environment. Sleeps. */
int exec_args_pointers(const struct exec_args *a, uint32_t to,
		       struct word_out *w, uint32_t *env)
{
	struct piece p = pieces(a);
	uint32_t argc = exec_args_argc(a), i = 0;
	bool starts = true;
	int err = 0;

	*env = to + exec_args_size(a);
	while (!err && next_piece(a, &p)) {
		const char *at = p.at, *end = p.at + p.n, *nul;

		for (; !err && at < end; at = nul + 1) {
			uint32_t user = to + (at - p.at);

			if (starts && i == argc) {
				*env = user;
				err = word_put(w, 0);
			}
			if (starts && !err) {
				err = word_put(w, user);
				i++;
			}
			nul = memchr(at, 0, end - at);
			starts = nul != NULL;
			if (!nul)
				break;
		}
		to += p.n;
	}
	if (!err && i == argc)
		err = word_put(w, 0); /* no environment */
	assert(err || i == argc + a->envc);
	return err ? err : word_put(w, 0);
}
