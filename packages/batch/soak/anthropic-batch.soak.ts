import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { globSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Anthropic from '@anthropic-ai/sdk'
import { startSimulator } from '@harbor/simulator'
import { expect, it } from 'vitest'
import { seeded } from '../test/crash.ts'
import { createProviderBatch } from '../src/provider/anthropic/create-provider-batch.ts'

const KILLS = 25
const REQUESTS = 10_000
const IN_BATCH = 500

/** Long enough for a request that was on its way when its process was killed. */
const CONFIRM_MS = 5_000

const requests = Array.from({ length: REQUESTS }, (_, index) => ({
  id: `id ${index}`,
  body: {
    model: 'claude-sonnet-4-6',
    max_tokens: 50,
    messages: [{ role: 'user', content: `Question ${index}` }],
  },
}))

it(`answers each of ${REQUESTS} requests once, and pays for it once, after kill -9 at ${KILLS} random moments`, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'harbor-batch-'))
  const random = seeded(Number(process.env['SEED'] ?? 1))
  // A batch in seven expires after half of its requests: the other half is submitted again.
  const batches = {
    runMs: { min: 500, max: 3_000 },
    rules: [{ when: { every: 7 }, fault: { type: 'expire', answered: 0.5 } }],
  } as const
  const simulator = await startSimulator({ providers: { claude: { batches } } })
  try {
    const provider = simulator.provider()
    const state = join(folder, 'state.jsonl')
    const fixture = join(import.meta.dirname, '../test/fixtures/anthropic-batch.ts')
    const args = [provider.url, state, REQUESTS, IN_BATCH, CONFIRM_MS].map(String)
    let kills = 0
    for (; kills < KILLS; kills++) {
      const until = provider.counts().calls + 1 + Math.floor(random() * 12)
      const child = spawn(process.execPath, ['--conditions=@harbor/source', fixture, ...args], {
        stdio: 'ignore',
      })
      const gone = once(child, 'exit') as Promise<[code: number | null]>
      const timer = setInterval(() => provider.counts().calls >= until && child.kill('SIGKILL'), 1)
      const [code] = await gone
      clearInterval(timer)
      if (code !== null) break
    }
    const client = new Anthropic({ apiKey: 'key', baseURL: provider.url, maxRetries: 0 })
    const batch = createProviderBatch({
      client,
      state,
      pollMs: 10,
      maxPollMs: 100,
      maxRequests: IN_BATCH,
      confirmMs: CONFIRM_MS,
    })
    const ids: string[] = []
    for await (const result of batch.run(requests)) {
      expect(result.ok).toBe(true)
      ids.push(result.id)
    }
    const { created, lines } = provider.counts().batches
    console.log({ kills, created, lines })
    expect(ids.toSorted()).toEqual(requests.map(({ id }) => id).toSorted())
    expect(lines).toBe(REQUESTS)
    expect(globSync(`${state}.requests-*`)).toEqual([])
  } finally {
    await simulator.close()
    rmSync(folder, { recursive: true })
  }
})
