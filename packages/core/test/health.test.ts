import { describe, expect, it } from 'vitest'
import { consecutive, perCall, receiptOf, type Harbor } from '../src/index.ts'
import { failureOf, status } from './helpers/expect-failure.ts'
import { HELLO } from './helpers/harbor-for.ts'
import { harborWithBackup, targetOf } from './helpers/two-providers.ts'

describe('hedges', () => {
  it('are at most one in twenty calls, however slow the first target is', async () => {
    const { primary, backup, harbor } = await harborWithBackup({ hedge: { afterMs: 1 } })
    primary.script({ latency: { mean: 15, sigma: 0 } })
    for (let batch = 0; batch < 20; batch++) {
      await Promise.all(Array.from({ length: 10 }, () => harbor.chat.completions.create(HELLO)))
    }
    expect(backup.counts().calls).toBeGreaterThan(0)
    expect(backup.counts().calls).toBeLessThanOrEqual(0.05 * 200)
    expect(primary.counts().calls).toBe(200)
  })
})

describe('the health of a target', () => {
  it('is checked by GET /models while its circuit is open, which brings it back', async () => {
    const { primary, backup, harbor } = await harborWithBackup({ health: { checkIntervalMs: 20 } })
    primary.fail(...Array.from({ length: 6 }, () => status(503)))
    const states: string[] = []
    harbor.on('breaker', ({ target, state }) => states.push(`${target} ${state}`))
    for (let call = 0; call < 3; call++) await harbor.chat.completions.create(HELLO)
    await expect.poll(() => states.at(-1)).toBe('openai/gpt-4 half-open')
    const checks = primary.requests().filter(({ path }) => path.endsWith('/models'))
    expect(await targetOf(harbor.chat.completions.create(HELLO))).toBe('openai/gpt-4')
    expect(states).toEqual(['openai/gpt-4 open', 'openai/gpt-4 half-open', 'openai/gpt-4 closed'])
    expect(new Set(checks.map(({ method }) => method))).toEqual(new Set(['GET']))
    expect(backup.requests().filter(({ path }) => path.endsWith('/models'))).toEqual([])
    expect(harbor.stats().targets['openai/gpt-4']).toMatchObject({
      state: 'closed',
      lastFailure: expect.stringMatching(/^server$|^GET .* answered 503|may take 20 ms$/) as string,
      lastCheckAt: expect.any(Number) as number,
    })
  })

  it('suffers at most once from a call, so that a poisoned prompt opens no circuit', async () => {
    const { primary, harbor } = await harborWithBackup({ fallback: false })
    primary.script({ rules: [{ when: { says: 'poison' }, fault: status(500) }] })
    const poisoned = { ...HELLO, messages: [{ role: 'user' as const, content: 'poison' }] }
    for (let call = 0; call < 1_000; call++) {
      if (call % 100 === 50) expect(await failureOf(harbor.chat.completions.create(poisoned))).toBeDefined()
      await harbor.chat.completions.create(HELLO)
    }
    expect(harbor.stats().targets).toMatchObject({ 'openai/gpt-4': { state: 'closed' } })
  })

  it('keeps a single target in service with 5 % of errors', async () => {
    const { primary, harbor } = await harborWithBackup({ fallback: false })
    primary.script({ rules: [{ when: { probability: 0.05 }, fault: status(500) }] })
    let changes = 0
    harbor.on('breaker', () => changes++)
    const lost: unknown[] = []
    for (let batch = 0; batch < 100; batch++) {
      const calls = Array.from({ length: 10 }, () => harbor.chat.completions.create(HELLO))
      for (const outcome of await Promise.allSettled(calls)) {
        if (outcome.status === 'rejected') lost.push(outcome.reason)
      }
    }
    // A call that failed had failed with every attempt.
    for (const error of lost) {
      expect(receiptOf(error)?.attempts.map(({ status }) => status)).toEqual([500, 500, 500])
    }
    expect(lost.length).toBeLessThan(5)
    expect(harbor.stats()).toMatchObject({ calls: 1_000, targets: { 'openai/gpt-4': { state: 'closed' } } })
    expect(changes).toBe(0)
  })

  it('lets no circuit open early when the other target is half-open', async () => {
    const { primary, backup, harbor } = await harborWithBackup({ breaker: { openForMs: () => 20 } })
    primary.script({ rules: [{ fault: status(503) }] })
    for (let call = 0; call < 3; call++) await harbor.chat.completions.create(HELLO)
    await new Promise((resolve) => setTimeout(resolve, 40))
    primary.script({ rules: [{ fault: { type: 'hang' } }] })
    const probing = new AbortController()
    const probe = harbor.chat.completions.create(HELLO, { signal: probing.signal })
    await expect.poll(() => primary.counts().inFlight).toBe(1)
    backup.fail(...Array.from({ length: 9 }, () => status(503)))
    for (let call = 0; call < 3; call++) await failureOf(harbor.chat.completions.create(HELLO))
    expect(harbor.stats().targets).toMatchObject({
      'openai/gpt-4': { state: 'half-open' },
      'backup/gpt-4': { state: 'closed' },
    })
    probing.abort()
    await failureOf(probe)
  })

  it('leaves the event loop free when a refused caller retries in a tight loop', async () => {
    const { primary, harbor } = await harborWithBackup({ fallback: false, breaker: { trip: consecutive(1) } })
    primary.fail(status(501))
    await failureOf(harbor.chat.completions.create(HELLO))
    const other = new AbortController()
    setTimeout(() => other.abort(), 5)
    while (!other.signal.aborted) {
      expect(await failureOf(harbor.chat.completions.create(HELLO))).toMatchObject({ code: 'breaker_open' })
    }
    expect(primary.counts().calls).toBe(1)
  })

  it('is shared by the copies of a client', async () => {
    const { primary, harbor } = await harborWithBackup()
    primary.fail(...Array.from({ length: 6 }, () => status(503)))
    for (let call = 0; call < 3; call++) await harbor.chat.completions.create(HELLO)
    const before = primary.counts().calls
    await harbor.withOptions({ timeout: 5_000 }).chat.completions.create(HELLO)
    expect(primary.counts().calls).toBe(before)
  })
})

