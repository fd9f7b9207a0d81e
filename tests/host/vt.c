/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vt.c - the screen's terminal emulation: what sequences do, and that no bytes
 * at all can do harm.
 * sources: kernel/dev/vt.c kernel/dev/vt_csi.c kernel/dev/cp437.c kernel/base/format.c
 */
#include "kernel/dev/vt.h"

#include "ktap.h"

static struct vt screen;
static uint16_t history[VT_HISTORY * VT_COLS];
static char answered[64];
static unsigned answers;

static void answer(const char *text, unsigned n)
{
	if (answers + n < sizeof(answered))
		memcpy(answered + answers, text, n);
	answers = (answers + n) % sizeof(answered);
}

static void start(void)
{
	memset(&screen, 0, sizeof(screen));
	screen.history = history;
	screen.answer = answer;
	vt_reset(&screen);
}

static void put(const char *text)
{
	vt_write(&screen, (const uint8_t *)text, strlen(text));
}

/* The characters of a row, without the blanks at its end. */
static const char *row(unsigned r)
{
	static char text[VT_COLS + 1];
	int n = VT_COLS;

	for (unsigned i = 0; i < VT_COLS; i++)
		text[i] = (char)(screen.cell[r][i] & 0xff);
	while (n > 0 && text[n - 1] == ' ')
		n--;
	text[n] = '\0';
	return text;
}

#define ROW(r, want)                                                          \
	do {                                                                  \
		if (strcmp(row(r), want))                                     \
			FAIL("%s:%d: row %d is \"%s\"", __FILE__, __LINE__,   \
			     r, row(r));                                      \
	} while (0)
#define AT(r, c)                                                              \
	do {                                                                  \
		CHECK_EQ(screen.pen.row, r);                                  \
		CHECK_EQ(screen.pen.col, c);                                  \
	} while (0)

TEST(text_wraps_late)
{
	start();
	for (int i = 0; i < VT_COLS; i++)
		put("x");
	AT(0, VT_COLS - 1);
	put("\r\ny");		/* no empty row between */
	ROW(1, "y");
	put("\033[?7l\033[3;80Hab");
	CHECK_EQ(screen.cell[2][VT_COLS - 1] & 0xff, 'b');
	AT(2, VT_COLS - 1);
}

TEST(moving)
{
	start();
	put("\033[5;10H");
	AT(4, 9);
	put("\033[2A\033[3D");
	AT(2, 6);
	put("\033[99;99H");
	AT(VT_ROWS - 1, VT_COLS - 1);
	put("\033[H\033[99B\033[99C\033[99A\033[99D");
	AT(0, 0);
	put("\033[7d\033[8G");
	AT(6, 7);
	put("\0337\033[H\0338");
	AT(6, 7);
	put("\ta\b\b");
	AT(6, 7);
}

TEST(erasing_and_shifting)
{
	start();
	put("abcdef\033[4G\033[K");
	ROW(0, "abc");
	put("\033[1G\033[2@");
	ROW(0, "  abc");
	put("\033[2P");
	ROW(0, "abc");
	put("\r\nsecond\033[H\033[L");
	ROW(1, "abc");
	put("\033[M");
	ROW(0, "abc");
	put("\033[2J");
	ROW(0, "");
	ROW(1, "");
}

TEST(a_region_scrolls_alone)
{
	start();
	put("top\033[25;1Hend\033[2;4r\033[2;1Ha\r\nb\r\nc\r\nd");
	ROW(0, "top");
	ROW(1, "b");
	ROW(3, "d");
	ROW(24, "end");
	CHECK_EQ(screen.history_count, 0);
	put("\033[2;1H\033M");
	ROW(1, "");
	ROW(2, "b");
	put("\033[r\033[25;1H\n");
	CHECK_EQ(screen.history_count, 1);
}

TEST(utf8_and_line_drawing)
{
	start();
	put("\xc3\xa9\xe2\x94\x80|\xe2\x82|\xff|\xe4\xb8\xad");
	CHECK_EQ(screen.cell[0][0] & 0xff, 0x82);	/* e acute */
	CHECK_EQ(screen.cell[0][1] & 0xff, 0xc4);	/* a line */
	CHECK_EQ(screen.cell[0][3] & 0xff, '?');	/* cut short */
	CHECK_EQ(screen.cell[0][5] & 0xff, '?');	/* not UTF-8 */
	put("\r\n\033(0qx\033(Bq");
	CHECK_EQ(screen.cell[1][0] & 0xff, 0xc4);
	CHECK_EQ(screen.cell[1][1] & 0xff, 0xb3);
	CHECK_EQ(screen.cell[1][2] & 0xff, 'q');
}

TEST(questions)
{
	start();
	answers = 0;
	put("\033[7;9H\033[6n");
	CHECK(!memcmp(answered, "\033[7;9R", 6));
	answers = 0;
	put("\033[5n\033[c");
	CHECK(!memcmp(answered, "\033[0n\033[?6c", 9));
}

/* Strings for the window's title and the like are not shown. */
TEST(strings_are_swallowed)
{
	start();
	put("a\033]0;title\ab\033P1$r\033\\c\033]P1aabbccd");
	ROW(0, "abcd");
}

static unsigned seed = 1;

static unsigned any(unsigned n)
{
	seed = seed * 1103515245 + 12345;
	return (seed >> 16) % n;
}

TEST_WITHIN(no_bytes_do_harm, 100)
{
	static const char finals[] = "ABCDEFGHJKLMPSTX@`acdefghlmnrsu";
	char text[64];

	start();
	for (int i = 0; i < 300000; i++) {
		int n = 0;

		switch (any(4)) {
		case 0:
			n = sprintf(text, "\033[%s%u;%u%c", any(4) ? "" : "?",
				    any(90), any(3) ? any(30) : any(70000),
				    finals[any(sizeof(finals) - 1)]);
			break;
		case 1:
			n = sprintf(text, "\033%c", 32 + any(95));
			break;
		default:
			while (n < 8)
				text[n++] = (char)any(256);
		}
		vt_write(&screen, (uint8_t *)text, n);
		CHECK(screen.pen.row < VT_ROWS && screen.pen.col < VT_COLS);
		CHECK(screen.top < screen.bottom);
	}
}
