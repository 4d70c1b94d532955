/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs an executable as a container runtime does (vfork and exec, stdin and stdout pipes, an environment of its own)
 * and measures each run from just before the exec to the end of the process.
 *
 * A line "COUNT" is followed by COUNT lines "COMMAND CONTAINERID NETNS IFNAME ARGS INPUT" (no spaces but in INPUT):
 * all are started one right after the other. The answer is one line of COUNT words "STARTED,ENDED,STATUS,OUTPUT":
 * CLOCK_MONOTONIC in nanoseconds, the exit status (-1: killed), standard output in hex.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX_COUNT 1000
#define MAX_OUTPUT 65536

struct run {
	pid_t pid;
	int output;
	int status;
	long long started_ns;
	long long ended_ns;
};

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static void usage(void)
{
	fprintf(stderr, "usage: exec-loop EXECUTABLE AGENT_SOCKET\n");
	exit(2);
}

static long long now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static char *variable(const char *name, const char *value)
{
	char *text;

	if (asprintf(&text, "%s=%s", name, value) < 0)
		fail("asprintf");
	return text;
}

static char *read_line(void)
{
	static char *line;
	static size_t size;
	ssize_t length = getline(&line, &size, stdin);

	if (length < 0)
		return NULL;
	if (length > 0 && line[length - 1] == '\n')
		line[length - 1] = 0;
	return line;
}

/* Everything is ready before the clock starts; the input is small enough to wait in the pipe. */
static void start(struct run *run, const char *executable, const char *socket, char *line)
{
	static const char *const names[] = { "CNI_COMMAND", "CNI_CONTAINERID", "CNI_NETNS", "CNI_IFNAME", "CNI_ARGS" };
	enum { NAMES = sizeof(names) / sizeof(names[0]) };
	char *environment[NAMES + 4], *argv[] = { (char *)executable, NULL };
	posix_spawn_file_actions_t actions;
	int in[2], out[2], i;

	for (i = 0; i < NAMES; i++) {
		char *word = strsep(&line, " ");

		if (word == NULL || line == NULL) {
			fprintf(stderr, "a line has fewer than six words\n");
			exit(2);
		}
		environment[i] = variable(names[i], word);
	}
	environment[i++] = variable("CNI_PATH", "/opt/cni/bin");
	environment[i++] = variable("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
	environment[i++] = variable("AXO_AGENT_SOCKET", socket);
	environment[i] = NULL;
	if (pipe2(in, O_CLOEXEC) || pipe2(out, O_CLOEXEC))
		fail("pipe2");
	if (fcntl(in[1], F_SETPIPE_SZ, MAX_OUTPUT) < 0 || fcntl(in[1], F_SETFL, O_NONBLOCK))
		fail("fcntl");
	if (write(in[1], line, strlen(line)) != (ssize_t)strlen(line))
		fail("write the input");
	close(in[1]);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, in[0], STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
	run->started_ns = now_ns();
	if ((errno = posix_spawn(&run->pid, executable, &actions, NULL, argv, environment)) != 0)
		fail(executable);
	posix_spawn_file_actions_destroy(&actions);
	close(in[0]);
	close(out[1]);
	run->output = out[0];
	while (i > 0)
		free(environment[--i]);
}

static void wait_for_all(struct run *runs, int count)
{
	for (int left = count; left > 0; left--) {
		int status;
		pid_t pid = waitpid(-1, &status, 0);
		long long ended_ns = now_ns();

		if (pid < 0)
			fail("waitpid");
		for (int i = 0; i < count; i++) {
			if (runs[i].pid != pid)
				continue;
			runs[i].ended_ns = ended_ns;
			runs[i].status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
		}
	}
}

static void print_run(const struct run *run)
{
	static unsigned char output[MAX_OUTPUT];
	ssize_t got;

	printf("%lld,%lld,%d,", run->started_ns, run->ended_ns, run->status);
	while ((got = read(run->output, output, sizeof(output))) > 0) {
		for (ssize_t i = 0; i < got; i++)
			printf("%02x", output[i]);
	}
	close(run->output);
}

int main(int argc, char **argv)
{
	static struct run runs[MAX_COUNT];
	char *line;

	if (argc != 3)
		usage();
	while ((line = read_line()) != NULL) {
		int count = atoi(line);

		if (count < 1 || count > MAX_COUNT) {
			fprintf(stderr, "'%s' is no count from 1 to %d\n", line, MAX_COUNT);
			return 2;
		}
		for (int i = 0; i < count; i++) {
			if ((line = read_line()) == NULL)
				return 2;
			start(&runs[i], argv[1], argv[2], line);
		}
		wait_for_all(runs, count);
		for (int i = 0; i < count; i++) {
			if (i > 0)
				putchar(' ');
			print_run(&runs[i]);
		}
		putchar('\n');
		fflush(stdout);
	}
	return 0;
}
