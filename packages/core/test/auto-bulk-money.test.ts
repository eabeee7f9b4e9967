import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { BulkMoneyError, type BulkRequest } from '../src/index.ts'
import { finished, HOUR, MINUTE, PRICED, questions, virtualProvider } from './helpers/deadline-bulk.ts'
import { harborFor } from './helpers/harbor-for.ts'

const BY_DEADLINE = { via: 'auto', deadlineMs: 6 * HOUR, routes: ['batch'] } as const
const STEPS = { stepMs: 30_000, maxMs: 7 * HOUR }

describe('the money of a bulk run by deadline', () => {
  it('is never more than maxUsd, in batches and in calls, and what does not fit is left with its price', async () => {
    const { provider, time, fetch } = await virtualProvider({ batches: { runMs: 30 * MINUTE } })
    const harbor = harborFor(provider, { ...PRICED, fetch })
    const run = harbor.bulk(questions(80), { ...BY_DEADLINE, maxUsd: 1.5 })
    const { answers, errors, report } = await finished(run, { ...time, ...STEPS })
    expect(answers.size + errors.size).toBe(80)
    expect(answers.size).toBeGreaterThan(20)
    expect(errors.size).toBe(report.left)
    expect(report.left).toBeGreaterThan(0)
    for (const error of errors.values()) expect(BulkMoneyError.is(error) && error.usd).toBeGreaterThan(0)
    expect(harbor.stats().cost.spentUsd).toBeLessThanOrEqual(1.5)
    // Later waves have the money that earlier ones gave back: little is left that another request could use.
    expect(harbor.stats().cost.spentUsd).toBeGreaterThan(1.2)
    expect(report.spentUsd).toBeCloseTo(harbor.stats().cost.spentUsd, 9)
  })

  it('is never more than a spend limit of the client leaves, whichever of several keys is used', async () => {
    const { provider, time, fetch } = await virtualProvider({ batches: { runMs: 30 * MINUTE } })
    const harbor = harborFor(provider, {
      ...PRICED,
      fetch,
      providers: { openai: { apiKey: ['test-key', 'key-2'] } },
      spendLimit: { usd: 1, per: 'total' },
    })
    const run = harbor.bulk(questions(80), BY_DEADLINE)
    const { answers, errors, report } = await finished(run, { ...time, ...STEPS })
    expect(answers.size + errors.size).toBe(80)
    expect(report.left).toBe(errors.size)
    expect(report.left).toBeGreaterThan(0)
    expect(harbor.stats().cost.spentUsd).toBeLessThanOrEqual(1)
    expect(harbor.stats().cost.spentUsd).toBeGreaterThan(0.7)
    expect(harbor.spend()).toMatchObject([{ reservedUsd: 0 }])
  })

  it('refuses requests without a known price under maxUsd, and sends nothing', async () => {
    const { provider, time, fetch } = await virtualProvider({})
    const harbor = harborFor(provider, { fetch })
    const requests = questions(3).map(({ custom_id }): BulkRequest => {
      return { custom_id, body: { model: 'no-price', messages: [{ role: 'user', content: 'x' }] } }
    })
    const run = harbor.bulk(requests, { ...BY_DEADLINE, maxUsd: 5 })
    const { errors, report } = await finished(run, { ...time, ...STEPS })
    expect(errors.size).toBe(3)
    expect(report.left).toBe(3)
    for (const error of errors.values()) expect(error).toMatchObject({ code: 'bulk_money', usd: undefined })
    expect(provider.counts()).toMatchObject({ calls: 0, batches: { created: 0 } })
  })

  it('is reported where an answer is paid twice, because a cancelled batch still answered', async () => {
    const { provider, time, fetch } = await virtualProvider({
      batches: { runMs: 4 * HOUR, cancellingMs: 50 * MINUTE },
    })
    const harbor = harborFor(provider, { ...PRICED, fetch })
    const run = harbor.bulk(questions(40), { ...BY_DEADLINE, deadlineMs: 2 * HOUR })
    const { answers, report } = await finished(run, { ...time, ...STEPS })
    expect(answers.size).toBe(40)
    expect(report.calledOver).toBe(39)
    // The provider had not confirmed the cancellation when the run ended.
    expect(report.late.possiblyUsd).toBeGreaterThan(0)
    expect(report.overdue).toBe(0)
  })
})

