// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
// Structs for the layout tests: every form of field that a map key or value may have.
typedef unsigned char __u8;
typedef unsigned short __u16;
typedef unsigned int __u32;
typedef unsigned long long __u64;
typedef __u16 __be16;
typedef __u32 __be32;
typedef __u64 __be64;

enum verdict { VERDICT_DROP, VERDICT_PASS };

union address {
	__u8 bytes[16];
	__be32 v4;
};

struct inner {
	__be16 port;
	__u8 proto;
	__u8 pad;
};

struct sample {
	__u8 a;
	__u16 b;
	const __u32 c;
	__be32 d;
	__u64 e;
	__be64 f;
	signed char g;
	short h;
	int i;
	long long j;
	__u8 mac[6];
	__u16 pad1;
	union address address;
	struct inner inner;
	struct {
		__u32 flat;
		enum verdict verdict;
	};
	_Bool on;
};

typedef struct {
	__u32 only;
} anonymous_t;

struct with_bitfield {
	__u32 low : 3;
};

struct with_pointer {
	void *next;
};

struct with_words {
	__u32 words[4];
};

struct with_anonymous_union {
	union {
		__u32 left;
		__u32 right;
	};
};

enum wide { WIDE = 0x100000000ULL };

struct sample sample = {
	.a = 0x12,
	.b = 0x3456,
	.c = 0xdeadbeef,
	.d = __builtin_bswap32(0x0a000102),
	.e = 0x1122334455667788ULL,
	.f = __builtin_bswap64(0x99aabbccddeeff00ULL),
	.g = -2,
	.h = -300,
	.i = -70000,
	.j = -5000000000LL,
	.mac = { 2, 0, 0, 0, 0, 1 },
	.address = { .bytes = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 } },
	.inner = { .port = __builtin_bswap16(8080), .proto = 6 },
	.flat = 77,
	.verdict = VERDICT_PASS,
	.on = 1,
};
struct with_bitfield with_bitfield;
struct with_pointer with_pointer;
struct with_words with_words;
struct with_anonymous_union with_anonymous_union;
anonymous_t anonymous;
enum wide wide;
float scale;

__attribute__((section("tc"), used)) int use(const char *restrict text, volatile int *count)
{
	return text && count ? *count : 0;
}
