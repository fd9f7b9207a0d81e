/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vt_csi.c - the control sequences "ESC [ ... letter" of the screen: moving,
 * erasing, inserting, colours and modes (console_codes(4), ECMA-48).
 *
 * Numbers that are missing count as 0, which most take as 1. Pure code.
 */
#include "kernel/dev/vt.h"

/* Argument i, or 1 where there is none. */
static unsigned count(const struct vt *v, unsigned i)
{
	return i < v->args && v->arg[i] ? v->arg[i] : 1;
}

static void erase_screen(struct vt *v)
{
	unsigned row = v->pen.row, col = v->pen.col;

	switch (v->arg[0]) {
	case 0:
		vt_fill(v, row, col, VT_COLS - col);
		while (++row < VT_ROWS)
			vt_fill(v, row, 0, VT_COLS);
		break;
	case 1:
		vt_fill(v, row, 0, col + 1);
		while (row-- > 0)
			vt_fill(v, row, 0, VT_COLS);
		break;
	case 3:
		v->history_count = v->history_next = 0;
		/* fall through */
	case 2:
		for (row = 0; row < VT_ROWS; row++)
			vt_fill(v, row, 0, VT_COLS);
		break;
	}
	v->wrap_next = false;
}

static void erase_line(struct vt *v)
{
	unsigned row = v->pen.row, col = v->pen.col;

	if (v->arg[0] == 0)
		vt_fill(v, row, col, VT_COLS - col);
	else if (v->arg[0] == 1)
		vt_fill(v, row, 0, col + 1);
	else if (v->arg[0] == 2)
		vt_fill(v, row, 0, VT_COLS);
	v->wrap_next = false;
}

static void insert_blanks(struct vt *v)
{
	unsigned col = v->pen.col, n = min_u32(count(v, 0), VT_COLS - col);
	uint16_t *row = v->cell[v->pen.row];

	assert(col + n <= VT_COLS);
	memmove(row + col + n, row + col, (VT_COLS - col - n) * sizeof(*row));
	vt_fill(v, v->pen.row, col, n);
	v->wrap_next = false;
}

static void delete_chars(struct vt *v)
{
	unsigned col = v->pen.col, n = min_u32(count(v, 0), VT_COLS - col);
	uint16_t *row = v->cell[v->pen.row];

	assert(col + n <= VT_COLS);
	memmove(row + col, row + col + n, (VT_COLS - col - n) * sizeof(*row));
	vt_fill(v, v->pen.row, VT_COLS - n, n);
	v->wrap_next = false;
}

static void change_lines(struct vt *v, bool insert)
{
	if (v->pen.row < v->top || v->pen.row > v->bottom)
		return;
	if (insert)
		vt_scroll_down(v, v->pen.row, count(v, 0));
	else
		vt_scroll_up(v, v->pen.row, count(v, 0));
	v->pen.col = 0;
	v->wrap_next = false;
}

/* "38;5;n" and "38;2;r;g;b": the nearest of eight. Returns what it used. */
static unsigned rich_colour(const struct vt *v, unsigned i, uint8_t *to)
{
	unsigned r, g, b;

	assert(i < v->args && v->args <= VT_ARGS);
	if (i + 2 < v->args && v->arg[i + 1] == 5) {
		unsigned n = v->arg[i + 2];

		if (n < 16) {
			*to = n;
		} else if (n < 232) {
			n -= 16;
			*to = (n / 36 > 2) | (n / 6 % 6 > 2) << 1 |
			      (n % 6 > 2) << 2;
		} else {
			*to = n < 238 ? 0 : n < 250 ? 7 : 15;
		}
		return 2;
	}
	if (i + 4 < v->args && v->arg[i + 1] == 2) {
		r = v->arg[i + 2];
		g = v->arg[i + 3];
		b = v->arg[i + 4];
		*to = (r > 127) | (g > 127) << 1 | (b > 127) << 2;
		return 4;
	}
	return v->args - 1 - i;
}

/* One number of "ESC [ ... m" at i; returns how many more it used. */
static unsigned rendition(struct vt *v, unsigned i)
{
	struct vt_pen *p = &v->pen;
	unsigned n = v->arg[i];
	unsigned more = 0;

	if (n >= 30 && n <= 37)
		p->fg = n - 30;
	else if (n >= 40 && n <= 47)
		p->bg = n - 40;
	else if (n >= 90 && n <= 97)
		p->fg = 8 | (n - 90);
	else if (n >= 100 && n <= 107)
		p->bg = n - 100;
	switch (n) {
	case 0:
		p->fg = 7;
		p->bg = 0;
		p->bold = p->underline = p->blink = p->reverse = false;
		break;
	case 1: p->bold = true; break;
	case 4: case 21: p->underline = true; break;
	case 5: p->blink = true; break;
	case 7: p->reverse = true; break;
	case 10: p->set[p->charset] = VT_SET_ASCII; break;
	case 11: case 12: p->set[p->charset] = VT_SET_FONT; break;
	case 2: case 22: p->bold = false; break;
	case 24: p->underline = false; break;
	case 25: p->blink = false; break;
	case 27: p->reverse = false; break;
	case 38: more = rich_colour(v, i, &p->fg); break;
	case 48: more = rich_colour(v, i, &p->bg); p->bg &= 7; break;
	case 39: p->fg = 7; break;
	case 49: p->bg = 0; break;
	}
	return more;
}

