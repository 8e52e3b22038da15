/*
 * One session with libipset, and its habits: every command begins with the name of
 * the set and the look-up of its type; a line number above 0 means "later"; what it
 * has to say comes as pieces of text.
 */
#include "flow/set.h"

#include <libipset/data.h>
#include <libipset/session.h>
#include <libipset/types.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/xalloc.h"

#define HASH_MIN 64u
#define HASH_MAX 65536u	       /* it grows by itself */
#define MEMBERS_MAX 0x1000000u /* a limit that does not cost anything */
#define NAME_SIZE FLOW_SET_NAME

struct set_session {
	struct ipset_session *ipset;
	struct buf out;	   /* what libipset printed */
	set_text_fn *text; /* who gets it in place of that, or NULL */
	void *text_arg;
	char *error; /* of the first operation that failed since the last commit */
	bool failed;
	uint32_t waiting; /* operations in the buffer */
	uint64_t operations;
};

static int __attribute__((format(printf, 3, 4)))
take_text(struct ipset_session *ipset, void *arg, const char *fmt, ...)
{
	struct set_session *s = arg;
	char *text;
	va_list ap;
	int len;

	(void)ipset;
	va_start(ap, fmt);
	len = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (len < 0)
		return -1;
	if (s->text != NULL)
		s->text(text, s->text_arg);
	else
		buf_add(&s->out, text, (size_t)len);
	free(text);
	return len;
}

struct set_session *set_open(void)
{
	struct set_session *s = xcalloc(1, sizeof *s);

	ipset_load_types();
	s->ipset = ipset_session_init(take_text, s);
	if (s->ipset != NULL)
		return s;
	free(s);
	return NULL;
}

void set_close(struct set_session *s)
{
	if (s == NULL)
		return;
	ipset_session_fini(s->ipset);
	buf_fini(&s->out);
	free(s->error);
	free(s);
}

const char *set_error(const struct set_session *s)
{
	return s->error != NULL ? s->error : "";
}

uint64_t set_operations(const struct set_session *s)
{
	return s->operations;
}

/* Keeps what libipset says of a failure, unless there was one before. */
static void fail(struct set_session *s)
{
	const char *text = ipset_session_report_msg(s->ipset);

	if (!s->failed) {
		free(s->error);
		s->error = xstrdup(text != NULL && *text != '\0' ? text : "no reason");
		for (char *c = s->error; (c = strpbrk(c, "\n")) != NULL;)
			*c = c[1] == '\0' ? '\0' : ' ';
		s->failed = true;
	}
	ipset_session_report_reset(s->ipset);
}

/* The end of a group of operations: did all of them work? */
static bool finish(struct set_session *s)
{
	bool done = !s->failed;

	s->failed = false;
	return done;
}

/* Begins COMMAND on the set NAME. */
static bool begin(struct set_session *s, enum ipset_cmd command, const char *name)
{
	ipset_session_data_set(s->ipset, IPSET_SETNAME, name);
	if (ipset_type_get(s->ipset, command) != NULL)
		return true;
	fail(s);
	return false;
}

/* ---- sets ---- */

static uint32_t hash_size(size_t n)
{
	uint32_t size = HASH_MIN;

	while (size < n && size < HASH_MAX)
		size *= 2;
	return size;
}

static uint8_t nfproto(uint8_t family)
{
	return family == AF_INET6 ? NFPROTO_IPV6 : NFPROTO_IPV4;
}

bool set_create(struct set_session *s, const char *name, enum flow_type type,
    uint8_t family, size_t n)
{
	const uint32_t max = MEMBERS_MAX, size = hash_size(n);
	const uint8_t proto = nfproto(family);
	const struct ipset_type *known;

	s->operations++;
	ipset_session_data_set(s->ipset, IPSET_SETNAME, name);
	ipset_session_data_set(s->ipset, IPSET_OPT_TYPENAME, flow_type_name(type));
	known = ipset_type_get(s->ipset, IPSET_CMD_CREATE);
	if (known != NULL) {
		ipset_session_data_set(s->ipset, IPSET_OPT_TYPE, known);
		ipset_session_data_set(s->ipset, IPSET_OPT_FAMILY, &proto);
		ipset_session_data_set(s->ipset, IPSET_OPT_MAXELEM, &max);
		ipset_session_data_set(s->ipset, IPSET_OPT_HASHSIZE, &size);
	}
	if (known == NULL || ipset_cmd(s->ipset, IPSET_CMD_CREATE, 0) < 0)
		fail(s);
	return finish(s);
}

bool set_destroy(struct set_session *s, const char *name)
{
	s->operations++;
	ipset_session_data_set(s->ipset, IPSET_SETNAME, name);
	if (ipset_cmd(s->ipset, IPSET_CMD_DESTROY, 0) < 0)
		fail(s);
	return finish(s);
}

bool set_flush(struct set_session *s, const char *name)
{
	s->operations++;
	ipset_session_data_set(s->ipset, IPSET_SETNAME, name);
	if (ipset_cmd(s->ipset, IPSET_CMD_FLUSH, 0) < 0)
		fail(s);
	return finish(s);
}

/* ---- members ---- */

