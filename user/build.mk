# user/build.mk - the user land: our programs, BusyBox, and the root tree.
#
# What Debian provides (a static BusyBox for i386; musl and the Linux headers
# to compile against) is fetched once into cache/ and never committed.
# BUSYBOX=FILE and MUSL=DIR (with include/ and lib/) name local copies instead;
# with both given, or with cache/ filled, no network is used.

BUSYBOX ?= cache/busybox
MUSL    ?= cache/musl
R         := build/root
ROOT_CPIO := $(R)/root.cpio

# Our programs: each user/NAME.c is one, found in the root as /sbin/NAME.
PROGRAMS := $(patsubst user/%.c,%,$(wildcard user/*.c))
PROGRAM_FILES := $(addprefix $(R)/bin/,$(PROGRAMS))

.PHONY: root
root: $(ROOT_CPIO)

cache/busybox cache/musl/lib/libc.a: | cache/.fetched ;
cache/.fetched:
	$(if $(V),,@echo "  GET busybox musl")
	$(Q)sh user/fetch.sh cache

$(R)/bin/%: user/%.c user/cc $(MUSL)/lib/libc.a
	@mkdir -p $(@D)
	$(if $(V),,@echo "  CC  $< (user)")
	$(Q)MUSL=$(MUSL) sh user/cc -s -O2 -Wall -Wextra -Wmissing-prototypes \
		$(if $(WERROR),-Werror) -o $@ $<

# The names of BusyBox's applets: it is asked itself, being an i386 program.
$(R)/applets: $(BUSYBOX)
	@mkdir -p $(@D)
	$(Q)$(BUSYBOX) --list-full > $@.new || { echo "user/build.mk: this machine \
	cannot run $(BUSYBOX), an i386 program" >&2; exit 1; }
	$(Q)mv $@.new $@

$(ROOT_CPIO): $(R)/applets $(PROGRAM_FILES) user/mkcpio.py user/root.list \
		$(shell find user/root)
	$(if $(V),,@echo "  ROOT $@")
	$(Q)/usr/bin/python3 user/mkcpio.py $@.new --list user/root.list \
		--tree user/root --applets $(R)/applets \
		--file $(BUSYBOX):/bin/busybox:755 \
		$(foreach p,$(PROGRAMS),--file $(R)/bin/$(p):/sbin/$(p):755)
	$(Q)mv $@.new $@
