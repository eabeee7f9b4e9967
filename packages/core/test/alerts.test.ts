import { startSimulator } from '@harbor/simulator'
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import {
  availabilityBelow,
  breakerOpen,
  OptionError,
  p95Above,
  spendAbove,
  webhook,
  type AlertNotice,
  type AlertOptions,
  type AlertStats,
} from '../src/index.ts'
import { COST, watching } from './helpers/watching-alerts.ts'
import { status } from './helpers/expect-failure.ts'
import { harborFor, HELLO, simulate } from './helpers/harbor-for.ts'
import { sendJson, serve } from './helpers/http-server.ts'

describe('an alert', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  it('fires once when its rule has held for long enough, and resolves once', async () => {
    const notify = vi.fn<(notice: AlertNotice) => void>()
    const { calls } = watching([{ name: 'down', when: availabilityBelow(0.9), forMs: 30_000, notify }])
    calls(20, 'failure')
    await vi.advanceTimersByTimeAsync(29_000)
    expect(notify).not.toHaveBeenCalled()
    await vi.advanceTimersByTimeAsync(60_000)
    expect(notify.mock.calls.map(([{ name, state }]) => [name, state])).toEqual([['down', 'firing']])
    expect(notify.mock.calls[0]?.[0].stats).toMatchObject({ calls: 20, availability: 0 })
    calls(1_000, 'success')
    await vi.advanceTimersByTimeAsync(60_000)
    expect(notify.mock.calls.map(([{ state }]) => state)).toEqual(['firing', 'resolved'])
  })

  it('starts waiting again when its rule did not hold in between', async () => {
    const notify = vi.fn()
    let wrong = true
    watching([{ name: 'odd', when: () => wrong, forMs: 20_000, notify }])
    await vi.advanceTimersByTimeAsync(15_000)
    wrong = false
    await vi.advanceTimersByTimeAsync(5_000)
    wrong = true
    await vi.advanceTimersByTimeAsync(15_000)
    expect(notify).not.toHaveBeenCalled()
    await vi.advanceTimersByTimeAsync(15_000)
    expect(notify).toHaveBeenCalledOnce()
  })

  it('considers the last five minutes', async () => {
    const notify = vi.fn<(notice: AlertNotice) => void>()
    const { calls, state } = watching([
      { name: 'down', when: availabilityBelow(0.9), notify },
      { name: 'slow', when: p95Above(1_000), notify },
      { name: 'dear', when: spendAbove(5), notify },
    ])
    calls(20, 'failure')
    calls(20, 'success', { durationMs: 5_000 })
    state.cost = { ...COST, spentUsd: 6 }
    await vi.advanceTimersByTimeAsync(10_000)
    const names = (): string[] => notify.mock.calls.map(([notice]) => `${notice.name} ${notice.state}`)
    expect(names().toSorted()).toEqual(['dear firing', 'down firing', 'slow firing'])
    notify.mockClear()
    await vi.advanceTimersByTimeAsync(6 * 60_000)
    expect(names().toSorted()).toEqual(['dear resolved', 'down resolved', 'slow resolved'])
  })

  it('does not fire for a few calls', async () => {
    const notify = vi.fn()
    const { calls } = watching([{ name: 'down', when: availabilityBelow(0.9), notify }])
    calls(9, 'failure')
    await vi.advanceTimersByTimeAsync(60_000)
    expect(notify).not.toHaveBeenCalled()
  })

  it('goes on when a rule or notify throws, and warns once about each', async () => {
    const emitWarning = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined)
    const notify = vi.fn(() => Promise.reject(new Error('mine')))
    const broken = (): boolean => {
      throw new Error('mine too')
    }
    watching([
      { name: 'broken', when: broken, notify },
      { name: 'whole', when: () => true, notify },
    ])
    await vi.advanceTimersByTimeAsync(20_000)
    expect(notify).toHaveBeenCalledOnce()
    expect(emitWarning.mock.calls.map(([text]) => text)).toEqual([
      'The rule of the alert broken threw: mine too',
      'A notice of the alert whole was lost: mine',
    ])
  })

  it('leaves no timer behind', () => {
    const { watched } = watching([{ name: 'any', when: () => true, notify: vi.fn() }])
    expect(vi.getTimerCount()).toBe(1)
    watched.close()
    expect(vi.getTimerCount()).toBe(0)
  })
})

