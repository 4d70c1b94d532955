import koffi from 'koffi'

const mallocTrim = koffi.load('libc.so.6').func('int malloc_trim(size_t)')

/** Gives what the C library's allocator holds free back to the kernel (malloc_trim(3)). */
export function trimAllocator(): void {
  mallocTrim(0)
}
