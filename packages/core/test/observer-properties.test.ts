import { describe, expect, it } from 'vitest'
import { observing } from './helpers/observing.ts'
import { CALLS, CLIENTS, makeRandomCalls } from './helpers/random-calls.ts'

describe('10,000 calls with random aborts, cuts and unread streams', () => {
  it.each(Object.entries(CLIENTS))(
    'have one end for each start, and one attemptEnded for each attempt: %s',
    async (_, options) => {
      const { observer, calls } = observing()
      const seed = await makeRandomCalls(observer, options)
      const open = (): readonly string[] => {
        globalThis.gc?.() // a cached stream without a reader ends when it is collected
        return calls
          .filter(({ ends, attempts, ended }) => ends !== 1 || attempts.length !== ended.length)
          .map(({ role, events }) => `${role}: ${events.join(', ')}`)
      }
      await expect.poll(open, { message: `seed ${seed}` }).toEqual([])
      expect(calls.length).toBeGreaterThanOrEqual(CALLS / 4)
      for (const { attempts, ended, events } of calls) {
        expect(new Set(ended)).toEqual(new Set(attempts))
        expect(new Set(ended).size).toBe(ended.length)
        expect(events.at(-1)).toBe('end')
      }
    },
    120_000,
  )
})
