/* SPDX-License-Identifier: BSD-2-Clause */
/* tty_line.c - the line discipline in canonical mode: editing, echo, ends. */
#include "pty.h"

#define TEXT(s) s, sizeof(s) - 1

/* Flags are toggled against what a new pty has: ICRNL IXON, OPOST ONLCR, ISIG
 * ICANON ECHO ECHOE ECHOK ECHOCTL ECHOKE IEXTEN. */
struct line_case {
	const char *what;
	tcflag_t iflag, lflag;
	const char *typed;
	size_t typed_size;
	const char *shown;
	size_t shown_size;
	const char *line;
	size_t line_size;
};

static const struct line_case cases[] = {
	{ "plain", 0, 0, TEXT("hello\n"), TEXT("hello\r\n"), TEXT("hello\n") },
	{ "return", 0, 0, TEXT("a\r"), TEXT("a\r\n"), TEXT("a\n") },
	{ "IGNCR", IGNCR, 0, TEXT("a\rb\n"), TEXT("ab\r\n"), TEXT("ab\n") },
	{ "INLCR", INLCR | ICRNL, 0, TEXT("a\nb\4"), TEXT("a^Mb"),
	  TEXT("a\rb") },
	{ "ISTRIP", ISTRIP, 0, TEXT("\xe1\xe2\n"), TEXT("ab\r\n"),
	  TEXT("ab\n") },
	{ "IUCLC", IUCLC, 0, TEXT("ABc\n"), TEXT("abc\r\n"), TEXT("abc\n") },
	{ "PARMRK", PARMRK, 0, TEXT("a\xff\n"), TEXT("a\xff\r\n"),
	  TEXT("a\xff\xff\n") },
	{ "erase", 0, 0, TEXT("abd\x7f" "c\n"), TEXT("abd\b \bc\r\n"),
	  TEXT("abc\n") },
	{ "erase at the start", 0, 0, TEXT("\x7f\x7f" "a\n"), TEXT("a\r\n"),
	  TEXT("a\n") },
	{ "erase a control", 0, 0, TEXT("\1\x7f\n"), TEXT("^A\b \b\b \b\r\n"),
	  TEXT("\n") },
	{ "erase a control, no ECHOCTL", 0, ECHOCTL, TEXT("a\1\x7f\n"),
	  TEXT("a\1\r\n"), TEXT("a\n") },
	{ "erase a tab", 0, 0, TEXT("ab\t\x7f\n"),
	  TEXT("ab\t\b\b\b\b\b\b\r\n"), TEXT("ab\n") },
	{ "erase a tab behind a tab", 0, 0, TEXT("ab\tc\t\x7f\n"),
	  TEXT("ab\tc\t\b\b\b\b\b\b\b\r\n"), TEXT("ab\tc\n") },
	{ "erase UTF-8", IUTF8, 0, TEXT("a\xe2\x82\xac\x7f\n"),
	  TEXT("a\xe2\x82\xac\b \b\r\n"), TEXT("a\n") },
	{ "erase bytes", 0, 0, TEXT("\xc3\xa9\x7f\n"),
	  TEXT("\xc3\xa9\b \b\r\n"), TEXT("\xc3\n") },
	{ "no ECHOE", 0, ECHOE, TEXT("ab\x7f\n"), TEXT("ab^?\r\n"),
	  TEXT("a\n") },
	{ "ECHOPRT", 0, ECHOPRT, TEXT("abc\x7f\x7fx\n"),
	  TEXT("abc\\cb/x\r\n"), TEXT("ax\n") },
	{ "kill", 0, 0, TEXT("ab\25c\n"), TEXT("ab\b \b\b \bc\r\n"),
	  TEXT("c\n") },
	{ "kill, no ECHOKE", 0, ECHOKE, TEXT("ab\25c\n"),
	  TEXT("ab^U\r\nc\r\n"), TEXT("c\n") },
	{ "kill, no ECHOK", 0, ECHOK | ECHOKE, TEXT("ab\25c\n"),
	  TEXT("ab^Uc\r\n"), TEXT("c\n") },
	{ "word", 0, 0, TEXT("one two\27x\n"),
	  TEXT("one two\b \b\b \b\b \bx\r\n"), TEXT("one x\n") },
	{ "word and its marks", 0, 0, TEXT("a b_2,.\27\n"),
	  TEXT("a b_2,.\b \b\b \b\b \b\b \b\b \b\r\n"), TEXT("a \n") },
	{ "no IEXTEN", 0, IEXTEN, TEXT("a\27\26\n"), TEXT("a^W^V\r\n"),
	  TEXT("a\27\26\n") },
	{ "reprint", 0, 0, TEXT("a\1b\22\n"), TEXT("a^Ab^R\r\na^Ab\r\n"),
	  TEXT("a\1b\n") },
	{ "literal", 0, 0, TEXT("\26\3\26\x7f\26\26\n"),
	  TEXT("^\b^C^\b^?^\b^V\r\n"), TEXT("\3\x7f\26\n") },
	{ "literal newline", 0, 0, TEXT("a\26\nb\n"), TEXT("a^\b^Jb\r\n"),
	  TEXT("a\nb\n") },
	{ "literal eof", 0, 0, TEXT("a\26\4\n"), TEXT("a^\b^D\r\n"),
	  TEXT("a\4\n") },
	{ "eof behind text", 0, 0, TEXT("ab\4"), TEXT("ab"), TEXT("ab") },
	{ "eof alone", 0, 0, TEXT("\4"), TEXT(""), TEXT("") },
	{ "NUL", 0, 0, TEXT("a\0b\n"), TEXT("a^@b\r\n"), TEXT("a\0b\n") },
	{ "no echo", 0, ECHO, TEXT("secret\n"), TEXT(""), TEXT("secret\n") },
	{ "ECHONL", 0, ECHO | ECHONL, TEXT("secret\n"), TEXT("\r\n"),
	  TEXT("secret\n") },
	{ "controls, no ECHOCTL", 0, ECHOCTL, TEXT("\1\33\n"),
	  TEXT("\1\33\r\n"), TEXT("\1\33\n") },
	{ "no ISIG", 0, ISIG, TEXT("\3\34\32\n"), TEXT("^C^\\^Z\r\n"),
	  TEXT("\3\34\32\n") },
	{ "flow keys are no text", 0, 0, TEXT("a\21b\n"), TEXT("ab\r\n"),
	  TEXT("ab\n") },
	{ "no IXON", IXON, 0, TEXT("\23\21\n"), TEXT("^S^Q\r\n"),
	  TEXT("\23\21\n") },
};

