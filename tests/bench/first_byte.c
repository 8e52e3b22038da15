/*
 * first_byte COMMAND...: how long it takes from before COMMAND is started until its first
 * and until its last byte are there, and how many these are: three numbers on standard
 * error, microseconds twice and bytes. What it writes goes to standard output.
 */
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static uint64_t now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

/* Copies what comes from IN. Returns how much that was; *FIRST_US: when it began. */
static size_t copy(int in, uint64_t *first_us)
{
	static char piece[256 * 1024];
	size_t all = 0;
	ssize_t n;

	while ((n = read(in, piece, sizeof piece)) > 0) {
		if (all == 0)
			*first_us = now_us();
		all += (size_t)n;
		for (ssize_t done = 0, out; done < n; done += out) {
			out = write(STDOUT_FILENO, piece + done, (size_t)(n - done));
			if (out < 0)
				return 0;
		}
	}
	return all;
}

int main(int argc, char **argv)
{
	posix_spawn_file_actions_t actions;
	uint64_t begun_us, first_us = 0;
	int ends[2], status;
	size_t all;
	pid_t pid;

	if (argc < 2 || pipe(ends) != 0)
		return 2;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
	posix_spawn_file_actions_addclose(&actions, ends[0]);
	posix_spawn_file_actions_addclose(&actions, ends[1]);
	begun_us = now_us();
	if (posix_spawnp(&pid, argv[1], &actions, NULL, argv + 1, environ) != 0)
		return 127;
	close(ends[1]);
	all = copy(ends[0], &first_us);
	fprintf(stderr, "%llu %llu %zu\n", (unsigned long long)(first_us - begun_us),
	    (unsigned long long)(now_us() - begun_us), all);
	if (waitpid(pid, &status, 0) != pid)
		return 1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
