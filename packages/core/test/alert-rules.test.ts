import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import {
  availabilityBelow,
  breakerOpen,
  breakerOpenFor,
  budgetUsed,
  burnRate,
  failureShareAbove,
  hitRatioBelow,
  OptionError,
  p95Above,
  spendAbove,
  type AlertNotice,
  type AlertRule,
  type SpendState,
  type TargetStats,
} from '../src/index.ts'
import { CallHistory } from '../src/alerts/call-history.ts'
import { COST, watching } from './helpers/watching-alerts.ts'

const MINUTE_MS = 60_000

beforeEach(() => {
  vi.useFakeTimers({ now: Date.UTC(2026, 0, 1) })
})
afterEach(() => {
  vi.useRealTimers()
})

/** Alerts with one rule; `notices` are the states and texts that it has sent. */
function watchingRule(when: AlertRule) {
  const notices: AlertNotice[] = []
  const all = watching([{ name: 'x', when, notify: (notice) => notices.push(notice) }])
  return { ...all, notices, states: () => notices.map(({ state }) => state) }
}

const tick = (ms = 5_000): Promise<unknown> => vi.advanceTimersByTimeAsync(ms)

describe('burnRate', () => {
  const HOUR = { longMs: 60 * MINUTE_MS, shortMs: 5 * MINUTE_MS, factor: 14.4 }

  it('fires while both windows burn too fast, and resolves soon after the failures stop', async () => {
    const { calls, notices, states } = watchingRule(burnRate({ objective: 0.99, windows: [HOUR] }))
    for (let minute = 0; minute < 55; minute++) {
      calls(100, 'success')
      await tick(MINUTE_MS)
    }
    for (let minute = 0; minute < 11; minute++) {
      calls(20, 'success')
      calls(80, 'failure')
      await tick(MINUTE_MS)
    }
    expect(states()).toEqual(['firing'])
    expect(notices[0]?.text).toMatch(
      /^Firing: x: calls fail \d\d\.\d times as fast as the objective of 99\.0 % allows, expected less than 14\.4 times \(failed: \d\d\.\d % of \d+ calls in 1 hour, 80\.0 % of \d+ calls in 5 minutes\) · /,
    )
    for (let minute = 0; minute < 6; minute++) {
      calls(100, 'success')
      await tick(MINUTE_MS)
    }
    expect(states()).toEqual(['firing', 'resolved'])
  })

  it('does not fire for a short burst that the hour can bear', async () => {
    const { calls, states } = watchingRule(burnRate({ objective: 0.99, windows: [HOUR] }))
    for (let minute = 0; minute < 58; minute++) {
      calls(100, 'success')
      await tick(MINUTE_MS)
    }
    calls(200, 'failure')
    await tick(MINUTE_MS)
    expect(states()).toEqual([])
  })

  it('does not fire for a few calls, however many of them fail', async () => {
    const { calls, states } = watchingRule(burnRate({ objective: 0.999 }))
    calls(9, 'failure')
    await tick(MINUTE_MS)
    expect(states()).toEqual([])
    calls(1, 'failure')
    await tick(MINUTE_MS)
    expect(states()).toEqual(['firing'])
  })

  it('fires for a slow burn over six hours by its default windows', async () => {
    const { calls, states, notices } = watchingRule(burnRate({ objective: 0.99 }))
    for (let minute = 0; minute < 6 * 60; minute++) {
      calls(92, 'success')
      calls(8, 'failure')
      await tick(MINUTE_MS)
    }
    expect(states()).toEqual(['firing'])
    expect(notices[0]?.text).toContain('calls fail 8.0 times as fast')
  })

  it.each<[Parameters<typeof burnRate>[0], string]>([
    [{ objective: 1 }, 'objective must be a number between 0 and 1, got 1.'],
    [{ objective: Number.NaN }, 'objective must be a number between 0 and 1'],
    [{ objective: 0.99, windows: [] }, 'windows must be a list of at least one pair'],
    [{ objective: 0.99, windows: [{ ...HOUR, longMs: 7 * 3_600_000 }] }, 'windows[0] must have a shortMs of'],
    [{ objective: 0.99, windows: [{ ...HOUR, shortMs: 1_000 }] }, 'windows[0] must have a shortMs of'],
    [{ objective: 0.99, windows: [{ ...HOUR, longMs: MINUTE_MS }] }, 'windows[0] must have a shortMs of'],
    [{ objective: 0.99, windows: [{ ...HOUR, factor: 0 }] }, 'windows[0].factor must be a number above 0'],
  ])('refuses wrong options by name: %j', (options, message) => {
    expect(() => burnRate(options)).toThrow(OptionError)
    expect(() => burnRate(options)).toThrow(message)
  })
})

