# symtab.awk - makes the kernel's table of function names.
#
# Reads `nm -n`, writes nasm source for the section .symtab_names: see panic.c.
# Local labels of assembly (name.label) and compiler clones (name.part.0) take
# the name before the dot; neighbours of one name become one.

BEGIN {
	print "section .symtab_names"
	digits = "0123456789abcdef"
}

function number(hex,	i, v) {
	v = 0
	hex = tolower(hex)
	for (i = 1; i <= length(hex); i++)
		v = v * 16 + index(digits, substr(hex, i, 1)) - 1
	return v
}

($2 == "T" || $2 == "t") && $3 !~ /^\./ {
	name = $3
	sub(/\..*/, "", name)
	if (name == "" || name == last)
		next
	at = number($1)
	if (!started) {
		printf "dd 0x%s\n", $1
		started = 1
		before = at
	}
	for (; at - before > 65535; before += 65535)
		print "db 255, 255, 0"
	printf "dw %d\ndb '%s', 0\n", at - before, name
	before = at
	last = name
}
