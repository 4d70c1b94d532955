import { describe, expect, it } from 'vitest'
import { sleep } from './clock.ts'
import { Scope } from './scope.ts'

describe('Scope', () => {
  it('closes in reverse order, once', async () => {
    const order: string[] = []
    const scope = new Scope('test')
    scope.defer(() => order.push('first'))
    scope.use({ [Symbol.dispose]: () => void order.push('second') })
    await Promise.all([scope.close(), scope.close()])
    await scope.close()
    expect(order).toEqual(['second', 'first'])
    await scope.done
  })

  it('closes everything although one close fails, and reports it', async () => {
    const order: string[] = []
    const scope = new Scope('test')
    scope.defer(() => order.push('first'))
    scope.defer(() => {
      throw new Error('broken')
    })
    await expect(scope.close()).rejects.toMatchObject({ errors: [{ message: 'broken' }] })
    expect(order).toEqual(['first'])
  })

  it('ends its tasks before it closes what they use', async () => {
    const order: string[] = []
    const scope = new Scope('test')
    scope.defer(() => order.push('resource'))
    scope.run(async (signal) => {
      await sleep(60_000, { signal }).catch(() => {})
      order.push('task')
    })
    await scope.close()
    expect(order).toEqual(['task', 'resource'])
  })

  it('fails as a whole when a task fails', async () => {
    const scope = new Scope('test')
    scope.run(async () => {
      throw new Error('task failed')
    })
    await expect(scope.done).rejects.toThrow('task failed')
    expect(scope.signal.aborted).toBe(true)
  })

  it('follows the signal of the outer scope', async () => {
    const outer = new Scope('outer')
    const inner = new Scope('inner', { signal: outer.signal })
    await outer.close()
    expect(inner.signal.aborted).toBe(true)
    await inner.close()
  })

  it('lets its owner wait for the request to end, and tells of the task that failed', async () => {
    const outer = new AbortController()
    const asked = new Scope('asked', { signal: outer.signal })
    const waiting = asked.untilAborted()
    outer.abort()
    await waiting
    await asked.close()
    const failing = new Scope('failing')
    failing.run(async () => {
      throw new Error('task failed')
    })
    await expect(failing.untilAborted()).rejects.toThrow('task failed')
  })
})