describe('the history of calls', () => {
  it('counts what a list of all calls counts, and holds at most six hours', () => {
    const steps = fc.array(
      fc.record({
        passMs: fc.integer({ min: 0, max: 40 * MINUTE_MS }),
        failed: fc.boolean(),
        windowMs: fc.integer({ min: 1, max: 8 * 3_600_000 }),
      }),
      { maxLength: 60 },
    )
    fc.assert(
      fc.property(steps, (all) => {
        const history = new CallHistory(6 * 3_600_000, 0)
        const model: { readonly minute: number; readonly failed: boolean }[] = []
        let now = 0
        for (const { passMs, failed, windowMs } of all) {
          now += passMs
          const minute = Math.floor(now / MINUTE_MS)
          history.record(failed, now)
          model.push({ minute, failed })
          const minutes = Math.min(360, Math.ceil(windowMs / MINUTE_MS))
          const within = model.filter((call) => call.minute > minute - minutes)
          expect(history.read(windowMs, now)).toMatchObject({
            windowMs: Math.min(minutes * MINUTE_MS, now),
            calls: within.length,
            failed: within.filter((call) => call.failed).length,
          })
        }
      }),
    )
  })
})

describe('breakerOpenFor', () => {
  const OPEN = { state: 'open' } as TargetStats

  it('measures the time since the circuit opened, through failing probes', async () => {
    const { telemetry, state, states, notices } = watchingRule(breakerOpenFor({ ms: 60_000 }))
    state.targets = { 'openai/gpt-4': OPEN }
    const change = (to: 'open' | 'half-open' | 'closed'): void =>
      telemetry.emit('breaker', { target: 'openai/gpt-4', state: to, retryAfterMs: 0 })
    change('open')
    for (let probe = 0; probe < 3; probe++) {
      await tick(15_000)
      change('half-open')
      change('open')
    }
    expect(states()).toEqual([])
    await tick(20_000)
    expect(notices[0]?.text).toMatch(/^Firing: x: the circuit of openai\/gpt-4 is open for 1 minute · /)
    change('half-open')
    change('closed')
    await tick()
    expect(states()).toEqual(['firing', 'resolved'])
    expect(notices[1]?.text).toMatch(/^Resolved: x: no circuit is open · /)
  })

  it('watches only the target that it names', async () => {
    const { telemetry, state, states } = watchingRule(breakerOpenFor({ ms: 1_000, target: 'b/m' }))
    state.targets = { 'a/m': OPEN, 'b/m': OPEN }
    telemetry.emit('breaker', { target: 'a/m', state: 'open', retryAfterMs: 0 })
    await tick(20_000)
    expect(states()).toEqual([])
    telemetry.emit('breaker', { target: 'b/m', state: 'open', retryAfterMs: 0 })
    await tick(20_000)
    expect(states()).toEqual(['firing'])
  })

  it('fires once for each circuit, also while another one is open, and resolves each once', async () => {
    const { telemetry, state, notices } = watchingRule(breakerOpenFor({ ms: 1_000 }))
    state.targets = { 'a/m': OPEN, 'b/m': OPEN }
    const change = (target: string, to: 'open' | 'closed'): void =>
      telemetry.emit('breaker', { target, state: to, retryAfterMs: 0 })
    change('a/m', 'open')
    await tick(20_000)
    change('b/m', 'open')
    await tick(20_000)
    change('a/m', 'closed')
    await tick(20_000)
    change('b/m', 'closed')
    await tick(20_000)
    expect(notices.map(({ state: is, subject }) => `${is} ${subject}`)).toEqual([
      'firing a/m',
      'firing b/m',
      'resolved a/m',
      'resolved b/m',
    ])
    expect(notices.map(({ text }) => text.split(' · ')[0])).toEqual([
      'Firing: x: the circuit of a/m is open for 5 seconds',
      'Firing: x: the circuit of b/m is open for 5 seconds',
      'Resolved: x: the circuit of a/m is not open any more',
      'Resolved: x: no circuit is open',
    ])
  })

  it('forgets a target that no longer exists', async () => {
    const { telemetry, state, states } = watchingRule(breakerOpenFor({ ms: 1_000 }))
    state.targets = { 'a/m': OPEN }
    telemetry.emit('breaker', { target: 'a/m', state: 'open', retryAfterMs: 0 })
    await tick(20_000)
    state.targets = {}
    await tick()
    expect(states()).toEqual(['firing', 'resolved'])
  })
})

