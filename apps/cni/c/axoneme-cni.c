/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The CNI executable: relays one call to the agent's unix socket as HTTP, and prints what the agent answers.
 * VERSION needs no agent. A DEL that finds none is left in a queue for it. Errors are CNI error JSON on stdout.
 */
#include "relay.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

static const char newest_version[] = "1.1.0";
static const char default_socket[] = "/run/axoneme/agent.sock";
static const long default_timeout_ms = 60000;

static volatile sig_atomic_t out_of_time;

static void on_alarm(int signal_number)
{
	(void)signal_number;
	out_of_time = 1;
}

bool time_is_up(void)
{
	return out_of_time != 0;
}

/* Without SA_RESTART, and again every 50 ms: a call that blocks just after a tick is interrupted by the next. */
static void start_time_limit(void)
{
	const char *text = getenv("AXO_CNI_TIMEOUT_MS");
	long limit_ms = text == NULL ? default_timeout_ms : strtol(text, NULL, 10);

	if (limit_ms < 1 || limit_ms > 600000)
		limit_ms = default_timeout_ms;
	struct sigaction action = { .sa_handler = on_alarm };
	struct itimerval timer = {
		.it_value = { .tv_sec = limit_ms / 1000, .tv_usec = limit_ms % 1000 * 1000 },
		.it_interval = { .tv_usec = 50000 },
	};

	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &timer, NULL);
}

static bool print(const char *data, size_t length)
{
	while (length > 0) {
		ssize_t written = write(STDOUT_FILENO, data, length);

		if (written < 0 && errno == EINTR && !time_is_up())
			continue;
		if (written < 0)
			return false;
		data += written;
		length -= (size_t)written;
	}
	return true;
}

static int fail(const char *cni_version, int code, const char *message, const char *details)
{
	struct buffer text = { .limit = 1 << 20 };
	char number[16];

	snprintf(number, sizeof(number), "%d", code);
	append_text(&text, "{\"cniVersion\":");
	append_json(&text, cni_version);
	append_text(&text, ",\"code\":");
	append_text(&text, number);
	append_text(&text, ",\"msg\":");
	append_json(&text, message);
	append_text(&text, ",\"details\":");
	append_json(&text, details);
	append_text(&text, "}\n");
	print(text.data, text.length);
	free(text.data);
	return 1;
}

/* Unset is empty. NULL, with the reason in `problem`, when it is too long or would break out of an HTTP header. */
static const char *read_variable(const char *name, size_t max_length, char problem[128])
{
	const char *value = getenv(name);

	if (value == NULL)
		return "";
	if (strlen(value) > max_length) {
		snprintf(problem, 128, "%s is longer than %zu bytes", name, max_length);
		return NULL;
	}
	for (const unsigned char *at = (const unsigned char *)value; *at != 0; at++) {
		if (*at < 0x20 || *at >= 0x7f) {
			snprintf(problem, 128, "%s has a character that is not printable ASCII", name);
			return NULL;
		}
	}
	return value;
}

static bool is_container_id(const char *text)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
	static const char all[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-";

	return strspn(text, letters) > 0 && text[strspn(text, all)] == 0;
}

static bool is_interface_name(const char *text)
{
	size_t length = strlen(text);

	return length > 0 && length < 16 && strpbrk(text, "/: ") == NULL && strcmp(text, ".") != 0 &&
	       strcmp(text, "..") != 0;
}

static bool is_command(const char *command)
{
	static const char *const known[] = { "ADD", "DEL", "CHECK", "GC", "STATUS", "VERSION" };

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (strcmp(command, known[i]) == 0)
			return true;
	}
	return false;
}

static bool read_environment(struct call *call, char problem[128])
{
	if ((call->command = read_variable("CNI_COMMAND", 16, problem)) == NULL ||
	    (call->container_id = read_variable("CNI_CONTAINERID", 220, problem)) == NULL ||
	    (call->netns = read_variable("CNI_NETNS", 4095, problem)) == NULL ||
	    (call->if_name = read_variable("CNI_IFNAME", 15, problem)) == NULL ||
	    (call->args = read_variable("CNI_ARGS", 16384, problem)) == NULL ||
	    (call->path = read_variable("CNI_PATH", 8192, problem)) == NULL)
		return false;
	bool add = strcmp(call->command, "ADD") == 0 || strcmp(call->command, "CHECK") == 0;
	bool of_container = add || strcmp(call->command, "DEL") == 0;
	const char *wrong = !is_command(call->command)                        ? "CNI_COMMAND" :
			    of_container && !is_container_id(call->container_id) ? "CNI_CONTAINERID" :
			    of_container && !is_interface_name(call->if_name)    ? "CNI_IFNAME" :
			    add && call->netns[0] != '/'                         ? "CNI_NETNS" :
										   NULL;

	if (wrong != NULL)
		snprintf(problem, 128, "%s is missing or invalid", wrong);
	return wrong == NULL;
}

