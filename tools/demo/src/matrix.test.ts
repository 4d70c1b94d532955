import { expect, it } from 'vitest'
import { formatMatrix } from './matrix.ts'

it('aligns, numbers and wraps', () => {
  const matrix = {
    clients: ['web', 'intruder'],
    targets: ['db:5432', 'web:80', 'api:8080'],
    cells: [
      ['allowed', 'denied', 'wrong'],
      ['denied', 'none', 'allowed'],
    ],
  } as const
  const lines = formatMatrix(matrix, { width: 12, paint: (_, text) => text })
  expect(lines).toEqual([
    'client   1 2',
    'web      + .',
    'intruder .  ',
    'client   3',
    'web      !',
    'intruder +',
    '1 db:5432',
    '2 web:80',
    '3 api:8080',
  ])
})
