import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { HeldBytes, type Hold } from './held-bytes.ts'

const MiB = 1_048_576

/** Reads an answer of this length, a step of memory at a time, and closes its account. */
async function read(hold: Hold, length: number): Promise<void> {
  for (let read = MiB; read <= length; read += MiB) {
    await hold.reserve(read)
    await Promise.resolve()
  }
  hold.close()
}

describe('HeldBytes', () => {
  it('does not account for small answers', () => {
    const held = new HeldBytes(2 * MiB)
    const holds = Array.from({ length: 1_000 }, () => held.open(64 * MiB))
    expect(holds.map((hold) => hold.reserve(MiB))).toEqual(holds.map(() => undefined))
    expect(held.reserved).toBe(0)
  })

  it('makes a large answer wait while another one may need the remaining bytes, until that is closed', async () => {
    const held = new HeldBytes(8 * MiB)
    const [first, second] = [held.open(6 * MiB), held.open(6 * MiB)]
    expect(first.reserve(4 * MiB)).toBeUndefined()
    expect(second.reserve(2 * MiB)).toBeUndefined()
    const waiting = second.reserve(3 * MiB)
    expect(waiting).toBeInstanceOf(Promise)
    expect(first.reserve(6 * MiB)).toBeUndefined()
    first.close()
    await waiting
    expect(held.reserved).toBe(3 * MiB)
    second.close()
    expect(held.reserved).toBe(0)
  })

  it('serves an answer larger than the whole budget, one at a time', async () => {
    const held = new HeldBytes(4 * MiB)
    await Promise.all([read(held.open(20 * MiB), 20 * MiB), read(held.open(20 * MiB), 20 * MiB)])
    expect(held.reserved).toBe(0)
  })

  it('forgets an answer that was given up while it waited', async () => {
    const held = new HeldBytes(8 * MiB)
    const [first, second, third] = [held.open(8 * MiB), held.open(8 * MiB), held.open(8 * MiB)]
    void first.reserve(7 * MiB)
    const waiting = [second.reserve(2 * MiB), third.reserve(2 * MiB)]
    second.close()
    await waiting[0]
    first.close()
    await waiting[1]
    third.close()
    expect(held.reserved).toBe(0)
  })

  it('never holds more than the budget, and lets every answer come to its end, whatever their lengths and order', async () => {
    const answer = fc.record({
      length: fc.integer({ min: 0, max: 12 }),
      max: fc.integer({ min: 12, max: 16 }),
    })
    await fc.assert(
      fc.asyncProperty(
        fc.array(answer, { maxLength: 12 }),
        fc.integer({ min: 16, max: 40 }),
        async (answers, capacity) => {
          const held = new HeldBytes(capacity * MiB)
          let most = 0
          const reading = answers.map(async ({ length, max }) => {
            const hold = held.open(max * MiB)
            for (let read = 1; read <= length; read++) {
              await hold.reserve(read * MiB)
              most = Math.max(most, held.reserved)
            }
            hold.close()
          })
          await Promise.all(reading)
          expect(most).toBeLessThanOrEqual(capacity * MiB)
          expect(held.reserved).toBe(0)
        },
      ),
    )
  })
})
