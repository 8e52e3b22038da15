/* An address is a literal: a name would make a start depend on DNS. */
#include "lvsweb/listen.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BACKLOG 128

bool listen_parse(const char *text, struct addr *a, uint16_t *port)
{
	const char *colon = strrchr(text, ':'), *error;
	bool has_brackets = *text == '[';
	size_t len;

	if (colon == NULL || (has_brackets && (colon == text || colon[-1] != ']')))
		return false;
	len = (size_t)(colon - text) - (has_brackets ? 2 : 0);
	if (!addr_parse(a, text + has_brackets, len) ||
	    (a->family == AF_INET6) != has_brackets)
		return false;
	*port = (uint16_t)strtonum(colon + 1, 1, UINT16_MAX, &error);
	return error == NULL;
}

int listen_open(const struct addr *a, uint16_t port)
{
	const int one = 1;
	struct sockaddr_storage ss;
	socklen_t len = addr_sockaddr(a, port, &ss);
	int fd = socket(a->family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	if (bind(fd, (const struct sockaddr *)&ss, len) == 0 && listen(fd, BACKLOG) == 0)
		return fd;
	close(fd);
	return -1;
}

bool listen_is_loopback(const struct addr *a)
{
	static const struct addr v6 = { .family = AF_INET6, .bytes = { [15] = 1 } };

	return a->family == AF_INET ? a->bytes[0] == 127 : addr_cmp(a, &v6) == 0;
}
