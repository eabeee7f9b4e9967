import { assert, asyncProperty, constantFrom, integer, record } from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { answersPerMinute } from '../../test/rate-limited-traffic.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => {
  vi.clearAllTimers()
  vi.useRealTimers()
})

const between = (fromMs: number, toMs: number) => (atMs: number) => atMs > fromMs && atMs < toMs

describe('a learned rate', () => {
  it('climbs back near what worked before within three minutes after 35 s of bare 429s', async () => {
    const answers = await answersPerMinute({
      callers: 4,
      latencyMs: 100,
      thinkMs: (wasRefused) => (wasRefused ? 5_000 : 0),
      refuses: between(1_000, 36_000),
      minutes: 5,
    })
    // Four callers make ten calls a second each.
    expect(answers[3]).toBeGreaterThan(0.9 * 2_400)
  })

  it('does not shrink under one outage per minute', async () => {
    const answers = await answersPerMinute({
      callers: 4,
      latencyMs: 200,
      thinkMs: () => 0,
      refuses: (atMs) => atMs % 60_000 > 57_000,
      minutes: 12,
    })
    expect(answers.at(-1)).toBeGreaterThan(0.75 * 1_200)
  })

  it('recovers after an outage of ten minutes', async () => {
    const answers = await answersPerMinute({
      callers: 4,
      latencyMs: 500,
      thinkMs: () => 0,
      refuses: between(60_000, 660_000),
      minutes: 15,
    })
    expect(answers[13]).toBeGreaterThan(0.9 * 480)
  })

  it('follows a provider that lowers its limit to a tenth, with few 429s, and back', async () => {
    const perMinute = (atMs: number): number => (atMs > 120_000 && atMs < 240_000 ? 60 : 600)
    let level = 10
    let at = 0
    let refused = 0
    const answers = await answersPerMinute({
      callers: 16,
      latencyMs: 100,
      thinkMs: () => 0,
      refuses: (atMs) => {
        level = Math.min(perMinute(atMs) / 60, level + ((atMs - at) * perMinute(atMs)) / 60_000)
        at = atMs
        if (level < 1) return ++refused > 0
        level--
        return false
      },
      minutes: 9,
    })
    expect(answers[3]).toBeGreaterThan(40)
    expect(answers[8]).toBeGreaterThan(0.85 * 600)
    expect(refused).toBeLessThan(40)
  })

  it('recovers from an outage of any length up to two minutes, whatever the traffic (property)', async () => {
    const traffic = record({
      callers: integer({ min: 1, max: 6 }),
      latencyMs: constantFrom(100, 1_000, 8_000),
      thinkMs: constantFrom(0, 500, 10_000, 25_000),
      beginMs: integer({ min: 0, max: 180_000 }),
      lengthMs: integer({ min: 1, max: 120_000 }),
      retryAfterMs: constantFrom(undefined, 0, 3_000),
    })
    await assert(
      asyncProperty(traffic, async ({ callers, latencyMs, thinkMs, beginMs, lengthMs, retryAfterMs }) => {
        const answers = await answersPerMinute({
          callers,
          latencyMs,
          thinkMs: () => thinkMs,
          refuses: between(beginMs, beginMs + lengthMs),
          minutes: Math.ceil((beginMs + lengthMs) / 60_000) + 6,
          ...(retryAfterMs !== undefined && { retryAfterMs }),
        })
        const whole = (callers * 60_000) / (latencyMs + thinkMs)
        expect(answers.at(-1)).toBeGreaterThanOrEqual(Math.floor(0.75 * whole - callers))
      }),
      { numRuns: 25 },
    )
  })
})
