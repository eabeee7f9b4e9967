import { describe, expect, it } from 'vitest'
import { perCall, receiptOf, type Harbor, type HarborOptions } from '../src/index.ts'
import { status } from './helpers/expect-failure.ts'
import { HELLO } from './helpers/harbor-for.ts'
import { harborWithBackup } from './helpers/two-providers.ts'

/** The highest cost of each attempt, in US dollars: 1,000 output tokens. What an answer really costs is far less. */
const ATTEMPT_USD = 0.01
const PRICE = { inputPerMillion: 0, outputPerMillion: 10 }
const POOR = 'poor'

/** A client whose tenants have this much money each, and that has a stale answer for the request. */
async function withStaleAnswer(usd: number, options: HarborOptions = {}) {
  const providers = await harborWithBackup({
    models: { 'gpt-4': { price: PRICE }, 'backup/gpt-4': { price: PRICE } },
    cache: { ttlMs: 1, staleIfErrorMs: 600_000, staleWhileRevalidateMs: 0, refreshBackoffMs: 0 },
    spendLimit: { usd, per: 'day', by: 'tenant' },
    retry: false,
    ...options,
  })
  await ask(providers.harbor, 'first')
  await new Promise((resolve) => setTimeout(resolve, 10))
  return providers
}

/** What a call gets, in one line. */
async function ask(harbor: Harbor, tenant: string): Promise<string> {
  const request = { ...HELLO, temperature: 0, max_completion_tokens: 1_000 }
  try {
    const answer = await harbor.chat.completions.create(request, perCall({ labels: { tenant } }))
    const receipt = receiptOf(answer)
    return `${receipt?.cache?.status} ${receipt?.cache?.reason}`
  } catch (error) {
    return String((error as { status?: number }).status)
  }
}

/** Spends money of the tenant, by calls with other requests. */
async function spendAll(harbor: Harbor): Promise<void> {
  for (let n = 0; ; n++) {
    const request = { ...HELLO, max_completion_tokens: 1_000, user: `${n}` }
    const left = harbor.explain(request, { labels: { tenant: POOR } }).spend[0]?.leftUsd ?? 0
    if (left < ATTEMPT_USD) return
    await harbor.chat.completions.create(request, perCall({ labels: { tenant: POOR } }))
  }
}

/** Two calls with the same request at the same time; the first one begins the load. */
const together = (harbor: Harbor, first: string, second: string): Promise<string[]> =>
  Promise.all([ask(harbor, first), ask(harbor, second)])

describe('a stale answer', () => {
  it('is what a caller without money gets, alone and together with others without money', async () => {
    const { harbor, primary, backup } = await withStaleAnswer(0.0105)
    await spendAll(harbor)
    const before = primary.counts().calls + backup.counts().calls
    expect(await ask(harbor, POOR)).toBe('stale load-failed')
    expect(await together(harbor, POOR, POOR)).toEqual(['stale load-failed', 'stale load-failed'])
    expect(primary.counts().calls + backup.counts().calls).toBe(before)
  })

  it('is what a caller without money gets that shares the failed load of a caller with money', async () => {
    const { harbor, primary, backup } = await withStaleAnswer(0.0305)
    await spendAll(harbor)
    primary.fail(status(500))
    backup.fail(status(500))
    expect(await together(harbor, 'rich', POOR)).toEqual(['stale load-failed', 'stale load-failed'])
  })

  it('is not what a caller with money gets because it shares the load of a caller without', async () => {
    const { harbor, primary } = await withStaleAnswer(0.0105)
    await spendAll(harbor)
    const before = primary.counts().calls
    expect(await together(harbor, POOR, 'rich')).toEqual(['stale load-failed', 'miss expired'])
    expect(primary.counts().calls).toBe(before + 1)
  })

  it('is not what it gets either if the other caller had money for the first target, and not for the one that takes over', async () => {
    // Each has money for one attempt. The one that was sent without an answer keeps its money.
    const { harbor, primary } = await withStaleAnswer(0.0105)
    primary.fail({ type: 'reset', when: 'before-headers' })
    const before = primary.counts().calls
    expect(await together(harbor, POOR, 'rich')).toEqual(['stale load-failed', 'miss expired'])
    expect(primary.counts().calls).toBe(before + 2)
  })
})

describe('a failure', () => {
  it('is not what a caller with money gets because the other one could not pay for the target that takes over', async () => {
    const { harbor, primary } = await withStaleAnswer(0.0105, { cache: { ttlMs: 1, staleIfErrorMs: 0 } })
    primary.fail({ type: 'reset', when: 'before-headers' })
    const [poor, rich] = await together(harbor, POOR, 'rich')
    expect(poor).not.toContain('miss')
    expect(rich).toMatch(/^miss /)
  })
})
