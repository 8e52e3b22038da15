/*
 * probe: what is asked of a server, and what came back.
 *
 * A probe is one check of one target with one set of parameters. The daemon
 * makes the list of them from the configuration (servers with the same probe
 * share it), the checker process runs them, and a struct probe_report tells
 * the daemon how each stands. Probes are known by their index in that list;
 * the generation tells lists apart.
 */
#ifndef LVSD_CHECK_PROBE_H
#define LVSD_CHECK_PROBE_H

#include <stdbool.h>
#include <stdint.h>

#include "check/health.h"
#include "lib/addr.h"
#include "parser/conf.h"

/* Why a check ended as it did. One text each, see reason_text(). */
enum reason {
	REASON_NONE, /* no result yet */
	REASON_OK,
	/* the server's failures */
	REASON_REFUSED, /* RST, or ICMP port unreachable */
	REASON_TIMEOUT,
	REASON_RESET,	      /* the connection broke after it stood */
	REASON_CLOSED,	      /* end of file before the answer was complete */
	REASON_UNREACHABLE,   /* EHOSTUNREACH, ENETUNREACH, ICMP unreachable */
	REASON_TLS,	      /* text: OpenSSL's words */
	REASON_BAD_STATUS,    /* code: the status that came */
	REASON_MALFORMED,     /* the answer is not of its protocol */
	REASON_NO_MATCH,      /* the text that is expected is not in the answer */
	REASON_EXIT,	      /* code: exit status, or signal with a text */
	REASON_NO_ARP_ANSWER, /* arp and neighbour solicitation */
	/* local trouble: says nothing of the server, changes no health */
	REASON_LOCAL_DESCRIPTORS, /* EMFILE, ENFILE */
	REASON_LOCAL_PORTS,	  /* EADDRNOTAVAIL from connect, EAGAIN */
	REASON_LOCAL_MEMORY,	  /* ENOMEM, ENOBUFS */
	REASON_LOCAL_SOURCE,	  /* bind: the source address is not here */
	REASON_LOCAL_PERMISSION,  /* EPERM, EACCES: a firewall rule, a missing right */
	REASON_LOCAL_INTERFACE,	  /* arp: no such interface, or no connected network */
	REASON_LOCAL_OTHER,	  /* code: the errno */
	REASON_MAX
};

/* "connection refused", "timeout", ...: for logs and status. Never NULL. */
const char *reason_text(enum reason r);
/* One word for machines: "refused", "timeout", "bad-status", ... */
const char *reason_name(enum reason r);
/* Local trouble is not the server's failure (behaviour.md, Checks). */
bool reason_is_local(enum reason r);

/*
 * What a server's agent said of it last (agent.h), of a probe of method CHECK_AGENT.
 * All zero: nothing yet. It is a snapshot: each part stays until the agent says
 * something else of it, also while the agent does not answer.
 */
enum agent_admin { AGENT_ADMIN_UNSAID, AGENT_READY, AGENT_DRAIN, AGENT_MAINT };
enum agent_service { AGENT_SERVICE_UNSAID, AGENT_UP, AGENT_DOWN };
#define AGENT_PERCENT_MAX 1000 /* a share above it is this */
struct agent_verdict {
	uint16_t admin : 3;    /* enum agent_admin */
	uint16_t service : 2;  /* enum agent_service */
	uint16_t weighed : 1;  /* it has told a percentage: */
	uint16_t percent : 10; /* of the weight, 0 to AGENT_PERCENT_MAX */
};

/* One probe, with everything the checker needs to run it. */
struct probe {
	const struct check_conf *check; /* method, timing, rise and fall, http */
	struct addr addr;
	uint16_t port; /* host order; 0 for icmp and arp */
	/* Where it starts: what was known when the checker was started. */
	struct health health;
	uint64_t started_us;	    /* when it last started, mono; 0: never ran */
	bool paused;		    /* no check is made until the daemon resumes it */
	struct agent_verdict agent; /* what it said before; CHECK_AGENT only */
};

/*
 * A total order by everything that changes what a probe does: method, target,
 * source, every parameter, timing, rise and fall; what probe_cmp_outcome() looks
 * at comes first. Equal probes are one probe.
 */
int probe_cmp(const struct probe *a, const struct probe *b);
/* The same without what does not change the outcome of a check (interval, rise,
 * fall): probes equal by this share their health over a reload. */
int probe_cmp_outcome(const struct probe *a, const struct probe *b);

#define PROBE_TEXT_MAX 80

/*
 * What the checker tells the daemon: a snapshot of one probe, whole, so that
 * losing or repeating one does no harm. One SOCK_SEQPACKET record each.
 */
struct probe_report {
	uint32_t generation; /* of the list the index is into */
	uint32_t probe;
	uint8_t health; /* enum health_state */
	uint8_t reason; /* enum reason, of the last check */
	uint16_t reserved;
	int32_t score;
	int32_t code;		    /* HTTP status or errno, by reason */
	uint32_t duration_us;	    /* of the last check */
	uint64_t started_us;	    /* of the last check, mono */
	struct agent_verdict agent; /* of CHECK_AGENT, else all zero */
	char text[PROBE_TEXT_MAX];  /* NUL-ended detail: TLS error, status line */
};

/*
 * What the checker tells of itself, once a second while something changes. A
 * record of its own size on the same socket. Counts are since its start.
 */
struct checker_figures {
	uint32_t generation;
	uint32_t in_flight;	/* checks under way */
	uint32_t max_in_flight; /* of those that need a descriptor */
	uint32_t reserved;
	uint64_t checks;  /* begun */
	uint64_t late;	  /* that had to wait until another one was over */
	uint64_t skipped; /* rounds that passed before there was one */
	uint64_t local;	  /* that failed by local trouble */
};
_Static_assert(sizeof(struct checker_figures) != sizeof(struct probe_report),
    "records are told apart by their size");

/* What the daemon may ask for, downward on the same socket: one record each. */
enum probe_what {
	PROBE_PAUSE,  /* no check from now on; one under way has no result */
	PROBE_RESUME, /* checks again, from the next time of its phase on; health is
		       * unknown until then */
	PROBE_NOW,    /* a check at once, unless one is under way or it is paused */
};
struct probe_order {
	uint32_t probe;
	uint32_t what; /* enum probe_what */
};

#endif
