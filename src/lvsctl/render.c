/*
 * The status page of a terminal: 80 columns, aligned, in the file's order.
 *
 * A line a server; what is wrong stands where the eye looks first, with the
 * reason in words. Colour repeats what the words say and is for terminals only.
 */
#include <stdio.h>
#include <string.h>

#include "lib/buf.h"
#include "lvsctl/lvsctl.h"

#define NAME_WIDTH 16
#define ADDRESS_WIDTH 22

static const char *text_of(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s != NULL ? s : "";
}

static long long number_of(const json_t *o, const char *key)
{
	return (long long)json_integer_value(json_object_get(o, key));
}

/* "850ms", "12s", "3m12s", "2h05m", "4d03h"; BUF has 24 bytes. */
static const char *duration_text(double s, char *buf)
{
	long t = (long)s;

	if (s < 1)
		snprintf(buf, 24, "%dms", (int)(s * 1000));
	else if (t < 60)
		snprintf(buf, 24, "%lds", t);
	else if (t < 3600)
		snprintf(buf, 24, "%ldm%02lds", t / 60, t % 60);
	else if (t < 86400)
		snprintf(buf, 24, "%ldh%02ldm", t / 3600, t / 60 % 60);
	else
		snprintf(buf, 24, "%ldd%02ldh", t / 86400, t / 3600 % 24);
	return buf;
}

static const char *colour_of(const char *state)
{
	if (strcmp(state, "up") == 0)
		return "\033[32m";
	if (strcmp(state, "down") == 0 || strcmp(state, "failed") == 0 ||
	    strcmp(state, "panic") == 0)
		return "\033[31m";
	if (strcmp(state, "sorry") == 0 || strcmp(state, "unknown") == 0 ||
	    strcmp(state, "drain") == 0 || strcmp(state, "maint") == 0)
		return "\033[33m";
	return "";
}

/* STATE padded to WIDTH, in its colour. */
static void print_state(const char *state, int width, bool colour)
{
	const char *on = colour ? colour_of(state) : "";

	printf("%s%-*s%s", on, width, state, *on != '\0' ? "\033[0m" : "");
}

/* The weight in the kernel's table; "-" for a server that is not in it. */
static void print_weight(const json_t *server)
{
	const json_t *w = json_object_get(server, "table_weight");

	if (json_is_integer(w))
		printf(" %6lld", (long long)json_integer_value(w));
	else
		printf(" %6s", "-");
}

static void print_connections(const json_t *server)
{
	const json_t *active = json_object_get(server, "active");

	if (json_is_integer(active))
		printf(" %6lld %6lld", (long long)json_integer_value(active),
		    number_of(server, "inactive"));
	else
		printf(" %6s %6s", "-", "-");
}

static bool is_fine(const json_t *check)
{
	const char *reason = text_of(check, "reason");

	return strcmp(reason, "ok") == 0 || strcmp(reason, "none") == 0;
}

/* How a check went, in words. */
static void print_check(const json_t *check)
{
	const char *text = text_of(check, "text"), *reason = text_of(check, "reason");
	char age[24] = "never";

	if (json_is_real(json_object_get(check, "age_s")))
		duration_text(json_real_value(json_object_get(check, "age_s")), age);
	printf("    %s check: %s%s%s", text_of(check, "method"), text_of(check, "means"),
	    *text != '\0' ? ": " : "", text);
	if (strcmp(reason, "none") != 0)
		printf(" (%.1f ms, %s ago)",
		    (double)number_of(check, "duration_us") / 1e3, age);
	printf("\n");
}

/* Why a server is in its state, on a line of its own when it needs words. */
static void print_reason(const json_t *server)
{
	const json_t *check = json_object_get(server, "check");

	if (json_is_object(check) &&
	    (strcmp(text_of(server, "health"), "up") != 0 || !is_fine(check)))
		print_check(check);
}

/* What a server said of itself, where that takes something from it. */
static void print_agent(const json_t *server)
{
	const json_t *agent = json_object_get(server, "agent");
	const json_t *percent = json_object_get(agent, "percent");
	const char *admin = text_of(agent, "admin"), *service = text_of(agent, "service");

	if (strcmp(admin, "drain") == 0 || strcmp(admin, "maint") == 0)
		printf("    its agent says %s\n", admin);
	if (strcmp(service, "down") == 0)
		printf("    its agent says down\n");
	if (json_is_integer(percent) && json_integer_value(percent) != 100)
		printf("    its agent says %lld%% of its weight\n",
		    number_of(agent, "percent"));
	if (json_is_object(agent) && !is_fine(agent))
		print_check(agent);
}

