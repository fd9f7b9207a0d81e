/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ata.c - disks on the two old ATA channels, by programmed I/O: hda to hdd.
 *
 * A channel does one command at a time, of one of its two drives. A request is
 * as many commands as it takes; a command moves blocks of some sectors, with
 * an interrupt for each. What is to be done next follows from the drive's
 * status alone, so that an interrupt too many does no harm. The device register
 * is written before every command: v86 forgets a part of it.
 *
 * A drive that does not answer in time is reset, and the request fails.
 * (ATA/ATAPI-6, T13 1410D)
 *
 * Locks: the kernel lock; an interrupt only reads the status register.
 */
#include "kernel/dev/disks.h"

enum {	/* registers, from the channel's base */
	R_DATA = 0, R_COUNT = 2, R_LBA0 = 3, R_LBA1 = 4, R_LBA2 = 5,
	R_DEVICE = 6, R_STATUS = 7, R_COMMAND = 7,
};
enum { ERR = 1, DRQ = 8, FAULT = 0x20, BUSY = 0x80 };
enum { CONTROL_SILENT = 2, CONTROL_RESET = 4 };
enum { DEVICE_LBA = 0xe0, DEVICE_SLAVE = 0x10 };
enum {
	C_READ = 0x20, C_READ_LONG = 0x24, C_READ_BLOCKS = 0xc4,
	C_READ_BLOCKS_LONG = 0x29, C_WRITE = 0x30, C_WRITE_LONG = 0x34,
	C_WRITE_BLOCKS = 0xc5, C_WRITE_BLOCKS_LONG = 0x39,
	C_FLUSH = 0xe7, C_FLUSH_LONG = 0xea, C_SET_BLOCK = 0xc6,
	C_IDENTIFY = 0xec,
};
enum {	/* words of what IDENTIFY gives */
	I_CYLINDERS = 1, I_HEADS = 3, I_TRACK = 6, I_BLOCK_MAX = 47,
	I_CAPABLE = 49, I_SECTORS = 60, I_COMMANDS = 83, I_ENABLED = 85,
	I_SECTORS_LONG = 100, I_SECTOR_SIZE = 106, I_ROTATION = 217,
	CAPABLE_LBA = 1 << 9, COMMANDS_LONG = 1 << 10, COMMANDS_FLUSH = 1 << 12,
	ENABLED_CACHE = 1 << 5, LARGE_SECTORS = 1 << 12, NOT_ROTATING = 1,
	IDENTIFY_WORDS = 256,
};
enum {
	COUNT_MAX = 256,	/* sectors of one command */
	BLOCK_MAX = 16,		/* sectors for one interrupt */
	SHORT_LIMIT = 1 << 28,	/* sectors that the short commands reach */
	MAJOR_PRIMARY = 3, MAJOR_SECONDARY = 22, MINORS = 64,
	POLL_MS = 100, FLUSH_SECONDS = 30, MOVE_SECONDS = 10,
	CLASS_STORAGE = 1, SUBCLASS_IDE = 1,
};

struct channel;
struct drive {
	struct disk disk;
	struct channel *channel;
	bool slave, long_commands;
	unsigned block;		/* sectors for one interrupt; 1: not set */
};
struct channel {
	uint16_t base, control;	/* [I] ports */
	unsigned irq;		/* [I] */
	struct drive *drive[2];
	struct list waiting;	/* disk_request.link */
	struct disk_request *now;
	uint64_t sector;	/* where its data has got to */
	uint64_t trying;	/* what the drive is at: it fails there */
	uint64_t left;		/* sectors of it that no command has moved */
	uint32_t command_left;	/* sectors of the command */
	bool begun;		/* a command for it is with the drive */
	struct timer timer;
	struct defer work;
};

static struct channel channels[] = {
	{ .base = 0x1f0, .control = 0x3f6, .irq = 14 },
	{ .base = 0x170, .control = 0x376, .irq = 15 },
};
static bool wide;		/* the data port takes 32 bits */

static struct drive *drive_of(const struct disk_request *r)
{
	return r->disk->whole->private;
}

/* --- the registers -------------------------------------------------------- */

/* Without taking the interrupt back, as R_STATUS does. */
static uint8_t status(const struct channel *c)
{
	return arch_inb(c->control);
}

/* 400 ns, which the drive may take to look busy. */
static void settle(const struct channel *c)
{
	for (int i = 0; i < 4; i++)
		status(c);
}

