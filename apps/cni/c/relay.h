/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AXONEME_CNI_RELAY_H
#define AXONEME_CNI_RELAY_H

#include <stdbool.h>
#include <stddef.h>

/* Codes of the CNI specification. */
enum {
	CNI_INVALID_ENVIRONMENT = 4,
	CNI_IO = 5,
	CNI_TRY_AGAIN_LATER = 11,
	CNI_NOT_AVAILABLE = 50,
};

enum { MAX_BODY = 1 << 20 };

/* Bytes that grow up to a limit. `failed` stays set once memory or the limit ran out: look once, at the end. */
struct buffer {
	char *data;
	size_t length;
	size_t limit;
	size_t capacity;
	bool failed;
};

void append(struct buffer *to, const void *data, size_t length);
void append_text(struct buffer *to, const char *text);
/* As a JSON string, in quotes. */
void append_json(struct buffer *to, const char *text);

/* The environment of one CNI call. Unset is empty. All printable ASCII, bounded; see read_environment. */
struct call {
	const char *command;
	const char *container_id;
	const char *netns;
	const char *if_name;
	const char *args;
	const char *path;
};

/* The value of the object's own "cniVersion" when it looks like a version, else `fallback`. Fits into `out`. */
const char *find_cni_version(const char *json, size_t length, char out[16], const char *fallback);

/* True once the time limit is over: blocking calls then fail with EINTR, again and again. */
bool time_is_up(void);

/* Reads to the end, or until `to` is full. False: errno says why. */
bool read_all(int fd, struct buffer *to);

enum relay_result {
	RELAY_OK,
	/* Nobody listens, or the agent went away before it answered: errno says which. */
	RELAY_UNREACHABLE,
	RELAY_TIMEOUT,
	/* The agent answered something that is no answer to a CNI call. */
	RELAY_NONSENSE,
};

struct response {
	int status;
	/* Into the buffer that relay() was given. */
	const char *body;
	size_t body_length;
};

/* Asks the agent. `answer` holds what came back. */
enum relay_result relay(const char *socket_path, const struct call *call, const struct buffer *input,
			struct buffer *answer, struct response *response);

/* Leaves a DEL for the agent's next start, in `deletes` beside its socket. Fills `file`. False: errno says why. */
bool queue_delete(const char *socket_path, const struct call *call, char *file, size_t file_size);

#endif