/* One word: the most restrictive of what operator, agent and check say. */
static const char *state_of(const json_t *server)
{
	const json_t *agent = json_object_get(server, "agent");
	const char *words[] = { text_of(server, "operator"), text_of(agent, "admin") };

	for (size_t i = 0; i < 2; i++)
		if (strcmp(words[i], "maint") == 0)
			return words[i];
	for (size_t i = 0; i < 2; i++)
		if (strcmp(words[i], "drain") == 0)
			return words[i];
	if (strcmp(text_of(agent, "service"), "down") == 0)
		return "down";
	return text_of(server, "health");
}

static void print_server(const json_t *server, bool colour)
{
	char since[24];

	printf("  %-*.*s %-*s ", NAME_WIDTH, 40, text_of(server, "name"), ADDRESS_WIDTH,
	    text_of(server, "address"));
	print_state(state_of(server), 9, colour);
	printf(" %6s",
	    duration_text(json_real_value(json_object_get(server, "since_s")), since));
	print_weight(server);
	print_connections(server);
	printf("\n");
	if (json_is_integer(json_object_get(server, "operator_weight")))
		printf("    an operator gave it weight %lld\n",
		    number_of(server, "operator_weight"));
	if (json_is_true(json_object_get(server, "sorry")))
		printf("    sorry server: used only while no other is usable\n");
	print_reason(server);
	print_agent(server);
}

static void print_director(const json_t *director, bool colour)
{
	const json_t *server, *fault = json_object_get(director, "fault");
	size_t i;

	printf("\n%s  %s  %s  %s  ", text_of(director, "name"),
	    text_of(director, "service"), text_of(director, "balance"),
	    text_of(director, "mode"));
	print_state(text_of(director, "state"), 0, colour);
	printf("\n");
	if (json_is_string(fault))
		printf("    %s\n", json_string_value(fault));
	printf("  %-*s %-*s %-9s %6s %6s %6s %6s\n", NAME_WIDTH, "SERVER", ADDRESS_WIDTH,
	    "ADDRESS", "STATE", "SINCE", "WEIGHT", "ACTIVE", "INACT");
	json_array_foreach(json_object_get(director, "servers"), i, server)
	    print_server(server, colour);
}

static void print_daemon(const json_t *status)
{
	const json_t *checker = json_object_get(status, "checker");
	const json_t *reload = json_object_get(status, "reload");
	const char *error = text_of(reload, "error");
	char up[24], age[24];

	printf("lvsd %s  pid %lld  up %s  %s%s\n", text_of(status, "version"),
	    number_of(status, "pid"),
	    duration_text(json_real_value(json_object_get(status, "uptime_s")), up),
	    text_of(status, "config"),
	    json_is_true(json_object_get(status, "dry_run")) ? "  dry run" : "");
	if (number_of(checker, "pid") != 0)
		printf("checker pid %lld  user %s  checks %lld",
		    number_of(checker, "pid"), text_of(checker, "user"),
		    number_of(checker, "probes"));
	else
		printf("checker NOT RUNNING, about to be started; the table stays");
	if (number_of(checker, "deaths") > 0)
		printf("  deaths %lld", number_of(checker, "deaths"));
	printf("\n");
	if (*error != '\0')
		printf("the last reload, %s ago, was REFUSED; the running configuration "
		       "differs from the file:\n%s",
		    duration_text(json_real_value(json_object_get(reload, "age_s")), age),
		    error);
	if (json_is_string(json_object_get(status, "state_file_error")))
		printf("the STATE FILE cannot be written: %s\n",
		    text_of(status, "state_file_error"));
	if (!json_is_true(json_object_get(json_object_get(status, "kernel"), "answers")))
		printf("the KERNEL does not answer; trying on\n");
}

void render_status(const json_t *status, bool colour)
{
	const json_t *item;
	size_t i;

	print_daemon(status);
	json_array_foreach(json_object_get(status, "directors"), i, item)
	    print_director(item, colour);
	json_array_foreach(json_object_get(status, "leaving"), i, item)
	    printf("\nleaving  %s  %lld server%s until the last connection ends\n",
		text_of(item, "service"), number_of(item, "servers"),
		number_of(item, "servers") == 1 ? "" : "s");
}
