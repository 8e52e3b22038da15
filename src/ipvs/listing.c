/*
 * A line a service, and a line for each of its destinations, which begins with an arrow
 * (ip_vs_ctl.c, ip_vs_info_seq_show):
 *
 *	TCP  0A090901:0050 wlc persistent 360 FFFFFFFF
 *	  -> 0A020001:1F90      Masq    10     3          17
 *	TCP  [20010db8...0001]:0050 rr
 *	FWM  00000005 rr
 */
#include "ipvs/listing.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define READS 4 /* that are one step */
#define READ_BYTES \
	(64 * 1024) /* the kernel gives a page, or one service that is larger */
#define LINE_MAX_BYTES (4 * 1024) /* longer is no line of this */

/* ---- words ---- */

/* The rest of a line. */
struct words {
	const char *at, *end;
};

static bool take_word(struct words *w, struct words *word)
{
	while (w->at < w->end && *w->at == ' ')
		w->at++;
	word->at = w->at;
	while (w->at < w->end && *w->at != ' ')
		w->at++;
	word->end = w->at;
	return word->end > word->at;
}

static bool is_word(const struct words *word, const char *text)
{
	size_t len = (size_t)(word->end - word->at);

	return strlen(text) == len && memcmp(word->at, text, len) == 0;
}

static int digit_of(char c)
{
	return c >= '0' && c <= '9'   ? c - '0'
	       : c >= 'A' && c <= 'F' ? c - 'A' + 10
	       : c >= 'a' && c <= 'f' ? c - 'a' + 10
				      : 16;
}

/* All of WORD, with digits of BASE, up to MAX. */
static bool take_number(const struct words *word, int base, uint32_t max, uint32_t *n)
{
	uint64_t value = 0;

	for (const char *at = word->at; at < word->end; at++) {
		int digit = digit_of(*at);

		if (digit >= base)
			return false;
		value = value * (unsigned)base + (unsigned)digit;
		if (value > max)
			return false;
	}
	*n = (uint32_t)value;
	return word->end > word->at;
}

/* What stands between brackets. */
static bool take_v6(const struct words *word, struct addr *addr)
{
	char text[INET6_ADDRSTRLEN];
	size_t len = (size_t)(word->end - word->at);

	if (len < 2 || len - 2 >= sizeof text || word->at[0] != '[' ||
	    word->end[-1] != ']')
		return false;
	memcpy(text, word->at + 1, len - 2);
	text[len - 2] = '\0';
	addr->family = AF_INET6;
	return inet_pton(AF_INET6, text, addr->bytes) == 1;
}

/* "0A090901:0050" or "[2001:0db8:...]:0050" */
static bool take_place(const struct words *word, struct addr *addr, uint16_t *port)
{
	const char *colon = memrchr(word->at, ':', (size_t)(word->end - word->at));
	struct words host = { word->at, colon }, service = { colon + 1, word->end };
	uint32_t n;

	*addr = (struct addr){ .family = AF_INET };
	if (colon == NULL || !take_number(&service, 16, UINT16_MAX, &n))
		return false;
	*port = (uint16_t)n;
	if (host.at[0] == '[')
		return take_v6(&host, addr);
	if (!take_number(&host, 16, UINT32_MAX, &n))
		return false;
	n = htonl(n);
	memcpy(addr->bytes, &n, sizeof n);
	return true;
}

/* ---- lines ---- */

static bool take_svc(struct words line, struct ipvs_svc *svc)
{
	struct words protocol, place;

	if (!take_word(&line, &protocol) || !take_word(&line, &place))
		return false;
	if (is_word(&protocol, "FWM"))
		return take_number(&place, 16, UINT32_MAX, &svc->fwmark);
	svc->protocol = is_word(&protocol, "TCP")    ? IPPROTO_TCP
			: is_word(&protocol, "UDP")  ? IPPROTO_UDP
			: is_word(&protocol, "SCTP") ? IPPROTO_SCTP
						     : 0;
	return svc->protocol != 0 && take_place(&place, &svc->addr, &svc->port);
}

static bool take_dest(struct words line, struct ipvs_dest *dest)
{
	struct words place, forward, weight, active, inactive;

	*dest = (struct ipvs_dest){ 0 };
	return take_word(&line, &place) && take_word(&line, &forward) &&
	       take_word(&line, &weight) && take_word(&line, &active) &&
	       take_word(&line, &inactive) &&
	       take_place(&place, &dest->addr, &dest->port) &&
	       take_number(&weight, 10, INT32_MAX, &dest->weight) &&
	       take_number(&active, 10, INT32_MAX, &dest->active) &&
	       take_number(&inactive, 10, INT32_MAX, &dest->inactive);
}

/* The service before the next one, or the end. */
static void tell(struct ipvs_listing *l, ipvs_listed_fn *fn, void *arg)
{
	if (l->is_known)
		fn(arg, &l->svc);
	l->is_known = false;
}

static void take_line(
    struct ipvs_listing *l, struct words line, ipvs_listed_fn *fn, void *arg)
{
	struct words arrow, rest = line;
	struct ipvs_dest dest;

	if (!take_word(&rest, &arrow))
		return;
	if (is_word(&arrow, "->")) {
		if (l->is_known && take_dest(rest, &dest))
			ipvs_svc_append(&l->svc, &dest);
		else
			l->is_known = false;
		return;
	}
	tell(l, fn, arg);
	/* The room for destinations serves the next one, too. */
	l->svc =
	    (struct ipvs_svc){ .dests = l->svc.dests, .cap_dests = l->svc.cap_dests };
	l->is_known = take_svc(line, &l->svc);
}

size_t ipvs_listing_take(
    struct ipvs_listing *l, const char *text, size_t len, ipvs_listed_fn *fn, void *arg)
{
	const char *at = text, *end;

	while ((end = memchr(at, '\n', len - (size_t)(at - text))) != NULL) {
		take_line(l, (struct words){ at, end }, fn, arg);
		at = end + 1;
	}
	return (size_t)(at - text);
}

/* ---- the file ---- */

bool ipvs_listing_open(struct ipvs_listing *l)
{
	*l = (struct ipvs_listing){ 0 };
	l->fd = open("/proc/net/ip_vs", O_RDONLY | O_CLOEXEC);
	l->is_open = l->fd >= 0;
	return l->is_open;
}

void ipvs_listing_close(struct ipvs_listing *l)
{
	if (l->is_open)
		close(l->fd);
	buf_fini(&l->text);
	ipvs_svc_fini(&l->svc);
	*l = (struct ipvs_listing){ 0 };
}

enum ipvs_more ipvs_listing_more(struct ipvs_listing *l, ipvs_listed_fn *fn, void *arg)
{
	char piece[READ_BYTES];
	ssize_t n = 0;
	int error;

	for (int i = 0; i < READS; i++) {
		size_t taken;

		n = read(l->fd, piece, sizeof piece);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		buf_add(&l->text, piece, (size_t)n);
		taken = ipvs_listing_take(l, l->text.data, l->text.len, fn, arg);
		memmove(l->text.data, l->text.data + taken, l->text.len - taken);
		l->text.len -= taken;
		if (l->text.len > LINE_MAX_BYTES) {
			errno = EPROTO;
			n = -1;
			break;
		}
	}
	if (n > 0 || (n < 0 && errno == EINTR))
		return IPVS_MORE;
	if (n == 0)
		tell(l, fn, arg);
	error = errno;
	ipvs_listing_close(l);
	errno = error;
	return n == 0 ? IPVS_ALL : IPVS_FAILED;
}