static void set_mode(struct vt *v, unsigned n, bool on)
{
	if (!v->private) {
		if (n == 4)
			v->insert = on;
		else if (n == 20)
			v->newline_mode = on;
		return;
	}
	switch (n) {
	case 1: v->app_cursor = on; break;
	case 6:
		v->pen.origin = on;
		vt_move(v, 0, 0);
		break;
	case 7: v->wrap = on; break;
	case 25: v->cursor_on = on; break;
	default: break;
	}
}

static void set_region(struct vt *v)
{
	unsigned top = count(v, 0), bottom = v->arg[1];

	if (v->args < 2 || !bottom || bottom > VT_ROWS)
		bottom = VT_ROWS;
	if (top >= bottom)
		return;
	assert(top >= 1 && bottom <= VT_ROWS);
	v->top = top - 1;
	v->bottom = bottom - 1;
	vt_move(v, 0, 0);
}

static void report(struct vt *v)
{
	char text[24];
	unsigned row = v->pen.row + 1u;

	if (!v->answer || v->private)
		return;
	if (v->pen.origin)
		row -= v->top;
	if (v->arg[0] == 5)
		v->answer("\033[0n", 4);
	else if (v->arg[0] == 6)
		v->answer(text, str_format(text, sizeof(text), "\033[%u;%uR",
					   row, v->pen.col + 1u));
}

static void clear_tabs(struct vt *v)
{
	if (v->arg[0] == 0)
		v->tabs[v->pen.col / 32] &= ~(1u << (v->pen.col % 32));
	else if (v->arg[0] == 3)
		memset(v->tabs, 0, sizeof(v->tabs));
}

/* Up and down stop at the region's edge when they begin inside it. */
static void vertical(struct vt *v, int by)
{
	int row = v->pen.row, to = row + by;

	if (by < 0 && row >= v->top && to < v->top)
		to = v->top;
	if (by > 0 && row <= v->bottom && to > v->bottom)
		to = v->bottom;
	v->pen.row = to < 0 ? 0 : to > VT_ROWS - 1 ? VT_ROWS - 1 : to;
	v->wrap_next = false;
}

/* To a column of this row, or a row in this column, whatever the origin. */
static void to_column(struct vt *v, int col)
{
	v->pen.col = col < 0 ? 0 : col > VT_COLS - 1 ? VT_COLS - 1 : col;
	v->wrap_next = false;
}

static bool moves(struct vt *v, uint8_t final)
{
	int n = count(v, 0);

	switch (final) {
	case 'A': vertical(v, -n); return true;
	case 'B': case 'e': vertical(v, n); return true;
	case 'C': case 'a': to_column(v, v->pen.col + n); return true;
	case 'D': to_column(v, v->pen.col - n); return true;
	case 'E': vertical(v, n); v->pen.col = 0; return true;
	case 'F': vertical(v, -n); v->pen.col = 0; return true;
	case 'G': case '`': to_column(v, n - 1); return true;
	case 'd': vt_move(v, n - 1, v->pen.col); return true;
	case 'H': case 'f': vt_move(v, n - 1, (int)count(v, 1) - 1); return true;
	default: return false;
	}
}

/* A whole sequence has come; final is its last letter. */
void vt_csi(struct vt *v, uint8_t final)
{
	assert(v->args >= 1 && v->args <= VT_ARGS);
	if (final == 'h' || final == 'l') {
		for (unsigned i = 0; i < v->args; i++)
			set_mode(v, v->arg[i], final == 'h');
		return;
	}
	if (v->private || moves(v, final))
		return;
	switch (final) {
	case 'J': erase_screen(v); break;
	case 'K': erase_line(v); break;
	case 'L': change_lines(v, true); break;
	case 'M': change_lines(v, false); break;
	case 'P': delete_chars(v); break;
	case '@': insert_blanks(v); break;
	case 'S': vt_scroll_up(v, v->top, count(v, 0)); break;
	case 'T': vt_scroll_down(v, v->top, count(v, 0)); break;
	case 'X':
		vt_fill(v, v->pen.row, v->pen.col,
			min_u32(count(v, 0), VT_COLS - v->pen.col));
		v->wrap_next = false;
		break;
	case 'm':
		for (unsigned i = 0; i < v->args; i++)
			i += rendition(v, i);
		break;
	case 'r': set_region(v); break;
	case 'n': report(v); break;
	case 'c':
		if (v->answer && !v->arg[0])
			v->answer("\033[?6c", 5);
		break;
	case 'g': clear_tabs(v); break;
	case 's': v->saved = v->pen; break;
	case 'u':
		v->pen = v->saved;
		v->wrap_next = false;
		break;
	default: break;
	}
}
