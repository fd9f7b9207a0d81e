/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * inner.h - what the files of jail(8) share.
 *
 * jail.conf is text -> tokens (lex.c) -> blocks of settings (parse.c) -> the
 * parameters of each jail (assemble.c). What a parameter means is a table
 * (param.c). order.c lets each jail be started, changed or stopped by a
 * process of its own, when those it depends on are done.
 */
#ifndef JAIL_INNER_H
#define JAIL_INNER_H

#include <jail.h>
#include <stdarg.h>
#include <stddef.h>

#define PRINTF(f, a) __attribute__((format(printf, f, a)))

enum { FAILED = 1, ERROR_MAX = 512 };

/* keep.c: memory that lives until the end. Never NULL. */
void *keep(size_t size);
char *keep_text(const char *text, size_t len);
char *keep_format(const char *format, ...) PRINTF(1, 2);
void keep_nothing(void);

/*
 * A value or name as written. In a text that may hold variables, $name stands
 * as MARK name MARK, and a MARK itself as two of them.
 */
#define MARK '\1'

struct setting {
	const char *name; /* "$x" is a variable */
	char **values;
	int nvalues; /* 0: it was named without a value */
	int append;  /* += */
	const char *file;
	int line; /* 0: from the command line */
	struct setting *next;
};

struct block {
	const char *name; /* of a jail, or a pattern; NULL: for all jails */
	struct setting *first, **end;
	struct block *next;
};

struct config {
	struct block *first, **end;
	char error[ERROR_MAX]; /* the first thing that was wrong */
};

/* lex.c */
enum token_kind {
	TOKEN_END,
	TOKEN_TEXT,
	TOKEN_APPEND,
	/* { } ; , = are themselves */
};

struct lexer {
	struct config *config;
	const char *file, *at, *end;
	int line;
	/* The last token; its text is kept. */
	int kind;
	const char *text;
	int quoted, token_line;
};

int lex_next(struct lexer *lx);
/* Writes config->error, unless there is one; gives -1. */
int lex_fail(struct lexer *lx, int line, const char *format, ...) PRINTF(3, 4);
/* Does text hold a variable? */
int has_variable(const char *text);

/* parse.c: -1 with config->error. */
void config_init(struct config *config);
int config_read(struct config *config, const char *file);
int config_parse(struct config *config, const char *file, const char *text,
		 size_t len, int depth);

/* What to do, from the options. */
struct options {
	int create, modify, remove, at_once, cleanup;
	int quiet, verbose, print_jid, check_only;
	int limit;    /* of jails at work at the same time; 0: none */
	int jid_file; /* a descriptor, or -1 */
	const char *config_file;
	int config_given;       /* by -f */
	struct setting *common; /* -l, -n, -s, -u, -U as parameters */
};

extern struct options options;

struct entry {
	const char *name;       /* in jail.conf or as it was asked for */
	struct setting *params; /* assembled: one of each name */
	int jid;                /* of the running one, or -1 */
	int from_config;
	int unnamed;      /* messages go without the name */
	int implied;      /* nobody named it: by a pattern, or depended on */
	int depended;     /* it only has to be there */
	int resolved;     /* ip_hostname was done */
	char **command;   /* of command= on the command line, or NULL */
	const char *root; /* path, made absolute */
	struct mounted *mounted; /* by us, the last one first */
	struct alias *aliases;   /* likewise */
	const char *had;         /* its addresses before it was changed */
	struct entry *next;
};

/* assemble.c */
int name_matches(const char *pattern, const char *name);
/* The jails that the file defines, in its order; their parameters are made by
 * jail_assemble. -1 with config->error. */
struct entry *config_jails(const struct config *config);
struct entry *jail_new(const char *name);
int jail_assemble(struct config *config, struct entry *jail);
void jail_apply(struct entry *jail, const struct setting *setting);

/* param.c */
enum param_kind {
	PARAM_OTHER, /* the kernel's, or nobody's */
	PARAM_COMMANDS,
	PARAM_BOOL,
	PARAM_NUMBER,
	PARAM_TEXT,
	PARAM_LIST,
	PARAM_NETWORK, /* known, but there is nothing to do it with */
};
/* Of those that are for jail(8) itself. */
enum param_kind param_kind(const char *name);
/* allow.nomount -> allow.mount, when that is a boolean; else NULL. */
const char *param_negated(const char *name);
int param_is_bool(const char *name);

