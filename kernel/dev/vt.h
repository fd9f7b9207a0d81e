/* SPDX-License-Identifier: BSD-2-Clause */
/* vt.h - private to room 8: the states of the terminal parser (vt.c) */
#ifndef KERNEL_DEV_VT_H
#define KERNEL_DEV_VT_H

enum vt_state {
	VT_GROUND, VT_ESCAPE, VT_CSI, VT_CSI_IGNORE, VT_OSC, VT_STRING,
	VT_PALETTE, VT_G0, VT_G1, VT_PERCENT, VT_HASH, VT_FUNCTION,
};
enum vt_charset { VT_SET_ASCII, VT_SET_LINES, VT_SET_FONT };

#endif
