import { startSimulator } from '@harbor/simulator'
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { Alerts } from '../src/alerts/alerts.ts'
import {
  availabilityBelow,
  breakerOpen,
  OptionError,
  p95Above,
  spendAbove,
  webhook,
  type AlertNotice,
  type AlertOptions,
  type Harbor,
  type Receipt,
  type TargetStats,
} from '../src/index.ts'
import { Telemetry } from '../src/telemetry/telemetry.ts'
import { failureOf, status } from './helpers/expect-failure.ts'
import { harborFor, HELLO, simulate } from './helpers/harbor-for.ts'
import { sendJson, serve } from './helpers/http-server.ts'

const COST = {
  spentUsd: 0,
  possiblyBilledUsd: 0,
  savedByFallbackUsd: 0,
  savedByCacheUsd: 0,
  savedByBatchUsd: 0,
  unpricedCalls: 0,
}

/** Alerts beside calls that a test makes up, on a clock that it moves. */
function watching(alerts: readonly AlertOptions[]) {
  const telemetry = new Telemetry()
  const state = { cost: { ...COST }, targets: {} as Record<string, TargetStats> }
  const watched = new Alerts(alerts, { telemetry, now: () => Date.now(), read: () => state })
  onTestFinished(() => watched.close())
  const calls = (count: number, outcome: Receipt['outcome'], durationMs = 10): void => {
    for (let call = 0; call < count; call++)
      telemetry.emit('end', { receipt: { outcome, durationMs } as Receipt })
  }
  return { telemetry, state, calls, watched }
}

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
    calls(20, 'success', 5_000)
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

  it('goes on when a rule or notify throws, and warns once', async () => {
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
    expect(emitWarning).toHaveBeenCalledOnce()
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
    await expect.poll(() => receiver.requests.length, { timeout: 5_000 }).toBe(1)
    expect(told).toEqual(['primary is down: firing'])
    expect(JSON.parse(receiver.requests[0]?.body ?? '')).toMatchObject({
      text: 'Firing: primary is down · 3 calls, 100.0 % answered · ' + String(textOf(harbor)),
      name: 'primary is down',
      state: 'firing',
      stats: { targets: { 'openai/gpt-4': { state: 'open' } } },
    })
  })

  it.each<[AlertOptions[], string]>([
    [[{ name: '', when: () => true, notify: () => 0 }], 'alerts[0].name must be a name that is not empty'],
    [
      [{ name: 'a', notify: () => 0 } as unknown as AlertOptions],
      'alerts[0].when must be a function, got null',
    ],
    [[{ name: 'a', when: () => true, notify: () => 0, forMs: -1 }], 'alerts[0].forMs must be'],
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

function textOf(harbor: Harbor): unknown {
  const { p95 = 0 } = harbor.stats().latencyMs ?? {}
  return `p95 ${Math.round(p95)} ms · $0.0000 spent · circuits open: openai/gpt-4`
}

describe('webhook', () => {
  const notice = {
    name: 'n',
    state: 'firing',
    since: 0,
    stats: { calls: 0, availability: 1, spentUsd: 0, targets: {} },
  }

  it('retries, and then fails with an error that does not contain the address', async () => {
    const receiver = await serve((_, response) => sendJson(response, {}, 500))
    const post = webhook(`${receiver.baseURL}/secret`)
    const error = await failureOf(post(notice as unknown as AlertNotice))
    expect(receiver.requests).toHaveLength(3)
    expect(String(error)).toBe('WebhookError: The webhook for the alert n answered 500.')
  })

  it.each(['nothing', 'ftp://x'])('refuses %s as its URL', (url) => {
    expect(() => webhook(url)).toThrow('must be an absolute http or https address')
  })
})
