/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * resize.c - tells the kernel how large the terminal is: a serial line does
 * not say when the window behind it has changed.
 *
 *	resize			sets the size, prints it
 *	eval "$(resize)"	and sets COLUMNS and LINES too
 *
 * The cursor is sent far down and right, the terminal is asked where it came
 * to stand (ESC [ 6 n, answered by ESC [ row ; column R), and it is put back.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

enum { ANSWER_MAX = 64, WAIT_TENTHS = 20 };

static const char question[] = "\0337\033[r\033[999;999H\033[6n\0338";

/* Reads up to the answer's last letter; keys struck meanwhile come before it. */
static int read_answer(int fd, unsigned *rows, unsigned *columns)
{
	char text[ANSWER_MAX + 1], *start;
	int n = 0;

	while (n < ANSWER_MAX && read(fd, text + n, 1) == 1) {
		text[++n] = '\0';
		if (text[n - 1] != 'R')
			continue;
		start = strstr(text, "\033[");
		if (start && sscanf(start, "\033[%u;%uR", rows, columns) == 2)
			return *rows > 0 && *columns > 0;
		n = 0;
	}
	return 0;
}

static int ask(int fd, unsigned *rows, unsigned *columns)
{
	struct termios saved, raw;
	int ok;

	if (tcgetattr(fd, &saved) < 0)
		return 0;
	raw = saved;
	raw.c_iflag &= ~(tcflag_t)(ICRNL | IXON);
	raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO | ISIG);
	raw.c_cc[VMIN] = 0;
	raw.c_cc[VTIME] = WAIT_TENTHS;
	if (tcsetattr(fd, TCSADRAIN, &raw) < 0)
		return 0;
	ok = write(fd, question, sizeof(question) - 1) > 0 &&
	     read_answer(fd, rows, columns);
	tcsetattr(fd, TCSADRAIN, &saved);
	return ok;
}

int main(void)
{
	struct winsize size = { 0, 0, 0, 0 };
	unsigned rows, columns;
	int fd = open("/dev/tty", O_RDWR | O_NOCTTY);

	if (fd < 0)
		fd = STDIN_FILENO;
	if (!ask(fd, &rows, &columns)) {
		fputs("resize: the terminal does not say its size\n", stderr);
		return 1;
	}
	size.ws_row = (unsigned short)rows;
	size.ws_col = (unsigned short)columns;
	if (ioctl(fd, TIOCSWINSZ, &size) < 0) {
		perror("resize");
		return 1;
	}
	printf("COLUMNS=%u;\nLINES=%u;\nexport COLUMNS LINES;\n", columns, rows);
	return 0;
}
