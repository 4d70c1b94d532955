import { expect, it } from 'vitest'
import { createLogger, type LogEvent } from './log.ts'
import { type LoggedEvent, observeLog } from './observe.ts'

it('tells of every line with its component, and logs it as before', () => {
  const events: LoggedEvent[] = []
  const lines: LogEvent[] = []
  const logger = createLogger({ sink: (line) => lines.push(line), level: 'error' })
  const log = observeLog(logger, { observe: (event) => events.push(event) })
  log.warn('below the level')
  const child = log.child('datapath').child('ipcache', { map: 'x' })
  child.error('map full', { key: 'k' })
  expect(events).toEqual([
    { level: 'warn', component: '' },
    { level: 'error', component: 'datapath.ipcache' },
  ])
  expect(lines).toMatchObject([
    { component: 'datapath.ipcache', message: 'map full', fields: { map: 'x', key: 'k' } },
  ])
})
