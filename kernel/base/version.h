/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * version.h - what this kernel calls itself.
 *
 * The release number stands for the Linux whose system calls it speaks: C
 * libraries refuse to start on one that is older than they were built for.
 */
#ifndef KERNEL_BASE_VERSION_H
#define KERNEL_BASE_VERSION_H

#define BRIG_SYSNAME "Linux"
#define BRIG_RELEASE "6.1.0-brig"
#define BRIG_RELEASE_DATE 601000	/* the same, to compare: a prison's osreldate */
#define BRIG_VERSION "0.1"
#define BRIG_MACHINE "i686"

#endif
