// SPDX-License-Identifier: BSD-2-Clause
/*
 * boot.mjs - boots Brig in v86, the PC emulator for browsers, under node.
 *
 *   node boot.mjs LIBRARY KERNEL INITRD COMMAND [BIOS VGABIOS [DISK]]
 *
 * COMMAND is typed at the prompt; what the serial line says goes to stdout.
 * The status is 0 when the prompt has come back. LIBRARY is the folder with
 * libv86.mjs and v86.wasm. DISK becomes hda; its file is written at the end.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const [library, kernel, initrd, command, bios, vgabios, disk] = process.argv.slice(2);
const { V86 } = await import(pathToFileURL(resolve(library, "libv86.mjs")));
const PROMPT = "root@brig:~# ";

const file = name => name && { buffer: new Uint8Array(readFileSync(name)).buffer };
const hda = file(disk);
const machine = new V86({
	wasm_path: join(library, "v86.wasm"),
	memory_size: 64 << 20,
	vga_memory_size: 2 << 20,
	bios: file(bios),
	vga_bios: file(vgabios),
	multiboot: file(kernel),
	initrd: file(initrd),
	hda,
	cmdline: "console=ttyS0 brig.size=80x24",
	autostart: true,
});

let text = "", typed = false;
machine.add_listener("serial0-output-byte", byte => {
	const c = String.fromCharCode(byte);

	process.stdout.write(c);
	text += c;
	if (/panic: /.test(text))
		process.exit(1);
	if (!text.endsWith(PROMPT))
		return;
	if (typed) {
		if (hda)
			writeFileSync(disk, new Uint8Array(hda.buffer));
		process.exit(0);
	}
	typed = true;
	text = "";
	machine.serial0_send(command + "\n");
});