const struct setting *jail_param(const struct entry *jail, const char *name);
/* The last value, or NULL. */
const char *jail_value(const struct entry *jail, const char *name);
int jail_is_on(const struct entry *jail, const char *name);
int jail_number(const struct entry *jail, const char *name, int standard);
/* Complains about what makes no sense, before anything is done. */
int jail_check(struct entry *jail, int creating);
/* The same for what is on disk, which exec.prepare may have made. */
int jail_check_place(struct entry *jail);
/* Those for the kernel, in *out; gives their number, or -1. */
int jail_kernel_params(struct entry *jail, struct jailparam **out);
/* Looks which one runs; gives jail->jid. */
int jail_look(struct entry *jail);

/* choose.c: the options with everything else; the exit status. */
int manage(int argc, char **argv, const char *separator);

/* main.c */
/* One line on stderr; gives -1. */
int complain(const struct entry *jail, const char *format, ...) PRINTF(2, 3);
/* The same, with the place where a parameter was set. */
int complain_at(const struct entry *jail, const struct setting *setting,
		const char *format, ...) PRINTF(3, 4);
/* Lines on stdout, unless -q; and only with -v. */
void note(const struct entry *jail, const char *format, ...) PRINTF(2, 3);
void note_step(const struct entry *jail, const char *format, ...) PRINTF(2, 3);

/* command.c: 0, or -1 when one of them fails. */
int run_hooks(struct entry *jail, const char *name);
/* command=: its exit status. */
int run_command(struct entry *jail);
/* SIGTERM to all inmates, and until they are gone. */
int run_stop(struct entry *jail);

/* beneath.c: below a jail's root, through no symbolic link. */
/* The folder rel of the jail. A descriptor, or -1 with errno. */
int open_beneath(const struct entry *jail, const char *rel);
/* A file for a log, made when it is not there. */
int open_log(const struct entry *jail, const char *path);
/* path without the root; NULL when it does not lie below it, or the jail has
 * the root of the host. */
const char *path_below(const struct entry *jail, const char *path);

/* address.c */
/* The addresses of ip4.addr alone, with commas; NULL after a complaint. */
const char *address_list(const struct entry *jail);
/* Complains about an interface that is not there. */
int check_interfaces(const struct entry *jail);
/* Adds the aliases that are missing. */
int make_addresses(struct entry *jail);
/* Remembers what addresses the running jail has; for remove_addresses. */
void see_addresses(struct entry *jail);
/* Only those aliases we added, or all of ours that no jail needs any more. */
int undo_addresses(struct entry *jail);
int remove_addresses(struct entry *jail);

/* hostname.c */
/* The comma list `have` with the addresses of hostname behind it, those that
 * are not in it; NULL after a complaint. */
const char *hostname_addresses(const struct entry *jail, const char *hostname,
			       const char *have);
/* ip_hostname: those of host.hostname join ip4.addr. */
int add_hostname_addresses(struct entry *jail);

/* mount.c */
int check_mounts(struct entry *jail);
int make_mounts(struct entry *jail);
/* Only those we made, or all that the parameters name. */
int undo_mounts(struct entry *jail);
int remove_mounts(struct entry *jail);

/* start.c, stop.c, modify.c: exit statuses. */
int jail_start(struct entry *jail);
int jail_modify(struct entry *jail);
int jail_stop(struct entry *jail);
int jail_cleanup(struct entry *jail); /* -C */
/* What is to be done when it is gone. */
int jail_clean_up(struct entry *jail);

/* order.c: lets work be done on each of the n jails; the exit status.
 * first: those a jail depends on go before it, else after it. */
int order_run(struct entry **jails, int n, int (*work)(struct entry *),
	      int first);
/* Adds those that jails depend on (or that depend on them) to the list. */
int order_close(struct entry *all, struct entry ***jails, int *n, int first);

/* legacy.c: jail path hostname ip command ... */
int legacy(int argc, char **argv);

/* show.c */
void show_config(struct entry *jails, const char *separator);
int write_jid_file(struct entry *jail);

#endif
