// SPDX-License-Identifier: BSD-2-Clause
/*
 * net.mjs - Brig's network cards in v86, by the frames on the wire.
 *
 *   node net.mjs LIBRARY KERNEL INITRD ne2k|virtio
 *
 * INITRD has tests/net/nic.c as /nic. The card gets an address; then it is asked
 * for its MAC and answers ECHOES pings of all sizes, one after the other. The
 * status is 0 when all came back as they were.
 */
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const [library, kernel, initrd, type] = process.argv.slice(2);
const { V86 } = await import(pathToFileURL(resolve(library, "libv86.mjs")));
const PROMPT = "root@brig:~# ", ECHOES = 200, FRAME_MIN = 60, ALL = Array(6).fill(255);
const US = [10, 9, 0, 1], THEM = [10, 9, 0, 2], MAC = [2, 0, 0, 0, 0, 1];
const SETUP = "/nic eth0 addr 10.9.0.2 mask 255.255.255.0 up\n";

const file = name => ({ buffer: new Uint8Array(readFileSync(name)).buffer });
const two = n => [n >> 8, n & 255];
const machine = new V86({
	wasm_path: join(library, "v86.wasm"),
	memory_size: 64 << 20,
	vga_memory_size: 2 << 20,
	multiboot: file(kernel),
	initrd: file(initrd),
	cmdline: "console=ttyS0 brig.size=80x24 ip=off",
	net_device: { type },
	autostart: true,
});

function checksum(bytes) {
	let sum = 0;

	for (let i = 0; i < bytes.length; i += 2)
		sum += bytes[i] << 8 | (bytes[i + 1] || 0);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return two(~sum & 0xffff);
}

function send(to, kind, body) {
	const frame = [...to, ...MAC, ...two(kind), ...body];

	while (frame.length < FRAME_MIN)
		frame.push(0);
	machine.bus.send("net0-receive", Uint8Array.from(frame));
}

function arp(operation, to, mac) {
	send(to, 0x0806, [0, 1, 8, 0, 6, 4, 0, operation, ...MAC, ...US, ...mac, ...THEM]);
}

const payload = n => Array.from({ length: (n * 37 + 10) % 1473 }, (_, i) => (i * 7 + n) & 255);

function echo(mac, n) {
	const rest = [0, 7, ...two(n), ...payload(n)];
	const icmp = [8, 0, ...checksum([8, 0, 0, 0, ...rest]), ...rest];
	const begin = [0x45, 0, ...two(20 + icmp.length), ...two(n), 0, 0, 64, 1];
	const end = [...US, ...THEM];

	send(mac, 0x0800, [...begin, ...checksum([...begin, 0, 0, ...end]), ...end, ...icmp]);
}

let answered = 0;
function echo_came(frame) {
	const data = [...frame.slice(42)].slice(0, payload(answered).length);

	if (data.join() !== payload(answered).join()) {
		console.log("echo %d came back changed", answered);
		process.exit(1);
	}
	if (++answered === ECHOES) {
		console.log("%d echoes", answered);
		process.exit(0);
	}
	echo([...frame.slice(6, 12)], answered);
}

machine.add_listener("net0-send", frame => {
	const mac = [...frame.slice(6, 12)], kind = frame[12] << 8 | frame[13];

	if (kind === 0x0806 && frame[21] === 1)
		arp(2, mac, mac);
	else if (kind === 0x0806 && frame[21] === 2)
		echo(mac, answered);
	else if (kind === 0x0800 && frame[34] === 0)
		echo_came(frame);
});

let text = "", prompts = 0;
machine.add_listener("serial0-output-byte", byte => {
	const c = String.fromCharCode(byte);

	process.stdout.write(c);
	text += c;
	if (/panic: /.test(text))
		process.exit(1);
	if (!text.endsWith(PROMPT))
		return;
	text = "";
	if (++prompts === 1)
		machine.serial0_send(SETUP);
	else
		arp(1, ALL, Array(6).fill(0));
});
