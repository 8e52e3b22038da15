/* The host of a request is a name, IPv4 or [IPv6], and maybe a port (RFC 9110, 7.2). */
#include "lvsweb/judge.h"

#include <string.h>
#include <strings.h>

#include "lib/addr.h"

static bool is_loopback_address(const char *s, size_t len)
{
	static const struct addr v6 = { .family = AF_INET6, .bytes = { [15] = 1 } };
	struct addr a;

	if (!addr_parse(&a, s, len))
		return false;
	return a.family == AF_INET ? a.bytes[0] == 127 : addr_cmp(&a, &v6) == 0;
}

static bool names_loopback(const char *host)
{
	size_t len;

	if (*host == '[') {
		len = strcspn(++host, "]");
		return host[len] == ']' && is_loopback_address(host, len);
	}
	len = strcspn(host, ":");
	return (len == strlen("localhost") && strncasecmp(host, "localhost", len) == 0) ||
	       is_loopback_address(host, len);
}

static const char *header(const struct request *r, const char *name)
{
	return MHD_lookup_connection_value(r->connection, MHD_HEADER_KIND, name);
}

static bool has_body(const struct request *r)
{
	const char *len = header(r, MHD_HTTP_HEADER_CONTENT_LENGTH);

	return header(r, MHD_HTTP_HEADER_TRANSFER_ENCODING) != NULL ||
	       (len != NULL && strcmp(len, "0") != 0);
}

struct verdict judge(const struct request *r, bool is_loopback)
{
	const char *host = header(r, MHD_HTTP_HEADER_HOST);

	if (strcmp(r->method, MHD_HTTP_METHOD_GET) != 0 &&
	    strcmp(r->method, MHD_HTTP_METHOD_HEAD) != 0)
		return (struct verdict){ MHD_HTTP_METHOD_NOT_ALLOWED,
			"Nothing can be changed here: only GET and HEAD are answered." };
	if (has_body(r))
		return (struct verdict){ MHD_HTTP_CONTENT_TOO_LARGE,
			"A request without a body, please." };
	if (is_loopback && host != NULL && !names_loopback(host))
		return (struct verdict){ MHD_HTTP_MISDIRECTED_REQUEST,
			"This is on loopback and answers to the names of loopback only: "
			"localhost, 127.0.0.1, [::1]." };
	return (struct verdict){ 0 };
}
