import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import type { BulkRequest } from '../src/index.ts'
import {
  fakeTime,
  finished,
  HOUR,
  inputs,
  MINUTE,
  PRICED,
  questions,
  quietFetch,
  virtualProvider,
} from './helpers/deadline-bulk.ts'
import { chat } from './helpers/fixed-answers.ts'
import { harborFor } from './helpers/harbor-for.ts'
import { sendJson, serve } from './helpers/http-server.ts'

const USAGE = { prompt_tokens: 20, completion_tokens: 40, total_tokens: 60 }

describe('a bulk run by deadline', () => {
  it('goes through the Batch API where a batch is likely to be done in time, at half the price', async () => {
    const { provider, time, fetch } = await virtualProvider({ batches: { runMs: HOUR } })
    const harbor = harborFor(provider, { ...PRICED, fetch })
    const run = harbor.bulk(questions(60), { via: 'auto', deadlineMs: 6 * HOUR, routes: ['batch'] })
    const { answers, errors, report, lastMs } = await finished(run, {
      ...time,
      stepMs: 30_000,
      maxMs: 6 * HOUR,
    })
    expect([...errors]).toEqual([])
    expect(answers.size).toBe(60)
    expect(report.routes.batch?.answers).toBe(59)
    expect(report.routes.direct?.answers).toBe(1)
    expect(report.spentUsd).toBeCloseTo(harbor.stats().cost.spentUsd, 9)
    expect(report.spentUsd / report.directUsd).toBeLessThan(0.55)
    expect(report).toMatchObject({ calledOver: 0, left: 0, overdue: 0, late: { answers: 0, usd: 0 } })
    expect(lastMs).toBeLessThan(3 * HOUR)
  })

  it('calls the rest directly in time when a batch is late, and pays for each answer once', async () => {
    const { provider, time, fetch } = await virtualProvider({
      batches: { runMs: 10 * HOUR, cancellingMs: MINUTE },
    })
    const harbor = harborFor(provider, { ...PRICED, fetch })
    const run = harbor.bulk(questions(60), { via: 'auto', deadlineMs: 3 * HOUR, routes: ['batch'] })
    const { answers, errors, report, lastMs } = await finished(run, {
      ...time,
      stepMs: 30_000,
      maxMs: 4 * HOUR,
    })
    expect([...errors]).toEqual([])
    expect(answers.size).toBe(60)
    // Answered evenly over its time: a little less than a third until it was cancelled.
    expect(report.routes.batch?.answers).toBeGreaterThan(10)
    expect(report.routes.batch?.answers).toBeLessThan(20)
    expect(report.calledOver).toBe(59 - (report.routes.batch?.answers ?? 0))
    expect(report).toMatchObject({ overdue: 0, late: { answers: 0, usd: 0, possiblyUsd: 0 } })
    expect(lastMs).toBeLessThan(3 * HOUR)
    expect(lastMs).toBeGreaterThan(2.5 * HOUR)
  })

  it("returns results in the order of the source with order: 'input', however many wait for one", async () => {
    const { provider, time, fetch } = await virtualProvider({ batches: { runMs: 5 * MINUTE } })
    const folder = mkdtempSync(join(tmpdir(), 'harbor-auto-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const harbor = harborFor(provider, { ...PRICED, fetch })
    // More than the reorder window of other runs.
    const requests = questions(1_100)
    const last = requests.pop() as BulkRequest
    const given = {
      via: 'auto',
      deadlineMs: 6 * HOUR,
      order: 'input',
      journal: join(folder, 'journal'),
    } as const
    const first = harbor.bulk([last], { ...given, routes: [] })
    expect([...(await finished(first, { ...time, stepMs: 30_000, maxMs: HOUR })).answers.keys()]).toEqual([
      'q-1099',
    ])
    const before = provider.requests().length
    const run = harbor.bulk([last, ...requests], { ...given, routes: ['batch'] })
    const moving = { ...time, isCalled: () => provider.requests().length > before, stepMs: 30_000 }
    const { answers, report } = await finished(run, { ...moving, maxMs: 6 * HOUR })
    expect([...answers.keys()]).toEqual(['q-1099', ...requests.map(({ custom_id }) => custom_id)])
    expect(report.routes.batch?.answers).toBeGreaterThan(1_024)
    expect(report.routes.direct?.answers).toBeGreaterThan(1)
  })

  it('takes the tier flex where a batch would be late, tries it again when it is refused, and pays for the tier of the answer', async () => {
    fakeTime()
    let flexCalls = 0
    const server = await serve((request, response) => {
      const { service_tier } = JSON.parse(request.body) as { service_tier?: string }
      if (service_tier === 'flex' && flexCalls++ % 3 === 0)
        sendJson(response, { error: { code: 'resource_unavailable', message: 'No capacity.' } }, 429)
      else sendJson(response, chat('x', { service_tier, usage: USAGE }))
    })
    const { fetch, quiet } = quietFetch()
    const advance = async (ms: number, stepMs: number): Promise<void> => {
      for (let moved = 0; moved < ms; moved += stepMs) {
        await quiet()
        vi.advanceTimersByTime(stepMs)
      }
    }
    const harbor = harborFor(server, { ...PRICED, fetch })
    const run = harbor.bulk(questions(100), {
      via: 'auto',
      deadlineMs: 30 * MINUTE,
      routes: ['batch', 'flex'],
    })
    const isCalled = (): boolean => server.requests.length > 0
    const time = { advance, isCalled, stepMs: 1_000, maxMs: HOUR }
    const { answers, errors, report, lastMs } = await finished(run, time)
    expect([...errors]).toEqual([])
    expect(answers.size).toBe(100)
    expect(report.routes.flex?.answers).toBe(99)
    expect(report.spentUsd / report.directUsd).toBeLessThan(0.52)
    expect(report.overdue).toBe(0)
    expect(lastMs).toBeLessThan(30 * MINUTE)
  })

  it('calls everything directly in time while the tier flex refuses all requests', async () => {
    fakeTime()
    const server = await serve((request, response) => {
      const { service_tier } = JSON.parse(request.body) as { service_tier?: string }
      if (service_tier === 'flex') sendJson(response, { error: { code: 'resource_unavailable' } }, 429)
      else sendJson(response, chat('x', { usage: USAGE }))
    })
    const { fetch, quiet } = quietFetch()
    const advance = async (ms: number, stepMs: number): Promise<void> => {
      for (let moved = 0; moved < ms; moved += stepMs) {
        await quiet()
        vi.advanceTimersByTime(stepMs)
      }
    }
    const harbor = harborFor(server, { ...PRICED, fetch })
    const run = harbor.bulk(questions(30), { via: 'auto', deadlineMs: 30 * MINUTE, routes: ['flex'] })
    const isCalled = (): boolean => server.requests.length > 0
    const time = { advance, isCalled, stepMs: 2_000, maxMs: HOUR }
    const { answers, errors, report, lastMs } = await finished(run, time)
    expect([...errors]).toEqual([])
    expect(answers.size).toBe(30)
    expect(report.calledOver).toBe(29)
    expect(report.overdue).toBe(0)
    expect(lastMs).toBeLessThan(30 * MINUTE)
    // A spell is noticed: the tier is not tried by each request again and again.
    expect(server.requests.length).toBeLessThan(150)
  })

  it('takes responses in the background where batches take too long, and calls the late ones directly in time', async () => {
    const { provider, time, fetch } = await virtualProvider({
      background: {
        windows: { '2h': { queuedMs: HOUR, runMs: MINUTE, late: { share: 0.3, byMs: 5 * HOUR } } },
      },
    })
    const harbor = harborFor(provider, { ...PRICED, fetch })
    const run = harbor.bulk(inputs(16), {
      via: 'auto',
      deadlineMs: 3 * HOUR,
      typicalBatchMs: 24 * HOUR,
      routes: ['batch', '2h', '8h'],
    })
    const { answers, errors, report, lastMs } = await finished(run, {
      ...time,
      stepMs: 30_000,
      maxMs: 4 * HOUR,
    })
    expect([...errors]).toEqual([])
    expect(answers.size).toBe(16)
    const inTime = report.routes['2h']?.answers ?? 0
    expect(inTime).toBeGreaterThan(5)
    expect(report.calledOver).toBe(15 - inTime)
    expect(report.calledOver).toBeGreaterThan(0)
    expect(report).toMatchObject({ overdue: 0, late: { answers: 0, possiblyUsd: 0 } })
    expect([...answers.values()].find(({ route }) => route === '2h')?.body).toMatchObject({
      status: 'completed',
    })
    // A response that was cancelled may have been billed, so it counts at its highest cost.
    expect(report.spentUsd).toBeGreaterThanOrEqual(harbor.stats().cost.spentUsd - 1e-9)
    expect(lastMs).toBeLessThan(3 * HOUR)
  })
})
