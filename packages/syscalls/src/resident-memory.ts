import { readFileSync } from 'node:fs'
import koffi from 'koffi'

const libc = koffi.load('libc.so.6')
const mallocTrim = libc.func('int malloc_trim(size_t)')
const madvise = libc.func('int madvise(uintptr_t, size_t, int)')
const dontNeed = 4

/** Gives what the C library's allocator holds free back to the kernel (malloc_trim(3)). */
export function trimAllocator(): void {
  mallocTrim(0)
}

/**
 * Takes the machine code of the executable and its libraries out of the process's memory (MADV_DONTNEED of madvise(2)):
 * what runs again comes back from the page cache, what only the start needed does not. Such pages are never written, so
 * nothing is lost.
 */
export function dropExecutedPages(): void {
  for (const { start, length } of executableMappings(readFileSync('/proc/self/maps', 'utf8')))
    madvise(start, length, dontNeed)
}

/** The private mappings of files that can be executed and not be written, of proc_pid_maps(5). */
export function executableMappings(maps: string): { start: number; length: number }[] {
  return Array.from(
    maps.matchAll(/^([0-9a-f]+)-([0-9a-f]+) r-xp \S+ \S+ \d+ +\/.*$/gm),
    ([, from = '', to = '']) => {
      const start = Number.parseInt(from, 16)
      return { start, length: Number.parseInt(to, 16) - start }
    },
  )
}
