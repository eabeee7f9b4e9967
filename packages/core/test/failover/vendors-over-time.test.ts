import type { Fault } from '@harbor/simulator'
import { startSimulator } from '@harbor/simulator'
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { status } from '../helpers/expect-failure.ts'
import { BACKUP_SAYS, PRIMARY_SAYS, twoProviders } from '../helpers/two-providers.ts'
import { ANTHROPIC } from './anthropic.ts'
import { GEMINI } from './gemini.ts'
import { clientOf } from './vendor.ts'

/** The clocks of Harbor and of the simulator stand still, and are moved from call to call. */
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] })
})
afterEach(() => {
  vi.useRealTimers()
})

describe.each(
  [ANTHROPIC, GEMINI].flatMap((vendor) =>
    (['JSON', 'stream'] as const).map((form) => ({ vendor, form, name: vendor.name })),
  ),
)("a steady load of calls through $name's SDK ($form)", ({ vendor, form }) => {
  const primaryName = `${vendor.provider}/${vendor.model}`
  const backupName = `backup/${vendor.model}`

  it('succeeds during an outage of 60 s, and is served by the primary again afterwards', async () => {
    const outage = { when: { windowMs: { from: 2_000, to: 62_000 } }, fault: status(503) }
    const { answeredBy, counts } = await callFor(120, 1_000, [outage])

    // Two calls before the outage, and all from the second probe on: 30 s after the circuit opened at 4 s, then 60 s later.
    expect(answeredBy.flatMap((target, second) => (target === primaryName ? second : []))).toEqual([
      0,
      1,
      ...Array.from({ length: 26 }, (_, place) => 94 + place),
    ])
    expect(counts).toEqual({ primary: 2 + 2 + 2 + 1 + 1 + 26, backup: 120 - 28 })
  })

  it('succeeds with a flapping primary, and sends most calls once', async () => {
    const flapping = { when: { windowMs: { to: 500, everyMs: 5_000 } }, fault: status(500) }
    const { counts } = await callFor(200, 100, [flapping])

    expect(counts.primary + counts.backup).toBeLessThanOrEqual(1.05 * 200)
  })

  it('calls a primary that answers 429 no more often than it asked for', async () => {
    const { answeredBy, counts } = await callFor(100, 1_000, [{ fault: status(429, { retryAfter: 30_000 }) }])

    expect(new Set(answeredBy)).toEqual(new Set([backupName]))
    expect(counts).toEqual({ primary: 4, backup: 100 }) // at 0, 30, 60 and 90 s
  })

  it('succeeds while half of six targets are down, soon at the first attempt', async () => {
    const names = ['one', 'two', 'three', 'four', 'five', 'six'] as const
    const simulator = await startSimulator({
      providers: Object.fromEntries(
        names.map((name, place) => [
          name,
          { reply: `This is ${name}.`, ...(place < 3 && { rules: [{ fault: status(500) }] }) },
        ]),
      ),
    })
    onTestFinished(() => simulator.close())
    const others = names.slice(1).map((name) => simulator.provider(name))
    const { kind, model } = vendor
    const client = clientOf(vendor, simulator.provider('one'), {
      providers: Object.fromEntries(
        others.map(({ name, baseURL }) => [name, { kind, apiKey: 'key', baseURL: vendor.baseURL(baseURL) }]),
      ),
      fallback: others.map(({ name }) => `${name}/${model}`),
    })

    const sent: number[] = []
    for (let call = 0; call < 10; call++) {
      const { chunks, error, receipt } = await client.call(form)
      expect(error).toBeUndefined()
      expect(vendor.textOf(form, chunks)).toBe('This is four.')
      sent.push(receipt?.attempts.length ?? 0)
    }

    expect(sent).toEqual([4, 4, 4, 1, 1, 1, 1, 1, 1, 1])
    expect(names.map((name) => simulator.provider(name).counts().calls)).toEqual([3, 3, 3, 10, 0, 0])
  })

  /** Makes `calls` calls, one every `everyMs` milliseconds; each must be answered whole. */
  async function callFor(calls: number, everyMs: number, rules: readonly { fault: Fault }[]) {
    const { primary, backup } = await twoProviders({ rules })
    const client = clientOf(vendor, primary, {
      providers: { backup: { kind: vendor.kind, apiKey: 'key', baseURL: vendor.baseURL(backup.baseURL) } },
      fallback: [backupName],
      health: false,
    })
    const answeredBy: (string | undefined)[] = []
    for (let call = 0; call < calls; call++) {
      const { error, chunks, servedBy } = await client.call(form)
      expect(error).toBeUndefined()
      expect(vendor.textOf(form, chunks)).toBe(servedBy === primaryName ? PRIMARY_SAYS : BACKUP_SAYS)
      answeredBy.push(servedBy)
      vi.advanceTimersByTime(everyMs)
    }
    return { answeredBy, counts: { primary: primary.counts().calls, backup: backup.counts().calls } }
  }
})
