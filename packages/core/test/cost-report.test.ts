import { describe, expect, it, onTestFinished } from 'vitest'
import { perCall, receiptOf, toCsv, type CostRow, type HarborOptions } from '../src/index.ts'
import { status } from './helpers/expect-failure.ts'
import { harborFetchFor, harborFor, HELLO, simulate } from './helpers/harbor-for.ts'
import { timeInTurns } from './helpers/time-in-turns.ts'
import { harborWithBackup } from './helpers/two-providers.ts'

const price = { inputPerMillion: 1e6, outputPerMillion: 100e6 }
const PRICED = { models: { 'gpt-4': { price }, 'backup/gpt-4': { price } } }
const of = (tenant: string): object => perCall({ labels: { tenant } })

/** The names and the money of the rows. */
const spentBy = (rows: readonly CostRow[]): unknown[] => rows.map(({ by, spentUsd }) => [by, spentUsd])

describe('costReport()', () => {
  it('groups calls, tokens and money by what the caller names, those that cost most first', async () => {
    const harbor = harborFor(await simulate(), PRICED)
    await harbor.chat.completions.create(HELLO, of('acme'))
    await harbor.chat.completions.create({ ...HELLO, max_completion_tokens: 1 }, of('bravo'))
    const last = await harbor.chat.completions.create({ ...HELLO, max_completion_tokens: 1 })
    const usd = receiptOf(last)?.cost?.usd ?? 0
    expect(spentBy(harbor.costReport({ by: ['tenant'] })).slice(1)).toEqual([
      [{ tenant: 'bravo' }, usd],
      [{ tenant: '' }, usd],
    ])
    const [acme] = harbor.costReport({ by: ['tenant', 'model'] })
    expect(acme).toMatchObject({ by: { tenant: 'acme', model: 'gpt-4' }, calls: 1, unpricedCalls: 0 })
    expect(acme?.spentUsd).toBe((acme?.tokens.inputTokens ?? 0) + 100 * (acme?.tokens.outputTokens ?? 0))
    expect(harbor.costReport()).toMatchObject([{ by: { target: 'openai/gpt-4' }, calls: 3 }])
    expect(harbor.costReport({ by: ['provider'] })).toMatchObject([{ by: { provider: 'openai' }, calls: 3 }])
    expect(harbor.costReport({ by: [] })).toMatchObject([{ by: {}, calls: 3 }])
  })

  it('is empty before the first call, and that of the client for its copies', async () => {
    const harbor = harborFor(await simulate(), PRICED)
    expect(harbor.costReport()).toEqual([])
    await harbor.withOptions({ labels: { tenant: 'acme' } }).chat.completions.create(HELLO)
    expect(harbor.costReport({ by: ['tenant'] })).toMatchObject([{ by: { tenant: 'acme' }, calls: 1 }])
  })

  it('is also a method of createHarborFetch()', async () => {
    const provider = await simulate()
    const fetch = harborFetchFor()
    await fetch.with({ labels: { tenant: 'acme' } })(`${provider.baseURL}/models`)
    expect(fetch.costReport({ by: ['tenant'] })).toMatchObject([{ by: { tenant: 'acme' }, calls: 1 }])
  })

  it('puts what a lost hedge may cost into the row of the target that was called', async () => {
    onTestFinished(timeInTurns())
    const hedge = { afterMs: 20, maxExtraRatio: 1 }
    const { primary, harbor } = await harborWithBackup({ ...PRICED, hedge })
    primary.fail({ type: 'hang' })
    const reply = await harbor.chat.completions.create({ ...HELLO, max_completion_tokens: 7 }, of('acme'))
    const [paid, lost] = harbor.costReport({ by: ['target', 'tenant'] })
    const spentUsd = receiptOf(reply)?.cost?.usd
    expect(paid).toMatchObject({ by: { target: 'backup/gpt-4' }, calls: 1, spentUsd, possiblyBilledUsd: 0 })
    expect(lost).toMatchObject({ by: { target: 'openai/gpt-4', tenant: 'acme' }, calls: 0, spentUsd: 0 })
    expect(lost?.possiblyBilledUsd).toBe(harbor.stats().cost.possiblyBilledUsd)
    expect(lost?.possiblyBilledUsd).toBeGreaterThan(700)
  })

  it('puts what a failed attempt may cost into the row of its target, and the rest into that of the fallback', async () => {
    const cheap = { inputPerMillion: 0.5e6, outputPerMillion: 50e6 }
    const models = { 'gpt-4': { price }, 'backup/gpt-4': { price: cheap } }
    const { primary, harbor } = await harborWithBackup({ models, retry: false })
    primary.fail({ type: 'reset', when: 'before-headers' })
    await harbor.chat.completions.create(HELLO)
    const [backup, failed] = harbor.costReport()
    expect(backup).toMatchObject({ by: { target: 'backup/gpt-4' }, calls: 1, possiblyBilledUsd: 0 })
    expect(backup?.savedUsd.fallback).toBeCloseTo(backup?.spentUsd ?? 0, 9)
    expect(failed).toMatchObject({ by: { target: 'openai/gpt-4' }, calls: 0, spentUsd: 0 })
    expect(failed?.possiblyBilledUsd).toBeGreaterThan(0)
  })

  it('counts what a cached answer saved for the tenant that got it', async () => {
    const harbor = harborFor(await simulate(), { ...PRICED, cache: true })
    const question = { ...HELLO, temperature: 0 }
    const first = await harbor.chat.completions.create(question, of('acme'))
    await harbor.chat.completions.create(question, of('bravo'))
    const usd = receiptOf(first)?.cost?.usd
    expect(harbor.costReport({ by: ['tenant'] })).toMatchObject([
      { by: { tenant: 'acme' }, spentUsd: usd, savedUsd: { cache: 0 } },
      {
        by: { tenant: 'bravo' },
        calls: 1,
        spentUsd: 0,
        savedUsd: { cache: usd },
        tokens: { inputTokens: 0 },
      },
    ])
  })

  it('divides the cost and the tokens of one request for several embeddings among their tenants', async () => {
    const options: HarborOptions = { embeddingBatch: true, models: { e: { price } } }
    const provider = await simulate()
    const harbor = harborFor(provider, options)
    const tenants = ['acme', 'bravo', 'charlie']
    const texts = ['a', 'one more text', 'a text that is longer than the other two texts']
    const replies = await Promise.all(
      tenants.map((tenant, place) =>
        harbor.embeddings.create({ model: 'e', input: texts[place] ?? '' }, of(tenant)),
      ),
    )
    expect(provider.counts().calls).toBe(1)
    const rows = harbor.costReport({ by: ['tenant'] })
    for (const [place, tenant] of tenants.entries()) {
      const { usage, cost } = receiptOf(replies[place]) ?? {}
      const row = rows.find(({ by }) => by['tenant'] === tenant)
      expect(row).toMatchObject({
        calls: 1,
        spentUsd: cost?.usd,
        tokens: { inputTokens: usage?.inputTokens },
      })
    }
  })

  it('counts answers without a known price, and their tokens', async () => {
    const harbor = harborFor(await simulate())
    await harbor.chat.completions.create({ ...HELLO, model: 'no-such-model' }, of('acme'))
    await expect.poll(() => harbor.costReport({ by: ['tenant'] })[0]?.unpricedCalls).toBe(1)
    const [row] = harbor.costReport({ by: ['model', 'tenant'] })
    expect(row).toMatchObject({ by: { model: 'no-such-model', tenant: 'acme' }, calls: 1, spentUsd: 0 })
    expect(row?.tokens.inputTokens).toBeGreaterThan(0)
  })

  it('counts a failed call in the row of the target that was called last', async () => {
    const { primary, backup, harbor } = await harborWithBackup({ retry: false })
    primary.fail(status(500))
    backup.fail(status(500))
    await harbor.chat.completions.create(HELLO).catch(() => undefined)
    expect(harbor.costReport()).toMatchObject([{ by: { target: 'backup/gpt-4' }, calls: 1, spentUsd: 0 }])
  })

  it.each([['tenant'], 'tenant', [7], [''], null].slice(1))(
    'refuses the list of dimensions %j',
    async (by) => {
      const harbor = harborFor(await simulate())
      expect(() => harbor.costReport({ by } as unknown as { by: string[] })).toThrow(
        expect.objectContaining({ name: 'OptionError', option: 'by' }) as Error,
      )
    },
  )

  it('becomes CSV with the columns in the order of the dimensions', async () => {
    const harbor = harborFor(await simulate(), PRICED)
    await harbor.chat.completions.create(HELLO, of('=cmd'))
    const [header, line] = toCsv(harbor.costReport({ by: ['tenant', 'model'] })).split('\r\n')
    expect(header).toMatch(/^tenant,model,calls,inputTokens,/)
    expect(line).toMatch(/^'=cmd,gpt-4,1,\d+,0,0,0,\d+,0,0,0,\d+,0,0,0,0,0$/)
  })
})
