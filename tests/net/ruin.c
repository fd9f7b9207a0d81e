/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ruin.c - ruin BASE QUEUE: writes nonsense where a legacy virtio device, whose
 * registers begin at port BASE (hexadecimal), tells of chains that it is done
 * with: as a broken or hostile device would.
 */
#include <err.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/io.h>
#include <unistd.h>

enum { PAGE = 4096, QUEUE_PAGE = 8, QUEUE_SIZE = 12, QUEUE = 14, INDEX_AT = 2,
       DESCRIPTOR = 16 };

int main(int argc, char **argv)
{
	unsigned base, size;
	uint32_t used;
	uint16_t index;
	int memory = open("/dev/mem", O_RDWR);

	if (argc != 3 || memory < 0 || iopl(3))
		err(1, "usage: ruin BASE QUEUE");
	base = strtoul(argv[1], NULL, 16);
	outw(atoi(argv[2]), base + QUEUE);
	size = inw(base + QUEUE_SIZE);
	used = size * DESCRIPTOR + 2 * (size + 3);
	used = inl(base + QUEUE_PAGE) * PAGE + (used + PAGE - 1) / PAGE * PAGE;
	if (pread(memory, &index, sizeof index, used + INDEX_AT) != sizeof index)
		err(1, "/dev/mem at %x", used);
	index += 1000;
	if (pwrite(memory, &index, sizeof index, used + INDEX_AT) != sizeof index)
		err(1, "/dev/mem at %x", used);
	return 0;
}
