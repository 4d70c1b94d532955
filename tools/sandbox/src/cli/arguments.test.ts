import { describe, expect, it } from 'vitest'
import { parseCommand } from './arguments.ts'

describe('parseCommand', () => {
  it.each([
    { argv: [], command: { verb: 'help' } },
    { argv: ['up', '--help'], command: { verb: 'help' } },
    { argv: ['up'], command: { verb: 'up', name: 'sandbox', options: { nodes: 2, routing: 'native' } } },
    {
      argv: ['--name', 'a', 'up', '--nodes', '3', '--routing=vxlan', '--apiserver', 'k'],
      command: { verb: 'up', name: 'a', options: { nodes: 3, routing: 'vxlan', apiserver: 'k' } },
    },
    { argv: ['down', '--name', 'b'], command: { verb: 'down', name: 'b' } },
    { argv: ['status', '-o', 'json'], command: { verb: 'status', name: 'sandbox', json: true } },
    {
      argv: ['kubectl', 'get', '--name', 'x'],
      command: { verb: 'kubectl', name: 'sandbox', args: ['get', '--name', 'x'] },
    },
    {
      argv: ['exec', 'web', '-n', 'shop', '--', 'ls', '-n'],
      command: { verb: 'exec', name: 'sandbox', namespace: 'shop', pod: 'web', command: ['ls', '-n'] },
    },
  ])('$argv', ({ argv, command }) => expect(parseCommand(argv)).toEqual(command))

  it.each([
    { argv: ['fly'], message: "'fly'" },
    { argv: ['up', '--nodes', '0'], message: "--nodes '0'" },
    { argv: ['up', '--nodes', '1e1'], message: "--nodes '1e1'" },
    { argv: ['up', '--routing', 'bgp'], message: "--routing 'bgp'" },
    { argv: ['up', '--speed', '1'], message: '--speed' },
    { argv: ['exec', '--', 'ls'], message: 'name a pod' },
    { argv: ['exec', 'web'], message: 'no command' },
    { argv: ['--name'], message: '--name' },
  ])('refuses $argv', ({ argv, message }) => expect(() => parseCommand(argv)).toThrow(message))
})
