/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * random.c - the entropy pool and the generator behind /dev/random.
 *
 * Three stages. Interrupts rotate their words into a small `fast` pool: no
 * hashing there. Whoever needs a new seed hashes the fast pool into `pool`,
 * a running BLAKE2s, and takes a key from it. The key drives ChaCha20; each
 * request first replaces the key by output of its own, so that what was given
 * out cannot be computed from a key found later.
 *
 * Entropy is counted low: it only decides when the generator counts as ready.
 * A loop of TSC jitter at boot makes it so before the first process runs.
 *
 * Locks: `fast`, its place and the credits are interrupt data; all else the
 * kernel lock.
 */
#include "kernel/dev/inner.h"

enum {
	FAST_WORDS = 32,
	READY_BITS = 256,
	JITTER_SAMPLES = 512, JITTER_SAMPLES_MAX = 8192,
	CPUID_RDRAND = 1 << 30,
	IO_CHUNK = 256,
	POOL_BITS = 256,
};
#define RESEED_NS (60ull * 1000 * NS_PER_MS)

static uint32_t fast[FAST_WORDS];	/* interrupt data */
static unsigned fast_at;		/* interrupt data */
static unsigned credits;	/* interrupt data: bits since the last seed */
static struct blake2s pool;
static uint8_t key[CHACHA_KEY];
static uint64_t seeded_ns;
static bool ready;
static struct sleep_queue ready_wait;

/* Any context. bits: what an attacker cannot guess of it, counted low. */
void random_stir(const void *p, size_t n, unsigned bits)
{
	uint32_t flags = arch_irq_save(), word = 0;
	const uint8_t *from = p;
	uint64_t tsc = arch_rdtsc();

	for (size_t i = 0; i < n; i++) {
		word = (word << 8 | word >> 24) ^ from[i];
		if (i % 4 == 3 || i == n - 1) {
			uint32_t *to = &fast[fast_at++ % FAST_WORDS];

			*to = (*to << 7 | *to >> 25) ^ word;
		}
	}
	fast[fast_at % FAST_WORDS] ^= (uint32_t)tsc;
	fast[(fast_at + 1) % FAST_WORDS] += (uint32_t)(tsc >> 32);
	fast_at++;
	credits = min_u32(credits + bits, 1u << 20);
	arch_irq_restore(flags);
}

static bool rdrand(uint32_t *out)
{
	bool ok;

	for (unsigned tries = 0; tries < 10; tries++) {
		__asm__ volatile("rdrand %0\n\tsetc %1"
				 : "=r"(*out), "=qm"(ok)::"cc");
		if (ok)
			return true;
	}
	return false;
}

/* The CPU's generator is mixed in but never trusted: it credits nothing. */
static void stir_rdrand(void)
{
	uint32_t v;

	if (!(arch_cpu_info()->features_ecx & CPUID_RDRAND))
		return;
	for (unsigned i = 0; i < 8 && rdrand(&v); i++)
		random_stir(&v, sizeof(v), 0);
}

/* A new key from everything that was ever stirred in. */
static void reseed(void)
{
	uint32_t copy[FAST_WORDS], flags;
	struct blake2s end;
	uint8_t seed[BLAKE2S_SIZE];
	uint64_t now = arch_clock_ns();
	unsigned bits;

	assert(sched_locked());
	flags = arch_irq_save();
	memcpy(copy, fast, sizeof(copy));
	bits = credits;
	if (ready || bits >= READY_BITS)
		credits = 0;
	arch_irq_restore(flags);

	blake2s_add(&pool, copy, sizeof(copy));
	blake2s_add(&pool, &now, sizeof(now));
	end = pool;
	blake2s_end(&end, seed);
	/* The pool goes on from a state that does not give the seed away. */
	blake2s_add(&pool, "pool", 4);
	blake2s_init(&end, key, sizeof(key));
	blake2s_add(&end, seed, sizeof(seed));
	blake2s_end(&end, key);
	memset(seed, 0, sizeof(seed));
	seeded_ns = now;
	if (!ready && bits >= READY_BITS) {
		ready = true;
		sleep_wake(&ready_wait);
	}
}

/* n random bytes. Never blocks; before random_ready they may be guessable. */
void random_get(void *to, size_t n)
{
	uint8_t block[CHACHA_BLOCK], *out = to;
	struct chacha c;

	if (unlikely(!ready) || arch_clock_ns() - seeded_ns > RESEED_NS)
		reseed();
	chacha_init(&c, key);
	chacha_block(&c, block);
	memcpy(key, block, CHACHA_KEY);
	if (n <= CHACHA_BLOCK - CHACHA_KEY) {
		memcpy(out, block + CHACHA_KEY, n);
		n = 0;
	}
	for (; n >= CHACHA_BLOCK; n -= CHACHA_BLOCK, out += CHACHA_BLOCK)
		chacha_block(&c, out);
	if (n) {
		chacha_block(&c, block);
		memcpy(out, block, n);
	}
	memset(&c, 0, sizeof(c));
	memset(block, 0, sizeof(block));
}

