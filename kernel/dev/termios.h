/* SPDX-License-Identifier: BSD-2-Clause */
/* termios.h - numbers and structs of terminals (Linux i386 ABI) */
#ifndef KERNEL_DEV_TERMIOS_H
#define KERNEL_DEV_TERMIOS_H

#include "kernel/base/base.h"

enum {	/* indices of cc[] */
	VINTR, VQUIT, VERASE, VKILL, VEOF, VTIME, VMIN, VSWTC, VSTART, VSTOP,
	VSUSP, VEOL, VREPRINT, VDISCARD, VWERASE, VLNEXT, VEOL2, NCCS = 19,
};
enum {	/* iflag */
	IGNBRK = 1, BRKINT = 2, IGNPAR = 4, PARMRK = 8, INPCK = 0x10,
	ISTRIP = 0x20, INLCR = 0x40, IGNCR = 0x80, ICRNL = 0x100,
	IUCLC = 0x200, IXON = 0x400, IXANY = 0x800, IXOFF = 0x1000,
	IMAXBEL = 0x2000, IUTF8 = 0x4000,
};
enum {	/* oflag */
	OPOST = 1, OLCUC = 2, ONLCR = 4, OCRNL = 8, ONOCR = 0x10,
	ONLRET = 0x20, TABDLY = 0x1800, XTABS = 0x1800,
};
enum {	/* cflag */
	CBAUD = 0x100f, B0 = 0, B9600 = 0xd, B38400 = 0xf, B115200 = 0x1002,
	BOTHER = 0x1000, CSIZE = 0x30, CS5 = 0, CS6 = 0x10, CS7 = 0x20,
	CS8 = 0x30, CSTOPB = 0x40, CREAD = 0x80, PARENB = 0x100,
	PARODD = 0x200, HUPCL = 0x400, CLOCAL = 0x800,
};
enum {	/* lflag */
	ISIG = 1, ICANON = 2, XCASE = 4, ECHO = 8, ECHOE = 0x10, ECHOK = 0x20,
	ECHONL = 0x40, NOFLSH = 0x80, TOSTOP = 0x100, ECHOCTL = 0x200,
	ECHOPRT = 0x400, ECHOKE = 0x800, FLUSHO = 0x1000, PENDIN = 0x4000,
	IEXTEN = 0x8000, EXTPROC = 0x10000,
};

struct abi_termios2 {	/* 44 bytes; the first 36 are struct termios */
	uint32_t iflag, oflag, cflag, lflag;
	uint8_t line, cc[NCCS];
	uint32_t ispeed, ospeed;
};
enum { TERMIOS_SIZE = 36 };
struct abi_termio {	/* 18 bytes: System V's, TCGETA */
	uint16_t iflag, oflag, cflag, lflag;
	uint8_t line, cc[8];
};
struct abi_winsize {
	uint16_t rows, cols, x, y;
};

enum {	/* ioctl; those with bit 31 are macros below */
	TCGETS = 0x5401, TCSETS, TCSETSW, TCSETSF, TCGETA, TCSETA, TCSETAW,
	TCSETAF, TCSBRK, TCXONC, TCFLSH, TIOCEXCL, TIOCNXCL, TIOCSCTTY,
	TIOCGPGRP, TIOCSPGRP, TIOCOUTQ, TIOCSTI, TIOCGWINSZ, TIOCSWINSZ,
	TIOCMGET, TIOCMBIS, TIOCMBIC, TIOCMSET, TIOCGSOFTCAR, TIOCSSOFTCAR,
	FIONREAD, TIOCLINUX, TIOCCONS, TIOCGSERIAL, TIOCSSERIAL, TIOCPKT,
	TIOCNOTTY = 0x5422, TIOCSETD, TIOCGETD, TCSBRKP, TIOCSBRK = 0x5427,
	TIOCCBRK, TIOCGSID,
	TIOCVHANGUP = 0x5437, TIOCGPTPEER = 0x5441,
	TCSETS2 = 0x402c542b, TCSETSW2, TCSETSF2,
	TIOCSPTLCK = 0x40045431, TIOCSIG = 0x40045436,
};
#define TCGETS2 0x802c542au
#define TIOCGPTN 0x80045430u
#define TIOCGDEV 0x80045432u
#define TIOCGPKT 0x80045438u
#define TIOCGPTLCK 0x80045439u
#define TIOCGEXCL 0x80045440u

enum { TCOOFF, TCOON, TCIOFF, TCION };			/* TCXONC */
enum { TCIFLUSH, TCOFLUSH, TCIOFLUSH };			/* TCFLSH */
enum {	/* TIOCMGET */
	TIOCM_DTR = 2, TIOCM_RTS = 4, TIOCM_CTS = 0x20, TIOCM_CAR = 0x40,
	TIOCM_RNG = 0x80, TIOCM_DSR = 0x100,
};
enum {	/* status byte of a master in packet mode */
	TIOCPKT_DATA = 0, TIOCPKT_FLUSHREAD = 1, TIOCPKT_FLUSHWRITE = 2,
	TIOCPKT_STOP = 4, TIOCPKT_START = 8, TIOCPKT_NOSTOP = 16,
	TIOCPKT_DOSTOP = 32,
};

#endif
