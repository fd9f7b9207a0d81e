/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dev.h - the public face of room 8: hardware becomes a file, a disk or a wire.
 *
 * Locks: the kernel lock; each driver says what its interrupt touches.
 */
#ifndef KERNEL_DEV_DEV_H
#define KERNEL_DEV_DEV_H

#include "kernel/fs/fs.h"

/* --- device.c: numbers to drivers; devfs.c: the files in /dev -------- */

struct dev {
	const char *name;	/* "null", "pts/3": relative to /dev */
	bool block;
	uint32_t number;	/* abi_dev(major, minor) */
	uint32_t mode;		/* permission bits in devfs */
	uint32_t gid;
	bool jail_safe;		/* may stand on a prison's list at all */
	const struct file_ops *ops;
	void *private;
	struct list link;
};
void dev_init(void);		/* devices, devfs, ttys, consoles, random */
int dev_register(struct dev *d) must_check;	/* -EEXIST */
void dev_unregister(struct dev *d);
/* The one open door: the device behind a node, if who's prison lists it. */
int dev_open(struct inode *i, struct file *f) must_check;
/*
 * A prison's device list: names below /dev, separated by blanks; "pts/" and a
 * star names all its ptys. A device must also be on the lists of all prisons
 * above. The host has all. NULL or "": none. The list goes with the prison.
 * -ENODEV no such device, -EPERM not for prisons, -ENOMEM.
 */
int dev_list_set(struct prison *p, const char *names) must_check;
int dev_list_check(const char *names) must_check; /* -ENODEV, -EPERM */
const char *dev_list_get(const struct prison *p);	/* "" when empty */
/* The built-in lists: 1 none, 2 basic, 3 login, 4 jail. NULL: no such. */
const char *dev_ruleset(int number);

/* --- tty.c, ldisc.c, pty.c ------------------------------------------- */

struct tty;
/* /dev/tty, job control: what kernel/sys asks of a session's tty. */
struct tty *tty_of(const struct proc_session *s);
uint32_t tty_number(const struct proc_session *s); /* st_rdev, 0 none: /proc/PID/stat */
int tty_foreground(const struct proc_session *s);  /* its group, or -1 */
void tty_session_leader_exit(struct proc *leader); /* hang up */

/* --- random.c: the entropy pool -------------------------------------- */

/* Any context: interrupt data. bits: how much of it is a secret. */
void random_stir(const void *p, size_t n, unsigned bits);
void random_get(void *to, size_t n);	/* never blocks */
bool random_ready(void);
int random_wait(bool nonblock) must_check; /* until ready. Sleeps. */

/* --- pci.c ----------------------------------------------------------- */

struct pci_device {
	uint8_t bus, slot, function, irq, header;
	uint16_t vendor, device;
	uint8_t class_code, subclass, interface, revision;
	uint32_t bar[6];
	struct list link;
};
void pci_init(void);		/* scan, log */
struct pci_device *pci_next(struct pci_device *prev); /* start NULL */
uint32_t pci_read(const struct pci_device *d, unsigned reg, unsigned bytes);
void pci_write(const struct pci_device *d, unsigned reg, unsigned bytes, uint32_t v);
void pci_enable(struct pci_device *d); /* io, memory, bus master */

int dev_ramdisk_adopt(void *base, uint32_t bytes) must_check; /* ram0, ... */

/* For the panic path and power-off: push out what the consoles still hold. */
void dev_console_flush(void);

#endif