/* The status when bit `busy` has gone, or after a while. */
static uint8_t wait_while(const struct channel *c, uint8_t busy)
{
	uint64_t end = arch_clock_ns() + POLL_MS * NS_PER_MS;
	uint8_t s;

	do
		s = status(c);
	while ((s & busy) && arch_clock_ns() < end);
	return s;
}

/* It has answered, one way or the other. */
static uint8_t wait_data(const struct channel *c)
{
	uint64_t end = arch_clock_ns() + POLL_MS * NS_PER_MS;
	uint8_t s;

	do
		s = status(c);
	while (((s & BUSY) || !(s & (DRQ | ERR | FAULT))) &&
	       arch_clock_ns() < end);
	return s;
}

static void read_sector(const struct channel *c, void *to)
{
	if (wide)
		arch_insl(c->base + R_DATA, to, DISK_SECTOR / 4);
	else
		arch_insw(c->base + R_DATA, to, DISK_SECTOR / 2);
}

static void write_sector(const struct channel *c, const void *from)
{
	if (wide)
		arch_outsl(c->base + R_DATA, from, DISK_SECTOR / 4);
	else
		arch_outsw(c->base + R_DATA, from, DISK_SECTOR / 2);
}

/* false: the drive is still at something else. */
static bool select(const struct drive *d, uint8_t low_bits)
{
	const struct channel *c = d->channel;

	arch_outb(c->base + R_DEVICE, DEVICE_LBA | low_bits |
		  (d->slave ? DEVICE_SLAVE : 0));
	settle(c);
	return !(wait_while(c, BUSY) & (BUSY | DRQ));
}

static void put_address(const struct channel *c, uint32_t count, uint32_t lba)
{
	arch_outb(c->base + R_COUNT, (uint8_t)count);
	arch_outb(c->base + R_LBA0, (uint8_t)lba);
	arch_outb(c->base + R_LBA1, (uint8_t)(lba >> 8));
	arch_outb(c->base + R_LBA2, (uint8_t)(lba >> 16));
}

/* --- commands ------------------------------------------------------------- */

/* The sector that the data has got to, and one on. */
static void *next_sector(struct channel *c)
{
	struct disk_request *r = c->now;
	const struct disk_piece *p = &r->pieces[r->next_piece];
	void *at = (uint8_t *)p->at + r->next_byte;

	assert(r->next_piece < r->piece_count && c->left && c->command_left);
	r->next_byte += DISK_SECTOR;
	if (r->next_byte == p->len) {
		r->next_piece++;
		r->next_byte = 0;
	}
	c->sector++;
	c->left--;
	c->command_left--;
	return at;
}

static void move_block(struct channel *c)
{
	bool reads = c->now->op == DISK_READ;
	uint32_t n = min_u32(drive_of(c->now)->block, c->command_left);

	c->trying = c->sector + (reads ? n : 0);
	while (n--) {
		if (reads)
			read_sector(c, next_sector(c));
		else
			write_sector(c, next_sector(c));
	}
}

static uint8_t move_command(const struct drive *d, bool reads, bool is_long)
{
	if (d->block > 1)
		return reads ? (is_long ? C_READ_BLOCKS_LONG : C_READ_BLOCKS) :
			       (is_long ? C_WRITE_BLOCKS_LONG : C_WRITE_BLOCKS);
	return reads ? (is_long ? C_READ_LONG : C_READ) :
		       (is_long ? C_WRITE_LONG : C_WRITE);
}

static bool begin_move(struct channel *c)
{
	struct drive *d = drive_of(c->now);
	uint64_t lba = c->sector;
	uint32_t n = (uint32_t)min_s64(c->left, COUNT_MAX);
	bool is_long = lba + n > SHORT_LIMIT, reads = c->now->op == DISK_READ;

	assert(n && (!is_long || d->long_commands));
	if (!select(d, is_long ? 0 : lba >> 24 & 0xf))
		return false;
	if (is_long)
		put_address(c, n >> 8, (uint32_t)(lba >> 24));
	put_address(c, n, (uint32_t)lba & 0xffffff);
	c->command_left = n;
	c->trying = lba;
	arch_outb(c->base + R_COMMAND, move_command(d, reads, is_long));
	if (reads)
		return true;
	settle(c);
	if ((wait_data(c) & (BUSY | DRQ | ERR | FAULT)) != DRQ)
		return false;
	move_block(c);
	return true;
}

