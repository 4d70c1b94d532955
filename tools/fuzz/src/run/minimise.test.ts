import { describe, expect, it } from 'vitest'
import { minimise } from './minimise.ts'

describe('minimise', () => {
  it('cuts the end and puts zeros where they change nothing', () => {
    const input = Buffer.from('some text with an x inside, and much behind it')
    const smallest = minimise(input, { fails: (bytes) => bytes.includes('x'), budget: 1000 })
    expect(smallest.toString('latin1').replaceAll('\0', '.')).toBe('.......x')
  })

  it('asks no more often than it may', () => {
    let asked = 0
    const fails = () => {
      asked++
      return true
    }
    minimise(Buffer.alloc(4096, 1), { fails, budget: 10 })
    expect(asked).toBe(10)
  })
})