/* A line: what it shows, and what one read gives. */
static void try_case(const struct line_case *c)
{
	struct pty p = pty_new();

	struct termios t;

	CHECK_OK(tcgetattr(p.slave, &t));
	t.c_iflag ^= c->iflag;
	t.c_lflag ^= c->lflag;
	CHECK_OK(tcsetattr(p.slave, TCSANOW, &t));
	CHECK_EQ(write(p.master, c->typed, c->typed_size), c->typed_size);
	pty_expect(c->what, 0, "shown", p.master, c->shown, c->shown_size);
	pty_read(c->what, 0, p.slave, c->line, c->line_size);
	NOTHING(p.slave);
	pty_close(&p);
}

TEST(table_of_lines)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		try_case(&cases[i]);
}

TEST(new_modes_are_the_usual_ones)
{
	struct pty p = pty_new();
	struct termios t;

	CHECK_OK(tcgetattr(p.slave, &t));
	CHECK_EQ(t.c_iflag, ICRNL | IXON);
	CHECK_EQ(t.c_oflag, OPOST | ONLCR);
	CHECK_EQ(t.c_cflag, B38400 | CS8 | CREAD);
	CHECK_EQ(t.c_lflag, ISIG | ICANON | ECHO | ECHOE | ECHOK | ECHOCTL |
			    ECHOKE | IEXTEN);
	CHECK_EQ(t.c_cc[VINTR], 3);
	CHECK_EQ(t.c_cc[VERASE], 0x7f);
	CHECK_EQ(t.c_cc[VEOL], 0);
	CHECK_EQ(t.c_cc[VMIN], 1);
}