describe('budgetUsed', () => {
  const budget = (usedUsd: number): SpendState => ({
    limitUsd: 10,
    per: 'day',
    usedUsd,
    reservedUsd: 9,
    leftUsd: 1,
    untilMs: 0,
  })

  it('fires when the share of the limit is spent, without what is reserved', async () => {
    const { state, states, notices } = watchingRule(budgetUsed({ ratio: 0.8 }))
    state.budgets = [budget(7.9)]
    await tick()
    expect(states()).toEqual([])
    state.budgets = [budget(8)]
    await tick()
    expect(notices[0]?.text).toMatch(
      /^Firing: x: \$8\.00 of the \$10\.00 for this day spent, expected less than 80\.0 % · /,
    )
    state.budgets = [budget(0)]
    await tick()
    expect(states()).toEqual(['firing', 'resolved'])
  })

  const tenant = (value: string, usedUsd: number): SpendState => ({ ...budget(usedUsd), by: 'tenant', value })
  const heard = (notices: readonly AlertNotice[]) =>
    notices.map(({ state, subject }) => `${state} ${subject}`)

  it('fires once for each limit and value that has used its share, and resolves each once', async () => {
    const { state, notices } = watchingRule(budgetUsed({ ratio: 0.8 }))
    state.budgets = [budget(7), tenant('acme', 9), tenant('small', 1)]
    await tick(20_000)
    expect(heard(notices)).toEqual(['firing $10 per day by tenant "acme"'])
    expect(notices[0]?.text).toMatch(
      /^Firing: x: \$9\.00 of the \$10\.00 for this day spent by tenant "acme", expected less than 80\.0 % · /,
    )
    // The second one fires while the first one does.
    state.budgets = [budget(9.5), tenant('acme', 9), tenant('', 8.5), tenant('small', 1)]
    await tick(20_000)
    expect(heard(notices).slice(1)).toEqual([
      'firing $10 per day',
      'firing $10 per day by calls without tenant',
    ])
    state.budgets = [budget(0), tenant('acme', 9)]
    await tick(20_000)
    expect(heard(notices).slice(3)).toEqual([
      'resolved $10 per day',
      'resolved $10 per day by calls without tenant',
    ])
    expect(notices.slice(3).map(({ text }) => text)).toEqual([
      expect.stringMatching(/^Resolved: x: \$0\.00 of the \$10\.00 for this day spent, expected/),
      expect.stringMatching(/^Resolved: x: \$10 per day by calls without tenant, expected less than 80\.0 %/),
    ])
    state.budgets = []
    await tick()
    expect(heard(notices).slice(5)).toEqual(['resolved $10 per day by tenant "acme"'])
  })

  it('cuts long values in the text, and not in the subject', async () => {
    const { state, notices } = watchingRule(budgetUsed({ ratio: 0.5 }))
    const [one, other] = ['a', 'b'].map((end) => '2'.repeat(255) + end)
    state.budgets = [tenant(one ?? '', 9), tenant(other ?? '', 9)]
    await tick()
    expect(notices).toHaveLength(2)
    expect(notices[0]?.text).toContain(`by tenant "${'2'.repeat(64)}…", expected less than 50.0 %`)
    expect(notices.map(({ subject }) => subject?.at(-2))).toEqual(['a', 'b'])
  })

  it('has at most 100 open incidents, and notifies of others when there is room', async () => {
    const warnings: string[] = []
    const note = ({ message }: Error): void => void warnings.push(message)
    process.on('warning', note)
    onTestFinished(() => void process.off('warning', note))
    const { state, notices } = watchingRule(budgetUsed({ ratio: 0.5 }))
    const all = Array.from({ length: 130 }, (_, at) => tenant(`t${at}`, 9))
    state.budgets = all
    await tick(20_000)
    expect(notices).toHaveLength(100)
    state.budgets = all.slice(20)
    await tick(20_000)
    expect(notices.slice(100).map((each) => each.state)).toEqual([
      ...Array.from({ length: 20 }, () => 'resolved'),
      ...Array.from({ length: 20 }, () => 'firing'),
    ])
    expect(new Set(notices.filter((each) => each.state === 'firing').map((each) => each.subject)).size).toBe(
      120,
    )
    await new Promise((resolve) => process.nextTick(resolve))
    expect(warnings).toEqual([expect.stringContaining('The alert x has 100 open incidents')])
  })

  it('does not fire without a spend limit', async () => {
    const { states } = watchingRule(budgetUsed({ ratio: 0 }))
    await tick()
    expect(states()).toEqual([])
  })
})