bool random_ready(void)
{
	return ready;
}

/* Until the generator is ready; at once on all but a machine whose clock has
 * no jitter. Sleeps. -EAGAIN, -ERESTARTSYS. */
int random_wait(bool nonblock)
{
	while (!ready) {
		uint32_t bits = credits;

		if (bits >= READY_BITS) {
			reseed();
			continue;
		}
		if (nonblock)
			return -EAGAIN;
		if (sleep_on(&ready_wait, SLEEP_SIGNAL, arch_clock_ns() +
			     100 * NS_PER_MS) == -EINTR)
			return -ERESTARTSYS;
	}
	return 0;
}

/* --- boot ------------------------------------------------------------ */

/*
 * How long a hash takes varies with caches, translation and the host. A
 * sample counts as one bit when neither its length, nor the first or second
 * difference to the one before, repeats; a clock in lockstep with the code
 * gives nothing.
 */
static void stir_jitter(void)
{
	uint64_t last = arch_rdtsc();
	int32_t old = 0, old_difference = 0;
	unsigned good = 0;
	uint8_t junk[BLAKE2S_SIZE];
	struct blake2s b;

	for (unsigned i = 0; i < JITTER_SAMPLES_MAX; i++) {
		uint64_t now;
		int32_t delta, difference;

		blake2s_init(&b, NULL, 0);
		blake2s_add(&b, &last, sizeof(last));
		blake2s_end(&b, junk);
		now = arch_rdtsc();
		delta = (int32_t)(uint32_t)(now - last);
		difference = (int32_t)((uint32_t)delta - (uint32_t)old);
		last = now;
		if (delta != old && difference && difference != old_difference)
			good++;
		old = delta;
		old_difference = difference;
		random_stir(&delta, sizeof(delta), 0);
		if (i >= JITTER_SAMPLES && good >= READY_BITS)
			break;
		if (i >= JITTER_SAMPLES && good < i / 16)
			break; /* no jitter here: do not spend the boot on it */
	}
	random_stir(junk, sizeof(junk), min_u32(good, READY_BITS));
}

/* --- the files ------------------------------------------------------- */

/* Bytes for a reader, without a buffer of their size. */
static int give(struct user_io *io)
{
	uint8_t chunk[IO_CHUNK];
	int total = 0;

	while (io->left) {
		unsigned n = min_u32(io->left, sizeof(chunk));
		int done;

		random_get(chunk, n);
		done = user_io_give(io, chunk, n);
		if (done < 0)
			return total ? total : done;
		total += done;
		if (!device_go_on())
			break;
	}
	memset(chunk, 0, sizeof(chunk));
	return total;
}

static int random_read(struct file *f, struct user_io *io, off64 *pos)
{
	int err = random_wait(f->flags & O_NONBLOCK);

	(void)pos;
	return err ? err : give(io);
}

static int urandom_read(struct file *f, struct user_io *io, off64 *pos)
{
	(void)f;
	(void)pos;
	return give(io);
}

/* What is written is stirred in, and credits nothing (random(4)). */
static int random_write(struct file *f, struct user_io *io, off64 *pos)
{
	uint8_t chunk[IO_CHUNK];
	int total = 0;

	(void)f;
	(void)pos;
	while (io->left) {
		int n = user_io_take(io, chunk, sizeof(chunk));

		if (n < 0)
			return total ? total : n;
		blake2s_add(&pool, chunk, n);
		total += n;
		if (!device_go_on())
			break;
	}
	return total;
}

enum {
	RNDADDTOENTCNT = 0x40045201, RNDADDENTROPY = 0x40085203,
	RNDZAPENTCNT = 0x5204, RNDCLEARPOOL = 0x5206, RNDRESEEDCRNG = 0x5207,
};
#define RNDGETENTCNT 0x80045200u

static int entropy_available(void)
{
	return ready ? POOL_BITS : (int)min_u32(credits, POOL_BITS);
}

/* struct rand_pool_info: bits, size, bytes */
static int add_entropy(uint32_t arg)
{
	int32_t head[2];
	struct user_io io;
	int err = user_copy_in(head, arg, sizeof(head));

	if (err)
		return err;
	if (head[0] < 0 || head[1] < 0)
		return -EINVAL;
	if (!user_range_ok(arg + sizeof(head), head[1]))
		return -EFAULT;
	user_io_single(&io, arg + sizeof(head), head[1]);
	err = random_write(NULL, &io, NULL);
	if (err < 0)
		return err;
	random_stir(NULL, 0, min_u32(head[0], min_u32(head[1], READY_BITS) * 8));
	reseed();
	return 0;
}