TEST(a_line_is_read_in_pieces)
{
	struct pty p = pty_new();
	char c[4];

	TYPE(p, "hello\nmore\n");
	SHOWS(p, "hello\r\nmore\r\n");
	CHECK_EQ(read(p.slave, c, 2), 2);
	CHECK(!memcmp(c, "he", 2));
	CHECK_EQ(read(p.slave, c, 4), 4);
	CHECK(!memcmp(c, "llo\n", 4));
	READS(p, "more\n");
}

TEST(end_of_file_is_swallowed_with_its_text)
{
	struct pty p = pty_new();
	char c[2];

	TYPE(p, "ab\4c\n");
	SHOWS(p, "abc\r\n");
	CHECK_EQ(read(p.slave, c, 2), 2);
	READS(p, "c\n");
	TYPE(p, "\4\4x\n");
	SHOWS(p, "x\r\n");
	READS(p, "");
	READS(p, "");
	READS(p, "x\n");
}

TEST(other_ends_of_lines)
{
	struct pty p = pty_new();
	struct termios t;

	CHECK_OK(tcgetattr(p.slave, &t));
	t.c_cc[VEOL] = ';';
	t.c_cc[VEOL2] = '!';
	t.c_cc[VEOF] = 'q';
	t.c_cc[VERASE] = '#';
	t.c_cc[VKILL] = '@';
	CHECK_OK(tcsetattr(p.slave, TCSANOW, &t));
	TYPE(p, "a;b!c#dq@\4\n");
	SHOWS(p, "a;b!c\b \bd^D\r\n");
	READS(p, "a;");
	READS(p, "b!");
	READS(p, "d");
	READS(p, "\4\n");
}

TEST(a_character_that_is_off)
{
	struct pty p = pty_new();
	struct termios t;

	CHECK_OK(tcgetattr(p.slave, &t));
	t.c_cc[VERASE] = t.c_cc[VINTR] = t.c_cc[VEOF] = _POSIX_VDISABLE;
	CHECK_OK(tcsetattr(p.slave, TCSANOW, &t));
	TYPE(p, "a\x7f\3\4\0\n");
	SHOWS(p, "a^?^C^D^@\r\n");
	READS(p, "a\x7f\3\4\0\n");
}

TEST(waiting_text_counts_as_lines)
{
	struct pty p = pty_new();
	int n;

	TYPE(p, "abc");
	SHOWS(p, "abc");
	CHECK_EQ(pty_wait(p.slave, POLLIN, 0), 0);
	CHECK_OK(ioctl(p.slave, FIONREAD, &n));
	CHECK_EQ(n, 0);
	TYPE(p, "\nde\4");
	SHOWS(p, "\r\nde");
	CHECK_EQ(pty_wait(p.slave, POLLIN, PTY_LONG), POLLIN);
	CHECK_OK(ioctl(p.slave, FIONREAD, &n));
	CHECK_EQ(n, 6);
	READS(p, "abc\n");
	READS(p, "de");
}

/* What was typed as a line is there when lines are given up, and the other
 * way round. */
TEST(a_change_of_mode_loses_nothing)
{
	struct pty p = pty_new();

	TYPE(p, "abc");
	SHOWS(p, "abc");
	CHECK_EQ(pty_wait(p.slave, POLLIN, 0), 0);
	PTY_MODE(p, c_lflag, ICANON, 0);
	READS(p, "abc");
	TYPE(p, "de");
	SHOWS(p, "de");
	PTY_MODE(p, c_lflag, 0, ICANON);
	READS(p, "de");
}