describe('hitRatioBelow', () => {
  it('counts only calls that looked into the cache', async () => {
    const { calls, states, notices } = watchingRule(hitRatioBelow(0.5))
    calls(4, 'success', { cache: { status: 'hit' } })
    calls(3, 'success', { cache: { status: 'miss' } })
    calls(90, 'success', { cache: { status: 'bypass' } })
    calls(90, 'success')
    await tick()
    expect(states()).toEqual([])
    calls(3, 'success', { cache: { status: 'miss' } })
    await tick()
    expect(notices[0]?.text).toMatch(
      /^Firing: x: the cache answered 40\.0 % of the calls, expected at least 50\.0 % · /,
    )
    calls(2, 'success', { cache: { status: 'shared' } })
    await tick()
    expect(states()).toEqual(['firing', 'resolved'])
  })
})

describe('failureShareAbove', () => {
  const failure = (kind: 'rate-limit' | 'server' | 'aborted') =>
    ({
      target: 'a/m',
      failure: { kind, code: undefined, ambiguous: false, retryAfterMs: undefined, phase: 'sent' },
    }) as const
  const answered = { target: 'b/m', failure: undefined }

  it('counts failed requests behind calls that succeeded, without aborted ones', async () => {
    const { calls, notices } = watchingRule(failureShareAbove(0.4))
    calls(10, 'success', { attempts: [failure('rate-limit'), failure('aborted'), answered] })
    await tick()
    expect(notices[0]?.text).toMatch(
      /^Firing: x: 50\.0 % of 20 requests failed, expected at most 40\.0 % · 10 calls in .*, 100\.0 % answered/,
    )
  })

  it('counts only the kind and the target that it names', async () => {
    const one = watchingRule(failureShareAbove(0.4, { kind: 'rate-limit', target: 'a/m' }))
    one.calls(20, 'success', { attempts: [failure('server'), answered] })
    await tick()
    expect(one.states()).toEqual([])
    one.calls(20, 'success', { attempts: [failure('rate-limit'), answered] })
    await tick()
    expect(one.notices[0]?.text).toContain('50.0 % of 40 requests to a/m failed with rate-limit, expected')
  })

  it('does not fire for a few requests', async () => {
    const { calls, states } = watchingRule(failureShareAbove(0.1))
    calls(9, 'failure', { attempts: [failure('server')] })
    await tick()
    expect(states()).toEqual([])
  })
})

describe('the text of a notice', () => {
  it.each<[string, AlertRule, string]>([
    ['availability', availabilityBelow(0.9), '50.0 % of the calls succeeded, expected at least 90.0 %'],
    ['latency', p95Above(100), '5 % of the calls took longer than 400 ms, expected at most 100 ms'],
    ['money', spendAbove(5), '$6.00 spent, expected at most $5.00'],
    ['circuits', breakerOpen(), 'the circuit of a/m is open'],
  ])('begins with what was measured and what was expected: %s', async (_, when, expected) => {
    const { calls, state, notices } = watchingRule(when)
    calls(10, 'success', { durationMs: 400 })
    calls(10, 'failure')
    state.cost = { ...COST, spentUsd: 6 }
    state.targets = { 'a/m': { state: 'open' } as TargetStats, 'b/m': { state: 'open' } as TargetStats }
    await tick()
    expect(notices[0]?.text).toBe(
      `Firing: x: ${expected} · 20 calls in 5 seconds, 50.0 % answered · p95 400 ms · $6.00 spent`,
    )
  })

  it('is that of its subject, and a subject has the time of forMs for itself', async () => {
    const notices: AlertNotice[] = []
    let subjects = ['one']
    const when = Object.assign(() => false, {
      subjects: () => subjects,
      describe: (_: unknown, subject?: string) => `about ${subject}`,
    })
    watching([{ name: 'x', when, forMs: 10_000, notify: (notice) => notices.push(notice) }])
    await tick(5_000)
    subjects = ['one', 'two', 'two']
    await tick(10_000)
    expect(notices.map(({ text }) => text.split(' · ')[0])).toEqual(['Firing: x: about one'])
    subjects = ['two']
    await tick(10_000)
    expect(notices.map(({ text }) => text.split(' · ')[0])).toEqual([
      'Firing: x: about one',
      'Resolved: x: about one',
      'Firing: x: about two',
    ])
  })

  it('has no words of a rule that has none, or whose words throw', async () => {
    const silent = watchingRule(() => true)
    const broken = watchingRule(
      Object.assign(() => true, {
        describe: () => {
          throw new Error('mine')
        },
      }),
    )
    await tick()
    const text = 'Firing: x · 0 calls in 5 seconds, 100.0 % answered · $0.00 spent'
    expect([silent.notices[0]?.text, broken.notices[0]?.text]).toEqual([text, text])
  })
})
