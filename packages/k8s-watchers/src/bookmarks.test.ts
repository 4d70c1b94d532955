import { expect, it } from 'vitest'
import { BookmarkExpectation } from './bookmarks.ts'

const limits = { maxSilenceMs: 150_000, timeoutSeconds: 400 }

it.each([
  { seen: [], absent: false },
  { seen: ['silence'], absent: false },
  { seen: ['silence', 'silence'], absent: true },
  { seen: ['silence', 'silence', 'bookmark'], absent: false },
  { seen: ['bookmark', 'silence', 'silence', 'silence'], absent: false },
] as const)('$seen: none are sent is $absent', ({ seen, absent }) => {
  const bookmarks = new BookmarkExpectation()
  for (const each of seen) bookmarks[each]()
  expect(bookmarks.areAbsent).toBe(absent)
  expect(bookmarks.silenceLimitMs(limits)).toBe(absent ? 550_000 : 150_000)
  expect([400, 4000].map((wanted) => bookmarks.watchSeconds(wanted))).toEqual([400, absent ? 600 : 4000])
})