TEST(a_line_too_long_is_cut)
{
	struct pty p = pty_new();
	static char text[6000], got[8192];
	size_t n = 0;
	ssize_t r;

	memset(text, 'x', sizeof(text));
	PTY_MODE(p, c_lflag, ECHO, 0);
	for (size_t done = 0; done < sizeof(text); done += r) {
		r = write(p.master, text + done, sizeof(text) - done);
		CHECK(r > 0);
	}
	TYPE(p, "\n");
	while (n == 0 || got[n - 1] != '\n') {
		r = read(p.slave, got + n, sizeof(got) - n);
		CHECK(r > 0);
		n += r;
	}
	CHECK_EQ(n, 4096);
	TYPE(p, "next\n");
	READS(p, "next\n");
}

/* A reader who is slow, a writer who is not: no line is lost or torn. */
TEST_WITHIN(a_long_paste_arrives_whole, 60)
{
	enum { LINES = 3000 };
	struct pty p = pty_new();
	char line[64], want[64];
	FILE *in;
	pid_t typist, screen;

	typist = fork();
	CHECK_OK(typist);
	if (typist == 0) {
		close(p.slave);
		for (int i = 0; i < LINES; i++) {
			int n = sprintf(line, "this is line number %d\n", i);
			for (int done = 0, r; done < n; done += r) {
				r = write(p.master, line + done, n - done);
				CHECK(r > 0);
			}
		}
		_exit(0);
	}
	screen = fork();
	CHECK_OK(screen);
	if (screen == 0) {
		close(p.slave);
		while (read(p.master, line, sizeof(line)) > 0)
			;
		_exit(0);
	}
	in = fdopen(p.slave, "r");
	for (int i = 0; i < LINES; i++) {
		sprintf(want, "this is line number %d\n", i);
		CHECK(fgets(line, sizeof(line), in));
		if (strcmp(line, want))
			FAIL("line %d is %s", i, line);
	}
	CHECK_CHILD(typist);
	fclose(in);
	CHECK_CHILD(screen);
}

static void wait_stopped(const struct pty *p)
{
	while (pty_wait(p->slave, POLLOUT, 0))
		ktap_sleep_ms(1);
}

TEST(echo_waits_while_output_is_stopped)
{
	struct pty p = pty_new();

	TYPE(p, "\23");
	wait_stopped(&p);
	TYPE(p, "ab\n");
	READS(p, "ab\n");
	NOTHING(p.master);
	TYPE(p, "\21");
	SHOWS(p, "ab\r\n");
}

TEST(output_stops_and_goes_on)
{
	struct pty p = pty_new();
	pid_t pid;

	TYPE(p, "\23");
	wait_stopped(&p);
	pid = fork();
	CHECK_OK(pid);
	if (pid == 0) {
		PRINT(p, "text");
		_exit(0);
	}
	NOTHING(p.master);
	CHECK_EQ(pty_wait(p.slave, POLLOUT, 0), 0);
	TYPE(p, "\21");
	SHOWS(p, "text");
	CHECK_CHILD(pid);
	/* IXANY: any key starts it again, and counts as a key. */
	PTY_MODE(p, c_iflag, 0, IXANY);
	TYPE(p, "\23");
	wait_stopped(&p);
	TYPE(p, "y");
	SHOWS(p, "y");
	/* Without IXON it cannot stay stopped. */
	TYPE(p, "\23");
	wait_stopped(&p);
	PTY_MODE(p, c_iflag, IXON, 0);
	PRINT(p, "z");
	SHOWS(p, "z");
}

TEST(flow_by_call)
{
	struct pty p = pty_new();

	CHECK_OK(tcflow(p.slave, TCOOFF));
	CHECK_EQ(pty_wait(p.slave, POLLOUT, 0), 0);
	TYPE(p, "\21a\n");	/* the key does not undo the call */
	READS(p, "a\n");
	NOTHING(p.master);
	CHECK_OK(tcflow(p.slave, TCOON));
	PTY_MODE(p, c_lflag, ECHO, 0);
	CHECK_EQ(pty_wait(p.slave, POLLOUT, PTY_LONG), POLLOUT);
	CHECK_ERRNO(tcflow(p.slave, 9), EINVAL);
}