describe('alerts of a client', () => {
  it('notify a webhook and emit an event when a circuit opens', async () => {
    const receiver = await serve((_, response) => sendJson(response, {}))
    const simulator = await startSimulator({
      providers: { primary: { rules: [{ fault: status(503) }] }, backup: {} },
    })
    onTestFinished(() => simulator.close())
    const harbor = harborFor(simulator.provider('primary'), {
      providers: { backup: { apiKey: 'other', baseURL: simulator.provider('backup').baseURL } },
      fallback: ['backup/gpt-4'],
      alerts: [
        {
          name: 'primary is down',
          when: breakerOpen('openai/gpt-4'),
          forMs: 10,
          notify: webhook(receiver.baseURL),
        },
      ],
    })
    const told: string[] = []
    harbor.on('alert', ({ name, state }) => told.push(`${name}: ${state}`))
    for (let call = 0; call < 3; call++) await harbor.chat.completions.create(HELLO)
    await expect.poll(() => receiver.requests.length).toBe(1)
    expect(told).toEqual(['primary is down: firing'])
    expect(JSON.parse(receiver.requests[0]?.body ?? '')).toMatchObject({
      text: expect.stringMatching(
        /^Firing: primary is down: the circuit of openai\/gpt-4 is open · 3 calls in .*, 100\.0 % answered · p95 \d+ ms · \$0\.00 spent · circuits open: openai\/gpt-4$/,
      ) as string,
      name: 'primary is down',
      state: 'firing',
      stats: { targets: { 'openai/gpt-4': { state: 'open' } } },
    })
  })

  it('know how much of the spend limit is used, and which calls the cache answered', async () => {
    const provider = await simulate()
    const seen: AlertStats[] = []
    const harbor = harborFor(provider, {
      cache: true,
      spendLimit: { usd: 1, per: 'total' },
      alerts: [
        {
          name: 'used',
          when: Object.assign((stats: AlertStats) => seen.push(stats) > 0 && stats.calls === 2, {
            windowMs: 3_600_000,
          }),
          forMs: 1,
          notify: () => undefined,
        },
      ],
    })
    const fired = new Promise<AlertNotice>((resolve) => harbor.on('alert', resolve))
    for (let call = 0; call < 2; call++) await harbor.chat.completions.create({ ...HELLO, temperature: 0 })
    const { stats } = await fired
    const { spentUsd } = harbor.stats().cost
    expect(stats).toMatchObject({
      attempts: [{ target: 'openai/gpt-4', failure: undefined, count: 1 }],
      cacheLookups: { hits: 1, misses: 1 },
      budgets: [{ limitUsd: 1, per: 'total', usedUsd: spentUsd, reservedUsd: 0, untilMs: undefined }],
      openForMs: {},
    })
    expect(stats.callsWithin(3_600_000)).toMatchObject({ calls: 2, failed: 0, availability: 1 })
    expect(spentUsd).toBeGreaterThan(0)
  })

  it.each<[AlertOptions[], string]>([
    [[{ name: '', when: () => true, notify: () => 0 }], 'alerts[0].name must be a name that is not empty'],
    [
      [{ name: 'a', notify: () => 0 } as unknown as AlertOptions],
      'alerts[0].when must be a function, got null',
    ],
    [[{ name: 'a', when: () => true, notify: () => 0, forMs: -1 }], 'alerts[0].forMs must be'],
    [
      [{ name: 'a', when: Object.assign(() => true, { windowMs: 7 * 3_600_000 }), notify: () => 0 }],
      'alerts[0].when.windowMs must be a number of milliseconds above 0, at most six hours',
    ],
    [
      ['a', 'a'].map((name) => ({ name, when: () => true, notify: () => 0 })),
      'alerts[1].name is a, like another',
    ],
  ])('are refused by name if they are invalid: %j', async (alerts, message) => {
    const provider = await simulate()
    expect(() => harborFor(provider, { alerts })).toThrow(OptionError)
    expect(() => harborFor(provider, { alerts })).toThrow(message)
  })
})