static void change(struct set_session *s, enum ipset_cmd command, const char *name,
    enum flow_type type, const struct flow_member *m)
{
	const uint8_t proto = nfproto(m->net[0].addr.family);
	struct ipset_session *i = s->ipset;

	if (s->failed)
		return;
	if (!begin(s, command, name))
		return;
	ipset_envopt_set(i, IPSET_ENV_EXIST);
	ipset_session_data_set(i, IPSET_OPT_FAMILY, &proto);
	ipset_session_data_set(i, IPSET_OPT_IP, m->net[0].addr.bytes);
	ipset_session_data_set(i, IPSET_OPT_CIDR, &m->net[0].prefix);
	if (type == FLOW_NET_PORT || type == FLOW_NET_PORT_NET) {
		ipset_session_data_set(i, IPSET_OPT_PROTO, &m->protocol);
		ipset_session_data_set(i, IPSET_OPT_PORT, &m->port);
	}
	if (type == FLOW_NET_NET || type == FLOW_NET_PORT_NET) {
		ipset_session_data_set(i, IPSET_OPT_IP2, m->net[1].addr.bytes);
		ipset_session_data_set(i, IPSET_OPT_CIDR2, &m->net[1].prefix);
	}
	s->operations++;
	if (ipset_cmd(i, command, ++s->waiting) < 0)
		fail(s);
}

void set_add(struct set_session *s, const char *name, enum flow_type type,
    const struct flow_member *m)
{
	change(s, IPSET_CMD_ADD, name, type, m);
}

void set_delete(struct set_session *s, const char *name, enum flow_type type,
    const struct flow_member *m)
{
	change(s, IPSET_CMD_DEL, name, type, m);
}

bool set_commit(struct set_session *s)
{
	if (s->waiting > 0 && ipset_commit(s->ipset) < 0)
		fail(s);
	s->waiting = 0;
	ipset_envopt_unset(s->ipset, IPSET_ENV_EXIST);
	return finish(s);
}

/* ---- reading ---- */

/* Has libipset print what COMMAND says, of NAME or of all, into s->out. */
static bool print(struct set_session *s, enum ipset_cmd command, const char *name,
    enum ipset_output_mode mode)
{
	buf_fini(&s->out);
	buf_str(&s->out, "");
	if (name != NULL)
		ipset_session_data_set(s->ipset, IPSET_SETNAME, name);
	if (ipset_session_output(s->ipset, mode) < 0 ||
	    ipset_cmd(s->ipset, command, 0) < 0)
		fail(s);
	return finish(s);
}

bool set_names(struct set_session *s, const char *prefix, struct buf *out)
{
	char *rest, *line;
	bool done;

	ipset_envopt_set(s->ipset, IPSET_ENV_LIST_SETNAME);
	done = print(s, IPSET_CMD_LIST, NULL, IPSET_LIST_PLAIN);
	ipset_envopt_unset(s->ipset, IPSET_ENV_LIST_SETNAME);
	rest = s->out.data;
	while (done && (line = strsep(&rest, "\n")) != NULL)
		if (strncmp(line, prefix, strlen(prefix)) == 0)
			buf_printf(out, "%s\n", line);
	return done;
}

/* A line of what `ipset save` prints. */
static void read_line(char *line, enum flow_type *type, struct flow_line *into)
{
	char *word = strsep(&line, " ");
	struct flow_member m;
	bool is_create = strcmp(word, "create") == 0;

	if (strsep(&line, " ") == NULL || line == NULL)
		return;
	word = strsep(&line, " ");
	if (is_create)
		into->type = *type = flow_type_of(word);
	else if (flow_member_parse(&m, *type, word))
		flow_line_add(into, &m);
	else
		*type = FLOW_NO_SET;
}

bool set_read(
    struct set_session *s, const char *name, enum flow_type *type, struct flow_line *into)
{
	char *rest, *line;

	*type = FLOW_NO_SET;
	if (!print(s, IPSET_CMD_SAVE, name, IPSET_LIST_SAVE))
		return false;
	rest = s->out.data;
	while ((line = strsep(&rest, "\n")) != NULL)
		if (*line != '\0')
			read_line(line, type, into);
	into->type = *type;
	flow_line_sort(into);
	return true;
}

bool set_save(struct set_session *s, const char *name, set_text_fn *text, void *arg)
{
	bool done;

	s->text = text;
	s->text_arg = arg;
	done = print(s, IPSET_CMD_SAVE, name, IPSET_LIST_SAVE);
	s->text = NULL;
	return done;
}

/* The number behind LABEL in what libipset printed; SIZE_MAX: there is none. */
static size_t number_behind(const char *text, const char *label)
{
	const char *at = strstr(text, label);

	return at != NULL ? strtoul(at + strlen(label), NULL, 10) : SIZE_MAX;
}

bool set_look(
    struct set_session *s, const char *name, size_t *references, size_t *members)
{
	bool done;

	ipset_envopt_set(s->ipset, IPSET_ENV_LIST_HEADER);
	done = print(s, IPSET_CMD_LIST, name, IPSET_LIST_PLAIN);
	ipset_envopt_unset(s->ipset, IPSET_ENV_LIST_HEADER);
	*references = number_behind(s->out.data, "References: ");
	*members = number_behind(s->out.data, "Number of entries: ");
	return done;
}
