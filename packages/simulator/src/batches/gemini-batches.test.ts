import { GoogleGenAI } from '@google/genai'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type ProviderScript, startSimulator } from '../index.ts'

const model = 'gemini-3-flash'
const HOUR_MS = 3_600_000
const requestsOf = (count: number) =>
  Array.from({ length: count }, (_, index) => ({
    contents: [{ role: 'user', parts: [{ text: `Question ${index}` }] }],
    metadata: { key: `r-${index}` },
  }))

async function setUp(script: ProviderScript = {}) {
  const simulator = await startSimulator({ time: 'virtual', providers: { google: script } })
  onTestFinished(() => simulator.close())
  const provider = simulator.provider()
  const client = new GoogleGenAI({ apiKey: 'key', httpOptions: { baseUrl: provider.url } })
  const create = async (count: number) => {
    const { name = '' } = await client.batches.create({ model, src: requestsOf(count) })
    return name
  }
  const states = async (name: string) => (await client.batches.get({ name })).state
  return { simulator, provider, client, create, states }
}

describe('a batch of Gemini', () => {
  it('is pending, runs and succeeds, with the results of direct calls in the order of its requests', async () => {
    const { simulator, provider, client, create, states } = await setUp({
      batches: { validatingMs: 1_000, runMs: HOUR_MS },
    })
    const name = await create(3)
    expect(await states(name)).toBe('JOB_STATE_PENDING')
    await simulator.advance(1_000)
    expect(await states(name)).toBe('JOB_STATE_RUNNING')
    await simulator.advance(HOUR_MS)
    const { state, dest, model: named } = await client.batches.get({ name })
    expect([state, named]).toEqual(['JOB_STATE_SUCCEEDED', `models/${model}`])
    const responses = dest?.inlinedResponses ?? []
    expect(responses.map(({ metadata }) => metadata?.['key'])).toEqual(['r-0', 'r-1', 'r-2'])
    const direct = await client.models.generateContent({ model, contents: 'Question 1' })
    expect(responses[1]?.response?.candidates).toEqual(direct.candidates)
    expect(provider.counts().batches).toMatchObject({ created: 1, lines: 3 })
  })

  it.each([
    [{ type: 'expire', answered: 0.5 }, 'JOB_STATE_EXPIRED'],
    [{ type: 'cancel', answered: 0.5 }, 'JOB_STATE_CANCELLED'],
    [{ type: 'fail' }, 'JOB_STATE_FAILED'],
  ] as const)('has no results with the fault %j', async (fault, state) => {
    const { client, create } = await setUp({ batches: { rules: [{ fault }] } })
    const batch = await client.batches.get({ name: await create(4) })
    expect(batch.state).toBe(state)
    expect(batch.dest?.inlinedResponses).toBeUndefined()
  })

  it('has errors in place of some results, or lacks some', async () => {
    const { client, create } = await setUp({
      batches: {
        rules: [
          { when: { batch: 1 }, fault: { type: 'errors', share: 0.5, status: 503 } },
          { fault: { type: 'lose', share: 0.25 } },
        ],
      },
    })
    const responses = (await client.batches.get({ name: await create(4) })).dest?.inlinedResponses ?? []
    expect(responses.map(({ error }) => error?.code)).toEqual([503, 503, undefined, undefined])
    expect((await client.batches.get({ name: await create(4) })).dest?.inlinedResponses).toHaveLength(3)
  })

  it('expires after 48 hours, can be cancelled, listed and deleted', async () => {
    const { simulator, client, create, states } = await setUp({ batches: { runMs: 50 * HOUR_MS } })
    const names = [await create(1), await create(1), await create(1)]
    const [name = '', cancelled = ''] = names
    await client.batches.cancel({ name: cancelled })
    expect(await states(cancelled)).toBe('JOB_STATE_CANCELLED')
    const listed: (string | undefined)[] = []
    for await (const batch of await client.batches.list({ config: { pageSize: 2 } })) listed.push(batch.name)
    expect(listed).toEqual(names.toReversed())
    await simulator.advance(48 * HOUR_MS)
    expect(await states(name)).toBe('JOB_STATE_EXPIRED')
    await client.batches.delete({ name })
    await expect(client.batches.get({ name })).rejects.toMatchObject({ status: 404 })
  })

  it('is refused without requests, if it is too large, and by a rule', async () => {
    const { provider, create } = await setUp({ batches: { maxFileBytes: 500 } })
    await expect(create(0)).rejects.toMatchObject({ status: 400 })
    await expect(create(20)).rejects.toMatchObject({ status: 400 })
    provider.script({ rules: [{ when: { operation: 'batches' }, fault: { type: 'overloaded' } }] })
    await expect(create(1)).rejects.toMatchObject({ status: 503 })
  })
})
