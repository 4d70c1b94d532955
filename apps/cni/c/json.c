/* SPDX-License-Identifier: Apache-2.0 */
#include "relay.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void append(struct buffer *to, const void *data, size_t length)
{
	if (to->failed || length > to->limit - to->length) {
		to->failed = true;
		return;
	}
	if (to->length + length > to->capacity) {
		size_t capacity = to->capacity == 0 ? 4096 : to->capacity;

		while (capacity < to->length + length)
			capacity *= 2;
		char *grown = realloc(to->data, capacity);

		if (grown == NULL) {
			to->failed = true;
			return;
		}
		to->data = grown;
		to->capacity = capacity;
	}
	if (length > 0)
		memcpy(to->data + to->length, data, length);
	to->length += length;
}

void append_text(struct buffer *to, const char *text)
{
	append(to, text, strlen(text));
}

void append_json(struct buffer *to, const char *text)
{
	append_text(to, "\"");
	for (const unsigned char *at = (const unsigned char *)text; *at != 0; at++) {
		char escaped[8];

		/* Above ASCII too: the bytes may be no UTF-8. */
		if (*at < 0x20 || *at >= 0x7f || *at == '"' || *at == '\\') {
			snprintf(escaped, sizeof(escaped), "\\u%04x", *at);
			append_text(to, escaped);
		} else {
			append(to, at, 1);
		}
	}
	append_text(to, "\"");
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* From an opening quote to behind the closing one; `end` when there is none. */
static const char *skip_string(const char *at, const char *end)
{
	for (at++; at < end && *at != '"'; at++) {
		if (*at == '\\')
			at++;
	}
	return at < end ? at + 1 : end;
}

static const char *skip_spaces(const char *at, const char *end)
{
	while (at < end && is_space(*at))
		at++;
	return at;
}

/* The version in the quotes at `at`. False when there are none, or something else is in them. */
static bool copy_version(const char *at, const char *end, char out[16])
{
	size_t length = 0;

	if (at >= end || *at != '"')
		return false;
	for (at++; at < end && ((*at >= '0' && *at <= '9') || *at == '.') && length < 15; at++)
		out[length++] = *at;
	out[length] = 0;
	return length > 0 && at < end && *at == '"';
}

const char *find_cni_version(const char *json, size_t length, char out[16], const char *fallback)
{
	static const char key[] = "\"cniVersion\"";
	const char *end = json + length;
	int depth = 0;

	for (const char *at = json; at < end;) {
		if (*at == '"') {
			const char *behind = skip_string(at, end);
			const char *colon = skip_spaces(behind, end);
			bool is_key = colon < end && *colon == ':';

			if (is_key && depth == 1 && behind - at == sizeof(key) - 1 &&
			    memcmp(at, key, sizeof(key) - 1) == 0)
				return copy_version(skip_spaces(colon + 1, end), end, out) ? out : fallback;
			at = behind;
			continue;
		}
		if (*at == '{' || *at == '[')
			depth++;
		if (*at == '}' || *at == ']')
			depth--;
		at++;
	}
	return fallback;
}
