/* SPDX-License-Identifier: Apache-2.0 */
#include "relay.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* Reads to the end, or until `is_whole` says that nothing more is to come. */
static bool read_until(int fd, struct buffer *to, bool (*is_whole)(struct buffer *))
{
	static char chunk[65536];

	for (;;) {
		ssize_t got = read(fd, chunk, sizeof(chunk));

		if (got < 0 && errno == EINTR && !time_is_up())
			continue;
		if (got < 0)
			return false;
		if (got == 0)
			return true;
		append(to, chunk, (size_t)got);
		if (to->failed) {
			errno = EFBIG;
			return false;
		}
		if (is_whole != NULL && is_whole(to))
			return true;
	}
}

bool read_all(int fd, struct buffer *to)
{
	return read_until(fd, to, NULL);
}

static int connect_to(const char *socket_path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	if (strlen(socket_path) >= sizeof(address.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	strcpy(address.sun_path, socket_path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	while (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		if (errno == EINTR && !time_is_up())
			continue;
		int saved = errno;

		close(fd);
		errno = saved;
		return -1;
	}
	return fd;
}

static bool send_all(int fd, const char *data, size_t length)
{
	while (length > 0) {
		ssize_t sent = send(fd, data, length, MSG_NOSIGNAL);

		if (sent < 0 && errno == EINTR && !time_is_up())
			continue;
		if (sent < 0)
			return false;
		data += sent;
		length -= (size_t)sent;
	}
	return true;
}

static void append_header(struct buffer *to, const char *name, const char *value)
{
	append_text(to, name);
	append_text(to, ": ");
	append_text(to, value);
	append_text(to, "\r\n");
}

/* HTTP/1.0: the answer comes in one piece, and the agent closes. */
static void build_head(struct buffer *to, const struct call *call, size_t body_length)
{
	char length[24];

	snprintf(length, sizeof(length), "%zu", body_length);
	append_text(to, "POST /v1/cni HTTP/1.0\r\n");
	append_header(to, "Host", "agent");
	append_header(to, "Content-Type", "application/json");
	append_header(to, "Content-Length", length);
	append_header(to, "X-CNI-Command", call->command);
	append_header(to, "X-CNI-Containerid", call->container_id);
	append_header(to, "X-CNI-Netns", call->netns);
	append_header(to, "X-CNI-Ifname", call->if_name);
	append_header(to, "X-CNI-Args", call->args);
	append_header(to, "X-CNI-Path", call->path);
	append_text(to, "\r\n");
}

/* The number behind `name` in the head, which ends with a zero; -1 when it is not there. */
static long header_number(const char *head, const char *name)
{
	for (const char *line = strstr(head, "\r\n"); line != NULL; line = strstr(line, "\r\n")) {
		line += 2;
		if (strncasecmp(line, name, strlen(name)) == 0 && line[strlen(name)] == ':')
			return strtol(line + strlen(name) + 1, NULL, 10);
	}
	return -1;
}

/* Whether the answer's body is as long as its head says: the agent hangs up later, when it gets to it. */
static bool is_whole_answer(struct buffer *answer)
{
	append(answer, "", 1);
	if (answer->failed)
		return false;
	answer->length--;
	const char *body = strstr(answer->data, "\r\n\r\n");
	long length = body == NULL ? -1 : header_number(answer->data, "Content-Length");

	return length >= 0 && answer->data + answer->length - (body + 4) >= length;
}

static bool parse_answer(struct buffer *answer, struct response *response)
{
	int minor;

	append(answer, "", 1);
	if (answer->failed)
		return false;
	char *body = strstr(answer->data, "\r\n\r\n");

	if (body == NULL || sscanf(answer->data, "HTTP/1.%1d %3d ", &minor, &response->status) != 2)
		return false;
	body[2] = 0;
	body += 4;
	response->body = body;
	response->body_length = answer->length - 1 - (size_t)(body - answer->data);
	/* An agent that dies while it answers must not look like one that said less. */
	return header_number(answer->data, "Content-Length") == (long)response->body_length;
}

enum relay_result relay(const char *socket_path, const struct call *call, const struct buffer *input,
			struct buffer *answer, struct response *response)
{
	struct buffer head = { .limit = 1 << 16 };
	int fd = connect_to(socket_path);

	if (fd < 0)
		return time_is_up() ? RELAY_TIMEOUT : RELAY_UNREACHABLE;
	build_head(&head, call, input->length);
	/* An agent that refuses early may close before it read everything: what it said counts. */
	bool sent = send_all(fd, head.data, head.length) && send_all(fd, input->data, input->length);
	int send_errno = errno;
	bool received = read_until(fd, answer, is_whole_answer);
	int saved = sent || received ? errno : send_errno;

	close(fd);
	free(head.data);
	if (time_is_up())
		return RELAY_TIMEOUT;
	if (answer->failed)
		return RELAY_NONSENSE;
	if (answer->length == 0) {
		errno = received ? ECONNRESET : saved;
		return RELAY_UNREACHABLE;
	}
	if (parse_answer(answer, response))
		return RELAY_OK;
	return RELAY_NONSENSE;
}
