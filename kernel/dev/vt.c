/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vt.c - a screen of characters and the parser of what is written to it: the
 * terminal that terminfo calls "linux" (console_codes(4)), a VT102 with
 * colours.
 *
 * Pure code: it changes struct vt and notes which rows are dirty; vga.c puts
 * them on the glass. Bytes that arrive in any order never do more than that.
 *
 * Invariants: pen.row < VT_ROWS, pen.col < VT_COLS, top < bottom.
 * Locks: the owner's.
 */
#include "kernel/dev/vt.h"

enum { OSC_MAX = 4096, PALETTE_DIGITS = 7 };

static uint8_t attribute(const struct vt_pen *p)
{
	/* ANSI counts red 1, green 2, blue 4; VGA the other way round. */
	static const uint8_t vga[8] = { 0, 4, 2, 6, 1, 5, 3, 7 };
	uint8_t fg = vga[p->fg & 7], bg = vga[p->bg & 7];

	if (p->reverse) {
		uint8_t t = fg;

		fg = bg;
		bg = t;
	}
	/* A colour VGA cannot underline: it shines instead. */
	if (p->bold || p->underline || p->fg & 8)
		fg |= 8;
	return fg | bg << 4 | (p->blink ? 0x80 : 0);
}

/* Blank in the pen's background. */
static uint16_t blank(const struct vt *v)
{
	struct vt_pen p = v->pen;

	p.bold = p.underline = p.reverse = p.blink = false;
	p.fg &= 7;
	return (uint16_t)(attribute(&p) << 8 | ' ');
}

void vt_fill(struct vt *v, unsigned row, unsigned col, unsigned n)
{
	uint16_t b = blank(v);

	assert(row < VT_ROWS && col + n <= VT_COLS);
	for (unsigned i = 0; i < n; i++)
		v->cell[row][col + i] = b;
	v->dirty |= 1u << row;
}

static void remember(struct vt *v, const uint16_t *row)
{
	assert(v->history_next < VT_HISTORY);
	if (!v->history)
		return;
	memcpy(v->history + v->history_next * VT_COLS, row,
	       VT_COLS * sizeof(*row));
	v->history_next = (v->history_next + 1) % VT_HISTORY;
	if (v->history_count < VT_HISTORY)
		v->history_count++;
}

/* Rows top..v->bottom by n, blank rows come in. */
void vt_scroll_up(struct vt *v, unsigned top, unsigned n)
{
	unsigned rows = v->bottom - top + 1;

	assert(top <= v->bottom && v->bottom < VT_ROWS);
	n = min_u32(n, rows);
	if (top == 0 && v->bottom == VT_ROWS - 1)
		for (unsigned i = 0; i < n; i++)
			remember(v, v->cell[i]);
	memmove(v->cell[top], v->cell[top + n],
		(rows - n) * sizeof(v->cell[0]));
	for (unsigned i = 0; i < n; i++)
		vt_fill(v, v->bottom - i, 0, VT_COLS);
	for (unsigned i = top; i <= v->bottom; i++)
		v->dirty |= 1u << i;
}

void vt_scroll_down(struct vt *v, unsigned top, unsigned n)
{
	unsigned rows = v->bottom - top + 1;

	assert(top <= v->bottom && v->bottom < VT_ROWS);
	n = min_u32(n, rows);
	memmove(v->cell[top + n], v->cell[top],
		(rows - n) * sizeof(v->cell[0]));
	for (unsigned i = 0; i < n; i++)
		vt_fill(v, top + i, 0, VT_COLS);
	for (unsigned i = top; i <= v->bottom; i++)
		v->dirty |= 1u << i;
}

/* row and col count from 0; in origin mode from the region's top. */
void vt_move(struct vt *v, int row, int col)
{
	int first = 0, last = VT_ROWS - 1;

	if (v->pen.origin) {
		first = v->top;
		last = v->bottom;
		row += first;
	}
	row = row < first ? first : row > last ? last : row;
	col = col < 0 ? 0 : col > VT_COLS - 1 ? VT_COLS - 1 : col;
	v->pen.row = row;
	v->pen.col = col;
	v->wrap_next = false;
}

void vt_reset(struct vt *v)
{
	v->pen = (struct vt_pen){ .fg = 7 };
	v->saved = v->pen;
	v->top = 0;
	v->bottom = VT_ROWS - 1;
	v->wrap_next = v->insert = v->newline_mode = v->app_cursor = false;
	v->wrap = v->cursor_on = v->utf8 = true;
	for (unsigned i = 0; i < VT_TABS; i++)
		v->tabs[i] = 0x01010101;
	v->state = VT_GROUND;
	v->rune_left = 0;
	for (unsigned row = 0; row < VT_ROWS; row++)
		vt_fill(v, row, 0, VT_COLS);
}

/* --- what is shown --------------------------------------------------- */

