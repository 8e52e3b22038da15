/* The library's thread calls handle() for every request: judged first, then answered. */
#include "lvsweb/web.h"

#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>

#include "lib/log.h"
#include "lib/xalloc.h"
#include "lvsweb/answer.h"
#include "lvsweb/judge.h"

#define CONNECTIONS 256
#define CONNECTIONS_OF_ONE 64 /* address */
#define CONNECTION_MEMORY 16384
#define SILENCE_S 15

struct web {
	struct web_needs needs;
	struct answerer *answerer;
	struct MHD_Daemon *daemon;
};

/* ---- connections ---- */

/* MHD_NotifyConnectionCallback */
static void on_connection(void *data, struct MHD_Connection *connection, void **context,
    enum MHD_ConnectionNotificationCode code)
{
	const union MHD_ConnectionInfo *info;
	struct web *w = data;

	if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
		peer_free(*context);
		return;
	}
	info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	*context = peer_new(w->needs.peers, info->connect_fd);
}

static struct peer *peer_of(struct MHD_Connection *connection)
{
	return MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)
	    ->socket_context;
}

/* MHD_RequestCompletedCallback */
static void on_completed(void *data, struct MHD_Connection *connection, void **context,
    enum MHD_RequestTerminationCode code)
{
	(void)data, (void)context, (void)code;
	peer_waits(peer_of(connection));
}

/* ---- requests ---- */

/* MHD_AccessHandlerCallback. The first call has the head of a request only; an answer to
 * it ends the connection, which is for those who have nothing good to send. */
static enum MHD_Result handle(void *data, struct MHD_Connection *connection,
    const char *url, const char *method, const char *version, const char *upload,
    size_t *upload_size, void **context)
{
	struct web *w = data;
	struct request request = { .connection = connection,
		.url = url,
		.method = method,
		.peer = peer_of(connection) };
	struct verdict verdict;

	(void)version, (void)upload;
	if (*context == NULL) {
		*context = w;
		peer_works(request.peer);
		verdict = judge(&request, w->needs.is_loopback);
		return verdict.status == 0 ? MHD_YES : answer_refusal(&request, &verdict);
	}
	*upload_size = 0;
	return answer(w->answerer, &request);
}

/* MHD_LogCallback */
static void log_library(void *data, const char *fmt, va_list ap)
{
	(void)data, (void)fmt, (void)ap;
	/* What it has to say is of single clients, who could fill the log with it. */
}

struct web *web_new(const struct web_needs *needs)
{
	struct web *w = xcalloc(1, sizeof *w);

	w->needs = *needs;
	w->answerer = answerer_new(needs->watch, needs->feeds, needs->host);
	w->daemon = MHD_start_daemon(
	    MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG,
	    0, NULL, NULL, handle, w, MHD_OPTION_EXTERNAL_LOGGER, log_library, NULL,
	    MHD_OPTION_LISTEN_SOCKET, needs->listener, MHD_OPTION_CONNECTION_LIMIT,
	    (unsigned)CONNECTIONS, MHD_OPTION_PER_IP_CONNECTION_LIMIT,
	    (unsigned)CONNECTIONS_OF_ONE, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
	    (size_t)CONNECTION_MEMORY, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)SILENCE_S,
	    MHD_OPTION_NOTIFY_CONNECTION, on_connection, w, MHD_OPTION_NOTIFY_COMPLETED,
	    on_completed, w, MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_END);
	if (w->daemon != NULL)
		return w;
	answerer_free(w->answerer);
	free(w);
	return NULL;
}

void web_free(struct web *w)
{
	if (w == NULL)
		return;
	MHD_stop_daemon(w->daemon);
	answerer_free(w->answerer);
	free(w);
}
