import { startSimulator } from '@harbor/simulator'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { Harbor, type BulkRequest } from '../src/index.ts'

/** The number of requests: `ITEMS=20000` for a short run. */
const ITEMS = Number(process.env['ITEMS'] ?? 100_000)
const MODEL = 'gpt-4'
/** Six hours, in which a batch usually takes one, compressed. */
const DEADLINE_MS = Number(process.env['DEADLINE_MS'] ?? 2.4 * ITEMS + 240_000)
const TYPICAL_BATCH_MS = DEADLINE_MS / 6
const BATCHES = 20

function* requests(): Generator<BulkRequest> {
  for (let at = 0; at < ITEMS; at++) {
    const messages = [{ role: 'user' as const, content: `Question ${at}?` }]
    yield { custom_id: `q-${at}`, body: { model: MODEL, max_completion_tokens: 50, messages } }
  }
}

it(`a bulk run by deadline answers ${ITEMS} requests in time for at most 55 % of the direct cost, though one batch of twenty is late and one loses rows`, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'harbor-deadline-'))
  const maxRequests = Math.ceil(ITEMS / BATCHES)
  await using simulator = await startSimulator({
    providers: {
      openai: {
        latency: { min: 20, max: 200 },
        batches: {
          runMs: { min: 0.5 * TYPICAL_BATCH_MS, max: 1.5 * TYPICAL_BATCH_MS },
          cancellingMs: 1_000,
          rules: [
            { when: { batch: 4 }, fault: { type: 'slow', ms: 20 * DEADLINE_MS } },
            { when: { batch: 7 }, fault: { type: 'lose', share: 0.05 } },
          ],
        },
      },
    },
  })
  const harbor = new Harbor({
    apiKey: 'key',
    baseURL: simulator.provider().baseURL,
    logLevel: 'off',
    models: { [MODEL]: { price: { inputPerMillion: 30, outputPerMillion: 60 } } },
  })
  try {
    const startedAt = Date.now()
    const run = harbor.bulk(requests(), {
      via: 'auto',
      deadlineMs: DEADLINE_MS,
      typicalBatchMs: TYPICAL_BATCH_MS,
      journal: join(folder, 'journal'),
      providerBatch: { maxRequests, pollMs: 200, maxPollMs: 1_000 },
    })
    const ids = new Set<string>()
    let [failed, lastMs] = [0, 0]
    for await (const { id, ok } of run) {
      expect(ids.has(id)).toBe(false)
      ids.add(id)
      if (!ok) failed++
      lastMs = Date.now() - startedAt
    }
    const { plan: _plan, ...report } = run.report()
    const share = report.spentUsd / report.directUsd
    const memory = `${Math.round(process.memoryUsage().rss / 2 ** 20)} MB`
    console.log(JSON.stringify({ ...report, share, failed, lastMs, deadlineMs: DEADLINE_MS, memory }))
    expect(ids.size).toBe(ITEMS)
    expect(failed).toBe(0)
    expect(report.overdue).toBe(0)
    expect(lastMs).toBeLessThan(DEADLINE_MS)
    expect(share).toBeLessThanOrEqual(0.55)
    // What was paid is what the client counts, late answers included.
    expect(report.spentUsd).toBeCloseTo(
      harbor.stats().cost.spentUsd + harbor.stats().cost.possiblyBilledUsd,
      4,
    )
  } finally {
    await harbor.close()
    rmSync(folder, { recursive: true })
  }
})
