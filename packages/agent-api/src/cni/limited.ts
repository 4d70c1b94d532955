import type { LimitedCall } from '../limits/call-limit.ts'
import type { CniHandlers } from './handle.ts'

/** Waits until a call may begin, or rejects. */
export type Enter = (call: LimitedCall, signal: AbortSignal) => Promise<void>

/** The same handlers, of which those that change the node wait for their turn. */
export function limitedHandlers(handlers: CniHandlers, enter: Enter): CniHandlers {
  return {
    ...handlers,
    async add(request, signal) {
      await enter('endpoint-create', signal)
      return await handlers.add(request, signal)
    },
    async del(request, signal) {
      await enter('endpoint-delete', signal)
      await handlers.del(request, signal)
    },
    async gc(validAttachments, signal) {
      await enter('endpoint-delete', signal)
      await handlers.gc(validAttachments, signal)
    },
  }
}
