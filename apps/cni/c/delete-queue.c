/* SPDX-License-Identifier: Apache-2.0 */
#include "relay.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Makes `path` for us alone; one that is there stays as it is. */
static bool make_directory(const char *path)
{
	return mkdir(path, 0700) == 0 || errno == EEXIST;
}

static bool write_file(const char *path, const struct buffer *content)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		return false;
	bool written = write(fd, content->data, content->length) == (ssize_t)content->length && fsync(fd) == 0;
	int saved = errno;

	close(fd);
	if (!written)
		unlink(path);
	errno = saved;
	return written;
}

bool queue_delete(const char *socket_path, const struct call *call, char *file, size_t file_size)
{
	char copy[PATH_MAX], directory[PATH_MAX], temporary[PATH_MAX];
	struct buffer content = { .limit = 1 << 16 };

	snprintf(copy, sizeof(copy), "%s", socket_path);
	const char *parent = dirname(copy);
	int used = snprintf(directory, sizeof(directory), "%s/deletes", parent);

	if (used >= (int)sizeof(directory) || !make_directory(parent) || !make_directory(directory))
		return false;
	/* The container id has no slash and starts with a letter or digit: see read_environment. */
	int name = snprintf(file, file_size, "%s/%s.%s.json", directory, call->container_id, call->if_name);
	int hidden = snprintf(temporary, sizeof(temporary), "%s/.%ld", directory, (long)getpid());

	if (name >= (int)file_size || hidden >= (int)sizeof(temporary)) {
		errno = ENAMETOOLONG;
		return false;
	}
	append_text(&content, "{\"containerId\":");
	append_json(&content, call->container_id);
	append_text(&content, ",\"ifName\":");
	append_json(&content, call->if_name);
	append_text(&content, ",\"netns\":");
	append_json(&content, call->netns);
	append_text(&content, "}\n");
	/* Of an earlier process with our id, which died between the two steps. */
	unlink(temporary);
	bool done = !content.failed && write_file(temporary, &content) && rename(temporary, file) == 0;
	int saved = errno;

	if (!done)
		unlink(temporary);
	free(content.data);
	errno = saved;
	return done;
}