static bool begin_flush(struct channel *c)
{
	struct drive *d = drive_of(c->now);

	if (!select(d, 0))
		return false;
	c->command_left = 0;
	arch_outb(c->base + R_COMMAND,
		  d->long_commands ? C_FLUSH_LONG : C_FLUSH);
	return true;
}

/* It begins as deferred work: it may fail at once, and submit must not. */
static void next_request(struct channel *c)
{
	if (c->now || list_empty(&c->waiting))
		return;
	c->now = list_entry(c->waiting.next, struct disk_request, link);
	list_remove(&c->now->link);
	c->sector = c->trying = c->now->at;
	c->left = c->now->count;
	c->begun = false;
	defer_raise(&c->work);
}

static void end_request(struct channel *c, int err)
{
	struct disk_request *r = c->now;

	timer_cancel(&c->timer);
	c->now = NULL;
	if (err) {		/* for the log */
		r->count -= c->trying - r->at;
		r->at = c->trying;
	}
	disk_done(r, err);
	next_request(c);
}

/* What stops a drive that went astray; both start as after power-on. */
static void reset(struct channel *c)
{
	arch_outb(c->control, CONTROL_RESET);
	settle(c);
	arch_outb(c->control, 0);
	settle(c);
	wait_while(c, BUSY);
	for (unsigned i = 0; i < 2; i++)
		if (c->drive[i])
			c->drive[i]->block = 1;
}

static void give_up(struct channel *c, const char *why)
{
	log_print(LOG_WARN, "%s: %s, status %02x", c->now->disk->whole->name,
		  why, status(c));
	reset(c);
	end_request(c, -EIO);
}

static void no_answer(void *arg)
{
	struct channel *c = arg;

	if (c->now)
		give_up(c, "does not answer");
}

/* The next command of the request. */
static void begin_command(struct channel *c)
{
	bool flush = c->now->op == DISK_FLUSH;
	uint32_t seconds = flush ? FLUSH_SECONDS : MOVE_SECONDS;

	timer_set_ms(&c->timer, seconds * 1000);
	if (!(flush ? begin_flush(c) : begin_move(c)))
		give_up(c, "takes no command");
}

static void submit(struct disk *d, struct disk_request *r)
{
	struct drive *drive = d->private;
	struct channel *c = drive->channel;

	list_append(&c->waiting, &r->link);
	next_request(c);
}

static const struct disk_ops ops = { .submit = submit };

static void command_done(struct channel *c)
{
	if (c->left)
		begin_command(c);
	else
		end_request(c, 0);
}

static void work(struct defer *defer)
{
	struct channel *c = container_of(defer, struct channel, work);
	uint8_t s;

	if (!c->now)
		return;
	if (!c->begun) {
		c->begun = true;
		begin_command(c);
		return;
	}
	s = status(c);
	if (s & BUSY)
		return;
	if (s & (ERR | FAULT)) {
		end_request(c, -EIO);
		return;
	}
	if (c->command_left) {
		if (!(s & DRQ))
			return;
		move_block(c);
		if (c->command_left || c->now->op == DISK_WRITE)
			return;
	}
	command_done(c);
}

static void interrupt(void *arg)
{
	struct channel *c = arg;

	arch_inb(c->base + R_STATUS);
	defer_raise(&c->work);
}

/* --- at boot -------------------------------------------------------------- */

static uint32_t pair(const uint16_t *words, unsigned at)
{
	return words[at] | (uint32_t)words[at + 1] << 16;
}

/* A command without data, waited for. */
static bool simple_command(const struct drive *d, uint8_t command, uint8_t count)
{
	const struct channel *c = d->channel;

	if (!select(d, 0))
		return false;
	arch_outb(c->base + R_COUNT, count);
	arch_outb(c->base + R_COMMAND, command);
	settle(c);
	return !(wait_while(c, BUSY) & (BUSY | ERR | FAULT));
}

/* false: no disk is there. A CD drive refuses the command. */
static bool identify(const struct drive *d, uint16_t words[IDENTIFY_WORDS])
{
	const struct channel *c = d->channel;
	uint8_t s;

	arch_outb(c->base + R_DEVICE, DEVICE_LBA | (d->slave ? DEVICE_SLAVE : 0));
	settle(c);
	s = status(c);
	if (!s || s == 0xff || !select(d, 0))
		return false;
	put_address(c, 0, 0);
	arch_outb(c->base + R_COMMAND, C_IDENTIFY);
	settle(c);
	if (!status(c) || (wait_data(c) & (BUSY | DRQ | ERR | FAULT)) != DRQ)
		return false;
	arch_insw(c->base + R_DATA, words, IDENTIFY_WORDS);
	return true;
}

