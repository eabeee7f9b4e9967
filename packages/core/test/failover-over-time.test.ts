import { startSimulator, type Fault } from '@harbor/simulator'
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { harborClient, type Api, type Reading } from './helpers/three-clients.ts'
import { status } from './helpers/expect-failure.ts'
import { textOf } from './helpers/answer-text.ts'
import { BACKUP, BACKUP_SAYS, PRIMARY, PRIMARY_SAYS, twoProviders } from './helpers/two-providers.ts'

/** The clocks of Harbor and of the simulator stand still, and are moved from call to call. */
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] })
})
afterEach(() => {
  vi.useRealTimers()
})

const FORMS = [
  ['chat', 'JSON'],
  ['chat', 'stream'],
  ['responses', 'JSON'],
  ['responses', 'stream'],
] as const

describe.each(FORMS)('a steady load of calls to %s (%s)', (api, form) => {
  it('succeeds during an outage of 60 s, and is served by the primary again afterwards', async () => {
    const outage = { when: { windowMs: { from: 2_000, to: 62_000 } }, fault: status(503) }
    const { answeredBy, counts } = await callFor(120, 1_000, [outage])

    // Two calls before the outage, and all from the second probe on: 30 s after the circuit opened at 4 s, then 60 s later.
    expect(
      answeredBy.map((target, second) => (target === PRIMARY ? second : -1)).filter((second) => second >= 0),
    ).toEqual([0, 1, ...Array.from({ length: 26 }, (_, place) => 94 + place)])
    // Three failing calls open the circuit, the third one without being repeated; one probe fails.
    expect(counts).toEqual({ primary: 2 + 2 + 2 + 1 + 1 + 26, backup: 120 - 28 })
  })

  it('succeeds with a flapping primary, and sends most calls once', async () => {
    const flapping = { when: { windowMs: { to: 500, everyMs: 5_000 } }, fault: status(500) }
    const { answeredBy, counts } = await callFor(200, 100, [flapping])

    expect(answeredBy).toHaveLength(200)
    expect(counts.primary + counts.backup).toBeLessThanOrEqual(1.05 * 200)
  })

  it.each([['seconds', '30'] as const, ['milliseconds', 30_000] as const])(
    'calls a primary that answers 429 no more often than it asked for (Retry-After in %s)',
    async (_, retryAfter) => {
      const storm = { fault: status(429, { retryAfter }) }
      const { answeredBy, counts } = await callFor(100, 1_000, [storm])

      expect(new Set(answeredBy)).toEqual(new Set([BACKUP]))
      expect(counts).toEqual({ primary: 4, backup: 100 }) // at 0, 30, 60 and 90 s
    },
  )

  it('calls a primary that answers 429 without Retry-After once a second', async () => {
    const { answeredBy, counts } = await callFor(40, 250, [{ fault: status(429) }])

    expect(new Set(answeredBy)).toEqual(new Set([BACKUP]))
    expect(counts).toEqual({ primary: 10, backup: 40 })
  })

  it('succeeds while half of six targets are down, soon at the first attempt', async () => {
    const down = { rules: [{ fault: status(500) }] }
    const names = ['one', 'two', 'three', 'four', 'five', 'six'] as const
    const simulator = await startSimulator({
      providers: Object.fromEntries(
        names.map((name, place) => [name, { reply: `This is ${name}.`, ...(place < 3 ? down : {}) }]),
      ),
    })
    onTestFinished(() => simulator.close())
    const others = names.slice(1).map((name) => simulator.provider(name))
    const client = harborClient(simulator.provider('one'), {
      providers: Object.fromEntries(others.map(({ name, baseURL }) => [name, { apiKey: 'key', baseURL }])),
      fallback: others.map(({ name }) => `${name}/gpt-4`),
    })

    const sent: number[] = []
    for (let call = 0; call < 10; call++) {
      const { chunks, error, receipt } = await (form === 'JSON'
        ? client.ask(api, 'gpt-4')
        : client.stream(api, 'gpt-4'))
      expect(error).toBeUndefined()
      expect(textOf(api, chunks)).toBe('This is four.')
      expect(receipt?.target).toBe('four/gpt-4')
      sent.push(receipt?.attempts.length ?? 0)
    }

    expect(sent).toEqual([4, 4, 4, 1, 1, 1, 1, 1, 1, 1])
    expect(names.map((name) => simulator.provider(name).counts().calls)).toEqual([3, 3, 3, 10, 0, 0])
  })

  /** Makes `calls` calls, one every `everyMs` milliseconds; each must be answered whole. */
  async function callFor(calls: number, everyMs: number, rules: readonly { fault: Fault }[]) {
    const { primary, backup, options } = await twoProviders({ rules })
    const client = harborClient(primary, { ...options, health: false })
    const answeredBy: (string | undefined)[] = []
    for (let call = 0; call < calls; call++) {
      const reading = await (form === 'JSON' ? client.ask(api, 'gpt-4') : client.stream(api, 'gpt-4'))
      expectWhole(reading, api)
      answeredBy.push(reading.servedBy)
      vi.advanceTimersByTime(everyMs)
    }
    return { answeredBy, counts: { primary: primary.counts().calls, backup: backup.counts().calls } }
  }
})

function expectWhole({ error, chunks, servedBy }: Reading, api: Api): void {
  expect(error).toBeUndefined()
  expect(textOf(api, chunks)).toBe(servedBy === PRIMARY ? PRIMARY_SAYS : BACKUP_SAYS)
}
