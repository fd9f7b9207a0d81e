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

# Our libraries: each user/libNAME/ is one, linked to all programs by user/cc.
LIBS := $(patsubst user/%/,%,$(wildcard user/lib*/))
LIB_FILES := $(patsubst %,$(R)/%.a,$(LIBS))

# Our programs: user/NAME.c is one, and so are all .c files of a user/NAME/.
# mkcpio.py puts them into /sbin, or where user/root.list says.
PROGRAMS := $(sort $(patsubst user/%.c,%,$(wildcard user/*.c)) \
	$(filter-out lib%,$(patsubst user/%/,%,$(sort $(dir $(wildcard user/*/*.c))))))
PROGRAM_FILES := $(addprefix $(R)/bin/,$(PROGRAMS))

USER_CC := MUSL=$(MUSL) sh user/cc -D_GNU_SOURCE -Os -Wall -Wextra \
	-Wmissing-prototypes -ffunction-sections -fdata-sections
USER_DEPS := user/cc user/build.mk $(wildcard user/include/*.h user/include/*/*.h) \
	$(MUSL)/lib/libc.a

.PHONY: root
root: $(ROOT_CPIO)

cache/busybox cache/musl/lib/libc.a: | cache/.fetched ;
cache/.fetched:
	$(if $(V),,@echo "  GET busybox musl")
	$(Q)sh user/fetch.sh cache

define lib_rule
$(R)/$(1)/%.o: user/$(1)/%.c $(wildcard user/$(1)/*.h) $(USER_DEPS)
	@mkdir -p $$(@D)
	$$(if $$(V),,@echo "  CC  $$< (user)")
	$$(Q)$$(USER_CC) $$(if $$(WERROR),-Werror) -c -o $$@ $$<
$(R)/$(1).a: $(patsubst user/%.c,$(R)/%.o,$(wildcard user/$(1)/*.c))
	$$(if $$(V),,@echo "  AR  $$@")
	$$(Q)rm -f $$@.new; ar rcD $$@.new $$^ && mv $$@.new $$@
endef
$(foreach l,$(LIBS),$(eval $(call lib_rule,$(l))))

define program_rule
$(R)/bin/$(1): $(wildcard user/$(1).c user/$(1)/*.[ch]) $(LIB_FILES) $(USER_DEPS)
	@mkdir -p $$(@D)
	$$(if $$(V),,@echo "  CC  $(1) (user)")
	$$(Q)$$(USER_CC) $$(if $$(WERROR),-Werror) -s -Wl,--gc-sections \
		-o $$@ $$(filter %.c,$$^)
endef
$(foreach p,$(PROGRAMS),$(eval $(call program_rule,$(p))))

# BusyBox's shell would run its own applets of these names, not our programs.
OURS := ps pgrep pkill killall man
$(R)/busybox: $(BUSYBOX) user/hide_applets.py user/build.mk
	@mkdir -p $(@D)
	$(Q)/usr/bin/python3 user/hide_applets.py $(BUSYBOX) $@.new $(OURS)
	$(Q)mv $@.new $@

# The manual, as text for the guest.
MAN_PAGES := $(sort $(wildcard user/man/*.[1-8]))
$(R)/man/usr/share/man/whatis: $(MAN_PAGES) user/mkman.py
	$(if $(V),,@echo "  MAN $(R)/man")
	$(Q)/usr/bin/python3 user/mkman.py $(R)/man.new $(MAN_PAGES)
	$(Q)rm -rf $(R)/man && mv $(R)/man.new $(R)/man

# The names of BusyBox's applets: it is asked itself, being an i386 program.
$(R)/applets: $(BUSYBOX)
	@mkdir -p $(@D)
	$(Q)$(BUSYBOX) --list-full > $@.new || { echo "user/build.mk: this machine \
	cannot run $(BUSYBOX), an i386 program" >&2; exit 1; }
	$(Q)mv $@.new $@

$(ROOT_CPIO): $(R)/applets $(R)/busybox $(R)/man/usr/share/man/whatis \
		$(PROGRAM_FILES) user/mkcpio.py user/root.list \
		$(shell find user/root)
	$(if $(V),,@echo "  ROOT $@")
	$(Q)/usr/bin/python3 user/mkcpio.py $@.new --list user/root.list \
		--tree user/root --tree $(R)/man --applets $(R)/applets \
		--file $(R)/busybox:/bin/busybox:755 \
		$(addprefix --program ,$(PROGRAM_FILES))
	$(Q)mv $@.new $@

# The same root as a disk. `./brig run` copies it once and keeps the copy.
ROOT_DISK := $(R)/root.ext2
ROOT_DISK_MB := 256
.PHONY: disk
disk: $(ROOT_DISK)
$(ROOT_DISK): $(ROOT_CPIO) user/mkdisk.py user/build.mk
	$(if $(V),,@echo "  DISK $@")
	$(Q)/usr/bin/python3 user/mkdisk.py $@.new $(ROOT_CPIO) $(ROOT_DISK_MB)
	$(Q)mv $@.new $@
