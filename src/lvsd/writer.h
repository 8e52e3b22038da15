/*
 * writer: the process that puts the state file on disk, and how it is told to.
 *
 * It is forked while the daemon is small and lives as long as it, so that a save costs
 * no fork and a slow disk holds nobody. Over a socket of records it gets a path, bytes,
 * and the word that they are all; it answers with an errno value. It has no capability,
 * no other file of the daemon's, and ends with the socket or the daemon.
 */
#ifndef LVSD_WRITER_H
#define LVSD_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct lvsd;

/* The daemon's side. A zeroed struct is none. */
struct writer {
	pid_t pid; /* 0: there is none */
	int fd;
};

enum writer_word {
	WRITER_BEGIN = 'b', /* a file of this path; what was begun before is void */
	WRITER_BYTES = 'd',
	WRITER_END = 'e', /* it is whole: now it is answered */
};

#define WRITER_BYTES_MAX (32 * 1024) /* in one record */

/* Forks it. False with errno. What L holds is given back in the child. */
bool writer_start(struct writer *w, struct lvsd *l);
/* Tells it WORD with LEN bytes, at most WRITER_BYTES_MAX. False with errno: EAGAIN, it
 * has to take something first; others mean that it is gone, or as good as that. */
bool writer_tell(
    const struct writer *w, enum writer_word word, const void *bytes, size_t len);
/* Its answer, an errno value or 0, in *ERROR. False with errno: EAGAIN, none is there;
 * EPIPE, it is gone. */
bool writer_answer(const struct writer *w, int *error);
/* It has ended and was waited for: closes the socket. */
void writer_ended(struct writer *w);
/* Ends it at once. False: it still was not gone after WAIT_S. */
bool writer_kill(struct writer *w, double wait_s);

/*
 * Waits, WAIT_S at most, until no writer of another daemon has the file PATH: one that
 * died a moment ago may have left it in the middle of a record, which must not come
 * after what is read now. False: there still is one.
 */
bool writer_await(const char *path, double wait_s);

#endif