static int print_versions(const char *cni_version)
{
	char text[160];
	int length = snprintf(text, sizeof(text),
			      "{\"cniVersion\":\"%s\",\"supportedVersions\":[\"0.3.1\",\"0.4.0\",\"1.0.0\",\"1.1.0\"]}\n",
			      cni_version);

	return print(text, (size_t)length) ? 0 : 1;
}

static int print_response(const char *cni_version, const struct response *response)
{
	char message[64];
	bool good = response->status >= 200 && response->status < 300;

	/* Only a CNI call's own answer is for the runtime. */
	if (!good && (response->body_length == 0 || response->body[0] != '{')) {
		snprintf(message, sizeof(message), "the agent answered HTTP %d", response->status);
		return fail(cni_version, CNI_TRY_AGAIN_LATER, message, "");
	}
	return print(response->body, response->body_length) && good ? 0 : 1;
}

/* The agent is not there: a DEL waits for it in the queue, everything else is told so. */
static int without_agent(const char *socket_path, const char *cni_version, const struct call *call,
			 const struct buffer *input)
{
	char message[512], file[8192];
	bool status = strcmp(call->command, "STATUS") == 0;

	snprintf(message, sizeof(message), "reach the agent at %.200s: %s", socket_path, strerror(errno));
	if (strcmp(call->command, "DEL") != 0)
		return fail(cni_version, status ? CNI_NOT_AVAILABLE : CNI_TRY_AGAIN_LATER, message,
			    "is the agent running on this node?");
	if (!queue_delete(socket_path, call, file, sizeof(file))) {
		size_t used = strlen(message);

		snprintf(message + used, sizeof(message) - used, "; queue the deletion: %s", strerror(errno));
		return fail(cni_version, CNI_TRY_AGAIN_LATER, message, "");
	}
	/* An agent that read the queue before our file was there listens by now. */
	struct buffer answer = { .limit = MAX_BODY + 65536 };
	struct response response;
	enum relay_result result = relay(socket_path, call, input, &answer, &response);

	if (result == RELAY_OK && response.status >= 200 && response.status < 300)
		unlink(file);
	free(answer.data);
	return 0;
}

int main(void)
{
	struct call call;
	struct buffer input = { .limit = MAX_BODY }, answer = { .limit = MAX_BODY + 65536 };
	struct response response;
	char problem[128], message[320], version_text[16];
	const char *cni_version = newest_version;
	const char *socket_path = getenv("AXO_AGENT_SOCKET");

	if (socket_path == NULL || socket_path[0] == 0)
		socket_path = default_socket;
	start_time_limit();
	if (!read_all(STDIN_FILENO, &input)) {
		snprintf(message, sizeof(message), "read the network configuration from stdin: %s",
			 time_is_up() ? "time limit" : strerror(errno));
		return fail(cni_version, CNI_IO, message, "");
	}
	cni_version = find_cni_version(input.data, input.length, version_text, newest_version);
	if (!read_environment(&call, problem))
		return fail(cni_version, CNI_INVALID_ENVIRONMENT, problem, "");
	if (strcmp(call.command, "VERSION") == 0)
		return print_versions(cni_version);
	switch (relay(socket_path, &call, &input, &answer, &response)) {
	case RELAY_OK:
		return print_response(cni_version, &response);
	case RELAY_UNREACHABLE:
		return without_agent(socket_path, cni_version, &call, &input);
	case RELAY_TIMEOUT:
		snprintf(message, sizeof(message), "the agent at %.200s did not answer in time", socket_path);
		return fail(cni_version, CNI_TRY_AGAIN_LATER, message, "");
	case RELAY_NONSENSE:
		break;
	}
	snprintf(message, sizeof(message), "what listens at %.200s gave no answer to a CNI call", socket_path);
	return fail(cni_version, CNI_TRY_AGAIN_LATER, message, "");
}
