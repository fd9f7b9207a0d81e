/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sock.c - a socket by hand: a command a line from standard input, an answer a
 * line. The answer is a number, what was read, or the name of an error.
 *
 *	tcp | udp		a new socket
 *	bind PORT, bind ADDRESS PORT, listen N, accept, connect ADDRESS PORT, close
 *	write N, text WORD, read N, shut, error, option LEVEL NAME VALUE
 */
#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int sock = -1;
static char buf[1 << 20];

static struct sockaddr_in address(const char *host, const char *port)
{
	struct sockaddr_in a = { .sin_family = AF_INET };

	a.sin_port = htons(atoi(port));
	a.sin_addr.s_addr = inet_addr(host);
	return a;
}

static int take_error(void)
{
	int value = 0;
	socklen_t size = sizeof(value);

	if (getsockopt(sock, SOL_SOCKET, SO_ERROR, &value, &size))
		return -1;
	errno = value;
	return value ? -1 : 0;
}

static int fresh(int type)
{
	int one = 1;

	sock = socket(AF_INET, type, 0);
	setsockopt(sock, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	return sock < 0 ? -1 : 0;
}

static int take_next(void)
{
	int next = accept(sock, NULL, NULL);

	if (next < 0)
		return -1;
	close(sock);
	sock = next;
	return 0;
}

static int act(char *word[4])
{
	const char *w = word[0];
	struct sockaddr_in a;
	int value;

	if (!strcmp(w, "tcp") || !strcmp(w, "udp"))
		return fresh(*w == 't' ? SOCK_STREAM : SOCK_DGRAM);
	if (!strcmp(w, "bind") || !strcmp(w, "connect")) {
		a = word[2] ? address(word[1], word[2]) :
			      address("0.0.0.0", word[1]);
		return (*w == 'b' ? bind : connect)(
			sock, (struct sockaddr *)&a, sizeof(a));
	}
	if (!strcmp(w, "listen"))
		return listen(sock, atoi(word[1]));
	if (!strcmp(w, "accept"))
		return take_next();
	if (!strcmp(w, "write"))
		return write(sock, buf, atoi(word[1]));
	if (!strcmp(w, "text"))
		return write(sock, word[1], strlen(word[1]));
	if (!strcmp(w, "shut"))
		return shutdown(sock, SHUT_WR);
	if (!strcmp(w, "error"))
		return take_error();
	if (!strcmp(w, "close"))
		return close(sock);
	value = atoi(word[3]);
	return setsockopt(sock, atoi(word[1]), atoi(word[2]), &value,
			  sizeof(value));
}

int main(void)
{
	char line[256], *word[4];

	signal(SIGPIPE, SIG_IGN);
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (size_t n = 0; n < sizeof(buf); n++)
		buf[n] = 'a' + n % 26;
	while (fgets(line, sizeof(line), stdin)) {
		long n;

		for (int i = 0; i < 4; i++)
			word[i] = strtok(i ? NULL : line, " \n");
		if (!strcmp(word[0], "read")) {
			n = read(sock, buf, atoi(word[1]));
			if (n >= 0) {
				printf("%.*s\n", (int)n, buf);
				continue;
			}
		} else {
			n = act(word);
		}
		if (n < 0)
			printf("%s\n", strerror(errno));
		else
			printf("%ld\n", n);
	}
	return 0;
}