describe('the plan of a bulk run by deadline', () => {
  it('says what goes where and what it costs at most, and sends nothing', async () => {
    const { provider, fetch } = await virtualProvider({})
    const harbor = harborFor(provider, { ...PRICED, fetch })
    const plan = await harbor.planBulk(questions(200), { ...BY_DEADLINE, maxUsd: 100 })
    expect(plan).toMatchObject({ requests: 200, answered: 0, unpriced: 0, mayBeLeft: 0 })
    expect(plan.parts).toMatchObject([{ route: 'batch', target: 'openai/gpt-5', requests: 200 }])
    expect(plan.usd).toBeCloseTo(plan.directUsd / 2, 9)
    expect(plan.atMostUsd).toBeCloseTo(1.5 * plan.directUsd, 9)
    expect(plan.callOverAt).toBeLessThan(plan.deadlineAt)
    const tight = await harbor.planBulk(questions(200), { ...BY_DEADLINE, maxUsd: plan.usd / 2 })
    expect(tight.mayBeLeft).toBe(100)
    expect(tight.atMostUsd).toBeLessThanOrEqual(plan.usd / 2)
    expect(provider.requests()).toEqual([])
  })

  it('refuses options that have no effect, an unknown route, and a deadline of nothing', async () => {
    const harbor = harborFor({ baseURL: 'http://127.0.0.1:9/v1' })
    expect(() => harbor.bulk([], { deadlineMs: 1 })).toThrow("deadlineMs has no effect with via: 'direct'")
    expect(() => harbor.bulk([], { via: 'auto', readAhead: 1 })).toThrow('readAhead has no effect')
    expect(() => harbor.bulk([], { via: 'auto', routes: ['pigeon' as 'flex'] })).toThrow(
      'routes must be a list',
    )
    const providerBatch = { maxRequests: 0 }
    expect(() => harbor.bulk([], { via: 'auto', providerBatch })).toThrow('maxRequests')
    await expect(harbor.planBulk([], { via: 'auto', providerBatch })).rejects.toThrow('maxRequests')
    await expect(harbor.planBulk([], { via: 'auto', deadlineMs: 0 })).rejects.toThrow('deadlineMs must be')
    await expect(harbor.planBulk([{ body: null as never }], { via: 'auto' })).rejects.toThrow('needs a body')
  })
})

describe('a bulk run by deadline that is stopped', () => {
  it('ends at once, and the next run with its journal reads its batches, submits nothing again, and keeps the deadline', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'harbor-auto-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const { provider, time, fetch } = await virtualProvider({ batches: { runMs: HOUR } })
    const harbor = harborFor(provider, { ...PRICED, fetch })
    const options = { ...BY_DEADLINE, journal: join(folder, 'journal') }
    const first = harbor.bulk(questions(50), options)
    const ended = finished(first, { ...time, ...STEPS })
    while (provider.counts().batches.created === 0) await new Promise((resolve) => setImmediate(resolve))
    // Results so far, those of the first calls, say nothing about the time that the batch takes.
    expect(first.progress()).toMatchObject({ ok: 1, waitingOn: 'batch', etaMs: undefined })
    first.stop()
    const { answers } = await ended
    expect(answers.size).toBe(1)
    const before = provider.requests().length
    const isCalled = (): boolean => provider.requests().length > before
    const second = harbor.bulk(questions(50), { ...options, deadlineMs: 99 * HOUR })
    const { answers: all, report } = await finished(second, { ...time, ...STEPS, isCalled })
    expect(all.size).toBe(50)
    expect(report.routes).toEqual({ batch: { answers: 49, usd: expect.any(Number) as number } })
    expect(provider.counts().batches.created).toBe(1)
    expect(provider.requests().filter(({ path }) => path.endsWith('/chat/completions'))).toHaveLength(1)
    expect((report.plan?.deadlineAt ?? 0) - (first.report().plan?.deadlineAt ?? 1)).toBe(0)
  })
})