static bool has_large_sectors(const uint16_t *words)
{
	return words[I_SECTOR_SIZE] >> 14 == 1 &&
	       (words[I_SECTOR_SIZE] & LARGE_SECTORS);
}

static void describe(struct drive *d, const uint16_t *words)
{
	struct disk *disk = &d->disk;
	uint16_t commands = words[I_COMMANDS] >> 14 == 1 ? words[I_COMMANDS] : 0;

	d->long_commands = commands & COMMANDS_LONG;
	disk->sectors = min_u32(pair(words, I_SECTORS), SHORT_LIMIT);
	if (d->long_commands)
		disk->sectors = pair(words, I_SECTORS_LONG) |
				(uint64_t)words[I_SECTORS_LONG + 2] << 32;
	disk->block_size = DISK_SECTOR;
	disk->caches = (commands & COMMANDS_FLUSH) &&
		       (words[I_ENABLED] & ENABLED_CACHE);
	disk->rotates = words[I_ROTATION] != NOT_ROTATING;
	disk->heads = words[I_HEADS];
	disk->track_sectors = words[I_TRACK];
	disk->max_sectors = COUNT_MAX;
	disk->max_pieces = COUNT_MAX;
	disk->minors = MINORS;
	disk->ops = &ops;
	disk->private = d;
	d->block = min_u32(words[I_BLOCK_MAX] & 0xff, BLOCK_MAX);
	while (d->block & (d->block - 1))
		d->block &= d->block - 1;
	if (d->block <= 1 || !simple_command(d, C_SET_BLOCK, d->block))
		d->block = 1;
}

static int attach(struct drive *d, const uint16_t *words, unsigned position)
{
	struct channel *c = d->channel;
	struct disk *disk = &d->disk;

	disk_name(disk->name, "hd", position);
	disk->number = abi_dev(position < 2 ? MAJOR_PRIMARY : MAJOR_SECONDARY,
			       d->slave ? MINORS : 0);
	if (!(words[I_CAPABLE] & CAPABLE_LBA) || has_large_sectors(words)) {
		log_print(LOG_WARN, "%s: sectors that this driver cannot reach",
			  disk->name);
		return -ENODEV;
	}
	describe(d, words);
	if (!disk->sectors)
		return -ENODEV;
	c->drive[d->slave] = d;
	return 0;
}

static int add(struct channel *c, unsigned position, uint16_t *words)
{
	struct drive *d = kmem_zalloc(sizeof(*d));
	int err = -ENODEV;

	if (!d)
		return -ENOMEM;
	d->channel = c;
	d->slave = position & 1;
	if (identify(d, words))
		err = attach(d, words, position);
	if (err)
		kmem_free(d);
	return err;
}

static int begin_channel(struct channel *c)
{
	int err = arch_irq_register(c->irq, interrupt, c);

	arch_inb(c->base + R_STATUS);
	arch_outb(c->control, 0);
	for (unsigned i = 0; !err && i < 2; i++) {
		struct disk *disk = c->drive[i] ? &c->drive[i]->disk : NULL;

		err = disk ? disk_register(disk) : 0;
		if (disk && !err)
			log_print(LOG_INFO, "%s: %llu sectors, ATA at irq %u, "
				  "%u for each", disk->name, disk->sectors,
				  c->irq, c->drive[i]->block);
	}
	return err;
}

static bool has_pci_ide(void)
{
	struct pci_device *p = NULL;

	while ((p = pci_next(p)))
		if (p->class_code == CLASS_STORAGE && p->subclass == SUBCLASS_IDE)
			return true;
	return false;
}

void ata_init(void)
{
	uint16_t *words = kmem_alloc(IDENTIFY_WORDS * sizeof(*words));

	wide = has_pci_ide();
	for (unsigned i = 0; words && i < ARRAY_LEN(channels); i++) {
		struct channel *c = &channels[i];
		int err = 0;

		c->work.fn = work;
		list_init(&c->waiting);
		timer_init(&c->timer, no_answer, c);
		arch_outb(c->control, CONTROL_SILENT);
		for (unsigned n = 0; n < 2; n++)
			err = add(c, 2 * i + n, words);
		if (c->drive[0] || c->drive[1])
			err = begin_channel(c);
		if (err && err != -ENODEV)
			log_print(LOG_WARN, "ata%u: error %d", i, -err);
	}
	kmem_free(words);
}