/* random(4). All that changes something needs the privilege. */
static int random_ioctl(struct file *f, struct thread *me, uint32_t cmd,
			uint32_t arg)
{
	uint32_t bits;
	int err;

	(void)f;
	if (cmd == RNDGETENTCNT)
		return user_put32(arg, entropy_available());
	if (cmd != RNDADDTOENTCNT && cmd != RNDADDENTROPY &&
	    cmd != RNDZAPENTCNT && cmd != RNDCLEARPOOL && cmd != RNDRESEEDCRNG)
		return -ENOTTY;
	err = priv_check(me->cred, PRIV_RANDOM_RESEED);
	if (err)
		return err;
	switch (cmd) {
	case RNDADDTOENTCNT:
		err = user_get32(arg, &bits);
		if (err)
			return err;
		if ((int32_t)bits < 0)
			return -EINVAL;
		random_stir(NULL, 0, min_u32(bits, READY_BITS));
		return 0;
	case RNDADDENTROPY:
		return add_entropy(arg);
	case RNDRESEEDCRNG:
		if (!ready)
			return -ENODATA;
		reseed();
		return 0;
	default:
		return 0; /* zap and clear: the count is only a claim */
	}
}

static unsigned random_poll(struct file *f, struct poller *p)
{
	(void)f;
	poll_wait(p, &ready_wait);
	return POLLOUT | POLLWRNORM | (ready ? POLLIN | POLLRDNORM : 0);
}

static const struct file_ops random_ops = {
	.read = random_read, .write = random_write, .ioctl = random_ioctl,
	.poll = random_poll, .seek = file_seek_stays,
};
static const struct file_ops urandom_ops = {
	.read = urandom_read, .write = random_write, .ioctl = random_ioctl,
	.seek = file_seek_stays,
};
static struct dev random_dev = {
	.name = "random", .mode = 0666, .jail_safe = true, .ops = &random_ops,
};
static struct dev urandom_dev = {
	.name = "urandom", .mode = 0666, .jail_safe = true, .ops = &urandom_ops,
};

/* --- /proc/sys/kernel/random ----------------------------------------- */

static void make_uuid(uint8_t u[16])
{
	random_get(u, 16);
	u[6] = (u[6] & 0x0f) | 0x40;	/* version 4 */
	u[8] = (u[8] & 0x3f) | 0x80;
}

static void put_uuid(struct text *t, const uint8_t u[16])
{
	for (unsigned i = 0; i < 16; i++)
		text_put(t, "%s%02x",
			 i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", u[i]);
	text_put(t, "\n");
}

static int show_uuid(struct text *t, const struct cred *who)
{
	uint8_t u[16];

	(void)who;
	make_uuid(u);
	put_uuid(t, u);
	return 0;
}

static uint8_t boot_id[16];
static int show_boot_id(struct text *t, const struct cred *who)
{
	(void)who;
	put_uuid(t, boot_id);
	return 0;
}

static int show_available(struct text *t, const struct cred *who)
{
	(void)who;
	text_put(t, "%d\n", entropy_available());
	return 0;
}

static int show_pool_size(struct text *t, const struct cred *who)
{
	(void)who;
	text_put(t, "%d\n", POOL_BITS);
	return 0;
}

static struct procfs_entry entries[] = {
	{ .directory = "sys/kernel/random", .name = "uuid",
	  .gate = PROC_GATE_ALL, .show = show_uuid },
	{ .directory = "sys/kernel/random", .name = "boot_id",
	  .gate = PROC_GATE_ALL, .show = show_boot_id },
	{ .directory = "sys/kernel/random", .name = "entropy_avail",
	  .gate = PROC_GATE_ALL, .show = show_available },
	{ .directory = "sys/kernel/random", .name = "poolsize",
	  .gate = PROC_GATE_ALL, .show = show_pool_size },
};

void random_init(void)
{
	int64_t now = arch_rtc_read();
	uint64_t boot = arch_boot_tsc();

	sleep_queue_init(&ready_wait);
	blake2s_init(&pool, NULL, 0);
	random_stir(&now, sizeof(now), 0);
	random_stir(&boot, sizeof(boot), 0);
	random_stir(arch_cpu_info(), sizeof(struct arch_cpu_info), 0);
	stir_rdrand();
	stir_jitter();
	reseed();
	make_uuid(boot_id);
	for (unsigned i = 0; i < ARRAY_LEN(entries); i++)
		procfs_register(&entries[i]);
	random_dev.number = abi_dev(MAJOR_MEM, 8);
	urandom_dev.number = abi_dev(MAJOR_MEM, 9);
	if (dev_register(&random_dev) || dev_register(&urandom_dev))
		panic("random: device numbers taken");
	if (!ready)
		log_print(LOG_WARN, "random: no jitter in this machine's clock, "
			  "waiting for interrupts");
}
