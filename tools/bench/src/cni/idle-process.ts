import { monitorEventLoopDelay } from 'node:perf_hooks'

// Watches its own event loop with the period given, in ms; answers each message with the longest lag since the last.
const lag = monitorEventLoopDelay({ resolution: Number(process.argv[2]) })
lag.enable()
process.on('message', () => {
  process.send?.(lag.max / 1e6)
  lag.reset()
})
process.on('disconnect', () => process.exit())
