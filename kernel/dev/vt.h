/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vt.h - private to room 8: the screen's terminal emulation (vt.c, vt_csi.c,
 * cp437.c). Pure code, that a test program on the host can hold too.
 */
#ifndef KERNEL_DEV_VT_H
#define KERNEL_DEV_VT_H

#include "kernel/base/base.h"

enum vt_state {
	VT_GROUND, VT_ESCAPE, VT_CSI, VT_CSI_IGNORE, VT_OSC, VT_STRING,
	VT_PALETTE, VT_G0, VT_G1, VT_PERCENT, VT_HASH, VT_FUNCTION,
};
enum vt_charset { VT_SET_ASCII, VT_SET_LINES, VT_SET_FONT };

enum { VT_COLS = 80, VT_ROWS = 25, VT_HISTORY = 200, VT_TABS = 3, VT_ARGS = 16 };
struct vt_pen {			/* what save and restore keep */
	uint8_t row, col;
	uint8_t fg, bg;
	bool bold, reverse, underline, blink, origin;
	uint8_t charset, set[2]; /* G0, G1: enum vt_charset */
};
struct vt {
	uint16_t cell[VT_ROWS][VT_COLS];	/* attribute << 8 | CP437 */
	uint32_t dirty;		/* bit per row */
	struct vt_pen pen, saved;
	uint8_t top, bottom;	/* scroll region, inclusive */
	bool wrap_next;		/* in the last column, the next one wraps */
	bool wrap, insert, newline_mode, cursor_on, app_cursor, utf8;
	uint32_t tabs[VT_TABS];
	uint8_t state;		/* enum vt_state */
	bool private;		/* CSI ? */
	uint16_t arg[VT_ARGS];
	unsigned args;
	uint32_t rune;		/* UTF-8 so far */
	unsigned rune_left;
	uint16_t *history;	/* VT_HISTORY rows, or NULL */
	unsigned history_count, history_next;
	void (*answer)(const char *text, unsigned n); /* to DSR and DA */
};
void vt_reset(struct vt *v);
void vt_write(struct vt *v, const uint8_t *p, unsigned n);
void vt_csi(struct vt *v, uint8_t final);	/* vt_csi.c */
void vt_scroll_up(struct vt *v, unsigned top, unsigned n);
void vt_scroll_down(struct vt *v, unsigned top, unsigned n);
void vt_fill(struct vt *v, unsigned row, unsigned col, unsigned n);
void vt_move(struct vt *v, int row, int col);	/* clamps; origin mode obeyed */
uint8_t cp437_of(uint32_t rune);	/* 0: it has no such character */
uint8_t cp437_line(uint8_t c);		/* the DEC line drawing set */

#endif