static void line_feed(struct vt *v)
{
	assert(v->top <= v->bottom && v->bottom < VT_ROWS);
	v->wrap_next = false;
	if (v->pen.row == v->bottom)
		vt_scroll_up(v, v->top, 1);
	else if (v->pen.row < VT_ROWS - 1)
		v->pen.row++;
}

static void reverse_line_feed(struct vt *v)
{
	assert(v->top <= v->bottom && v->bottom < VT_ROWS);
	v->wrap_next = false;
	if (v->pen.row == v->top)
		vt_scroll_down(v, v->top, 1);
	else if (v->pen.row > 0)
		v->pen.row--;
}

static void show(struct vt *v, uint8_t glyph)
{
	struct vt_pen *p = &v->pen;
	uint16_t *row;

	assert(p->row < VT_ROWS && p->col < VT_COLS);
	if (v->wrap_next && v->wrap) {
		p->col = 0;
		line_feed(v);
	}
	v->wrap_next = false;
	row = v->cell[p->row];
	if (v->insert)
		memmove(row + p->col + 1, row + p->col,
			(VT_COLS - 1 - p->col) * sizeof(*row));
	row[p->col] = (uint16_t)(attribute(p) << 8 | glyph);
	v->dirty |= 1u << p->row;
	if (p->col == VT_COLS - 1)
		v->wrap_next = true;
	else
		p->col++;
}

static void show_rune(struct vt *v, uint32_t rune)
{
	uint8_t glyph;

	if (rune >= 0x300 && rune < 0x370)
		return;	/* a combining accent: the letter is enough */
	if ((rune >= 0x200b && rune <= 0x200f) || rune == 0xfeff)
		return;	/* no width */
	glyph = cp437_of(rune);
	show(v, glyph ? glyph : '?');
}

/* One byte of UTF-8; a sequence that is wrong shows as one '?'. */
static void take_utf8(struct vt *v, uint8_t c)
{
	if (v->rune_left && (c & 0xc0) == 0x80) {
		v->rune = v->rune << 6 | (c & 0x3f);
		if (!--v->rune_left)
			show_rune(v, v->rune);
		return;
	}
	if (v->rune_left) {
		v->rune_left = 0;
		show(v, '?');
	}
	if (c < 0x80) {
		show(v, c);
	} else if (c >= 0xc2 && c < 0xe0) {
		v->rune = c & 0x1f;
		v->rune_left = 1;
	} else if (c >= 0xe0 && c < 0xf0) {
		v->rune = c & 0x0f;
		v->rune_left = 2;
	} else if (c >= 0xf0 && c < 0xf5) {
		v->rune = c & 0x07;
		v->rune_left = 3;
	} else {
		show(v, '?');
	}
}

static void take_text(struct vt *v, uint8_t c)
{
	uint8_t set = v->pen.set[v->pen.charset];

	assert(v->pen.charset < 2);
	if (set == VT_SET_LINES && c < 0x80)
		show(v, cp437_line(c));
	else if (set == VT_SET_FONT || (!v->utf8 && c >= 0x80))
		show(v, c);
	else
		take_utf8(v, c);
}

static void next_tab(struct vt *v)
{
	unsigned col = v->pen.col;

	assert(col < VT_COLS);
	while (col < VT_COLS - 1) {
		col++;
		if (v->tabs[col / 32] & (1u << (col % 32)))
			break;
	}
	v->pen.col = col;
}

/* C0: obeyed even in the middle of a sequence, as a VT100 does. */
static void take_control(struct vt *v, uint8_t c)
{
	if (v->rune_left) {
		v->rune_left = 0;
		show(v, '?');
	}
	switch (c) {
	case '\b':
		if (v->pen.col)
			v->pen.col--;
		v->wrap_next = false;
		break;
	case '\t':
		next_tab(v);
		break;
	case '\n': case '\v': case '\f':
		line_feed(v);
		if (v->newline_mode)
			v->pen.col = 0;
		break;
	case '\r':
		v->pen.col = 0;
		v->wrap_next = false;
		break;
	case 0x0e: case 0x0f:
		v->pen.charset = c == 0x0e;
		break;
	case 0x18: case 0x1a:
		v->state = VT_GROUND;
		break;
	case 0x1b:
		v->state = VT_ESCAPE;
		break;
	default:
		break;	/* BEL and the rest: nothing to be seen */
	}
}

/* --- escape sequences ------------------------------------------------ */

static void begin_csi(struct vt *v)
{
	v->state = VT_CSI;
	v->private = false;
	v->args = 0;
	memset(v->arg, 0, sizeof(v->arg));
}

static void save(struct vt *v)
{
	v->saved = v->pen;
}

static void restore(struct vt *v)
{
	v->pen = v->saved;
	v->wrap_next = false;
}

