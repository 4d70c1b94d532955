import { execFileSync } from 'node:child_process'
import { expect, it } from 'vitest'
import { jobScript, upRelease } from './job-script.ts'

const words = ["it's", '$HOME `id` $(id)', '"\\', 'a b', '', '*', '-n', "''"]

it('runs the command with its words as they are, and only with its environment', () => {
  const env = { GREETING: "don't $HOME", PATH: '/usr/bin:/bin' }
  const script = 'for word; do echo "<$word>"; done; echo "$GREETING $HOME. $(pwd)"'
  const job = jobScript({ args: ['/bin/sh', '-c', script, 'sh', ...words], cwd: '/usr', env })
  // The line between the guest's own: its devices are not here.
  const line = job.split('\n').find((at) => at.startsWith('cd ')) ?? ''
  const output = execFileSync('sh', ['-c', line], { encoding: 'utf8' })
  expect(output).toBe(`${words.map((word) => `<${word}>`).join('\n')}\ndon't $HOME . /usr\n`)
})

it('is a script that a shell reads', () => {
  const job = jobScript({ args: ['true'], cwd: '/', env: {} })
  execFileSync('sh', ['-n'], { input: job })
  expect(job).toContain('exit-code')
})

it.each([
  ['kernel-vm: up 6.1.0-56-amd64', '6.1.0-56-amd64'],
  [' RUN  v5', undefined],
])('%s tells of release %s', (line, release) => expect(upRelease(line)).toBe(release))