describe('the success ratio of a target', () => {
  const ratio = (harbor: Harbor): number | undefined => harbor.stats().targets['openai/gpt-4']?.successRatio

  it('falls with a failure of the target', async () => {
    const { primary, harbor } = await harborWithBackup()
    primary.fail(status(501))
    await harbor.chat.completions.create(HELLO)
    expect(ratio(harbor)).toBe(0)
  })

  it('stays 1 when this process has no socket for the call', async () => {
    let primaryURL = ''
    const { primary, backup, harbor } = await harborWithBackup({
      fetch: (url, init) =>
        new Request(url).url.startsWith(primaryURL) ? Promise.reject(shortage()) : fetch(url, init),
    })
    primaryURL = primary.baseURL
    await harbor.chat.completions.create(HELLO)
    expect([ratio(harbor), backup.counts().calls]).toEqual([1, 1])
  })

  it('stays 1 when a caller aborts, or leaves the target less time than it usually needs', async () => {
    const { primary, harbor } = await harborWithBackup()
    primary.script({ rules: [{ fault: { type: 'hang' } }] })
    const signal = AbortSignal.timeout(20)
    await failureOf(harbor.chat.completions.create(HELLO, { signal }))
    await harbor.chat.completions.create(HELLO, perCall({ timeouts: { attemptMs: 500 } }))
    expect(ratio(harbor)).toBe(1)
  })
})

function shortage(): TypeError {
  const cause = Object.assign(new Error('connect EMFILE'), { code: 'EMFILE', syscall: 'connect' })
  return new TypeError('fetch failed', { cause })
}