static void take_escape(struct vt *v, uint8_t c)
{
	v->state = VT_GROUND;
	switch (c) {
	case '[': begin_csi(v); break;
	case ']': v->state = VT_OSC; v->args = 0; break;
	case '(': v->state = VT_G0; break;
	case ')': v->state = VT_G1; break;
	case '%': v->state = VT_PERCENT; break;
	case '#': v->state = VT_HASH; break;
	case 'P': case 'X': case '^': case '_':
		v->state = VT_STRING;	/* DCS, SOS, PM, APC: to their end */
		v->args = 0;
		break;
	case '7': save(v); break;
	case '8': restore(v); break;
	case 'D': line_feed(v); break;
	case 'M': reverse_line_feed(v); break;
	case 'E':
		v->pen.col = 0;
		line_feed(v);
		break;
	case 'H':
		v->tabs[v->pen.col / 32] |= 1u << (v->pen.col % 32);
		break;
	case 'Z':
		if (v->answer)
			v->answer("\033[?6c", 5);
		break;
	case 'c': vt_reset(v); break;
	default: break;	/* '=' '>' keypad modes: the keys do not change */
	}
}

static void take_csi(struct vt *v, uint8_t c)
{
	assert(v->args <= VT_ARGS);
	if (c >= '0' && c <= '9') {
		uint16_t *a = &v->arg[v->args];

		if (v->args < VT_ARGS && *a < 1000)
			*a = *a * 10 + (c - '0');
	} else if (c == ';' || c == ':') {
		if (v->args < VT_ARGS)
			v->args++;
	} else if (c == '?' && v->args == 0 && v->arg[0] == 0) {
		v->private = true;
	} else if (c == '[' && v->args == 0 && v->arg[0] == 0) {
		v->state = VT_FUNCTION;	/* an echoed function key */
	} else if (c >= '<' && c <= '>') {
		v->state = VT_CSI_IGNORE;
	} else if (c >= 0x20 && c < 0x30) {
		v->state = VT_CSI_IGNORE; /* intermediates: nothing we know */
	} else if (c >= 0x40 && c < 0x7f) {
		v->state = VT_GROUND;
		v->args = min_u32(v->args + 1, VT_ARGS);
		vt_csi(v, c);
	}
}

/* "ESC ] P nrrggbb" sets a colour, "ESC ] R" all of them: taken, not obeyed.
 * Anything else lasts until BEL or ESC \. */
static void take_osc(struct vt *v, uint8_t c)
{
	unsigned at = v->args++;

	if (at == 0 && c == 'R')
		v->state = VT_GROUND;
	else if (at == 0 && c == 'P')
		v->state = VT_PALETTE;
	else if (at >= OSC_MAX)
		v->state = VT_GROUND;
}

static void set_charset(struct vt *v, unsigned g, uint8_t c)
{
	assert(g < 2);
	v->pen.set[g] = c == '0' ? VT_SET_LINES : c == 'U' || c == 'K' ?
			VT_SET_FONT : VT_SET_ASCII;
	v->state = VT_GROUND;
}

static void align_test(struct vt *v, uint8_t c)
{
	v->state = VT_GROUND;
	if (c != '8')
		return;
	for (unsigned row = 0; row < VT_ROWS; row++)
		for (unsigned col = 0; col < VT_COLS; col++)
			v->cell[row][col] = 0x0700 | 'E';
	v->dirty = (1u << VT_ROWS) - 1;
	vt_move(v, 0, 0);
}

static void take(struct vt *v, uint8_t c)
{
	switch (v->state) {
	case VT_GROUND: take_text(v, c); break;
	case VT_ESCAPE: take_escape(v, c); break;
	case VT_CSI: take_csi(v, c); break;
	case VT_CSI_IGNORE:
		if (c >= 0x40 && c < 0x7f)
			v->state = VT_GROUND;
		break;
	case VT_OSC: take_osc(v, c); break;
	case VT_STRING:
		if (v->args++ >= OSC_MAX)
			v->state = VT_GROUND;
		break;
	case VT_PALETTE:
		if (v->args++ >= PALETTE_DIGITS)
			v->state = VT_GROUND;
		break;
	case VT_G0: set_charset(v, 0, c); break;
	case VT_G1: set_charset(v, 1, c); break;
	case VT_PERCENT:
		v->utf8 = c == 'G' || c == '8';
		v->state = VT_GROUND;
		break;
	case VT_HASH: align_test(v, c); break;
	case VT_FUNCTION: v->state = VT_GROUND; break;
	default: assert(!"vt state");
	}
}

static bool in_string(const struct vt *v)
{
	return v->state == VT_OSC || v->state == VT_STRING ||
	       v->state == VT_PALETTE;
}

void vt_write(struct vt *v, const uint8_t *p, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		uint8_t c = p[i];

		if (c == 0x7f)
			continue;
		if (c >= 0x20) {
			take(v, c);
		} else if (in_string(v) && c != 0x1b && c != 0x18 && c != 0x1a) {
			if (c == '\a')
				v->state = VT_GROUND;
		} else {
			take_control(v, c);
		}
	}
	assert(v->pen.row < VT_ROWS && v->pen.col < VT_COLS);
}
