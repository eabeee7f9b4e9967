import Anthropic from '@anthropic-ai/sdk'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type ProviderScript, startSimulator } from '../index.ts'

const model = 'claude-sonnet-4-6'
const requestsOf = (count: number) =>
  Array.from({ length: count }, (_, index) => ({
    custom_id: `r-${index}`,
    params: {
      model,
      max_tokens: 100,
      messages: [{ role: 'user' as const, content: `Question ${index}` }],
    },
  }))

async function setUp(script: ProviderScript = {}) {
  const simulator = await startSimulator({ time: 'virtual', providers: { claude: script } })
  onTestFinished(() => simulator.close())
  const provider = simulator.provider()
  const client = new Anthropic({ baseURL: provider.url, apiKey: 'key', maxRetries: 0 })
  const { batches } = client.messages
  const results = async (id: string) => {
    const lines: Anthropic.Messages.MessageBatchIndividualResponse[] = []
    for await (const line of await batches.results(id)) lines.push(line)
    return lines
  }
  return { simulator, provider, client, batches, results }
}

describe('a batch of the Messages API', () => {
  it('ends after its time, and has the results of direct calls in another order', async () => {
    const { simulator, provider, client, batches, results } = await setUp({ batches: { runMs: 3_600_000 } })
    const requests = requestsOf(20)
    const { id, ...begun } = await batches.create({ requests })
    expect(begun).toMatchObject({
      processing_status: 'in_progress',
      request_counts: { processing: 20, succeeded: 0 },
      ended_at: null,
      results_url: null,
    })
    await expect(results(id)).rejects.toThrow()
    await simulator.advance(3_600_000)
    expect(await batches.retrieve(id)).toMatchObject({
      processing_status: 'ended',
      request_counts: { processing: 0, succeeded: 20, errored: 0, canceled: 0, expired: 0 },
    })
    const lines = await results(id)
    const ids = lines.map(({ custom_id }) => custom_id)
    expect(ids).not.toEqual(requests.map(({ custom_id }) => custom_id))
    expect(new Set(ids).size).toBe(20)
    const [first] = lines
    const sent = requests.find(({ custom_id }) => custom_id === first?.custom_id)
    const direct = await client.messages.create(sent?.params ?? expect.fail())
    expect(first?.result).toMatchObject({
      type: 'succeeded',
      message: { content: direct.content, usage: { service_tier: 'batch' } },
    })
    expect(provider.counts().batches).toMatchObject({ created: 1, lines: 20 })
  })

  it('reports what was not answered as canceled after a cancellation', async () => {
    const { simulator, batches, results } = await setUp({ batches: { runMs: 1_000, cancellingMs: 100 } })
    const { id } = await batches.create({ requests: requestsOf(10) })
    await simulator.advance(500)
    expect((await batches.cancel(id)).processing_status).toBe('canceling')
    await simulator.advance(100)
    const { request_counts: counts } = await batches.retrieve(id)
    expect(counts).toMatchObject({ succeeded: 5, canceled: 5 })
    const types = (await results(id)).map(({ result }) => result.type)
    expect(types.filter((type) => type === 'canceled')).toHaveLength(5)
    await expect(batches.cancel(id)).rejects.toMatchObject({ status: 400 })
  })

  it.each([
    [{ type: 'expire', answered: 0.25 }, { succeeded: 1, expired: 3 }, 4],
    [{ type: 'errors', share: 0.5, status: 529 }, { succeeded: 2, errored: 2 }, 4],
    [{ type: 'fail' }, { errored: 4 }, 4],
    [{ type: 'lose', share: 0.5 }, { succeeded: 4 }, 2],
  ] as const)('has the fault %j', async (fault, counts, lines) => {
    const { batches, results } = await setUp({ batches: { rules: [{ fault }] } })
    const { id } = await batches.create({ requests: requestsOf(4) })
    expect((await batches.retrieve(id)).request_counts).toMatchObject(counts)
    expect(await results(id)).toHaveLength(lines)
  })

  it('is cancelled by another client, by a fault', async () => {
    const { simulator, batches, results } = await setUp({
      batches: { runMs: 1_000, rules: [{ fault: { type: 'cancel', answered: 0.25 } }] },
    })
    const { id } = await batches.create({ requests: requestsOf(4) })
    expect(await batches.retrieve(id)).toMatchObject({ cancel_initiated_at: null })
    await simulator.advance(1_000)
    const { request_counts: counts, cancel_initiated_at: cancelledAt } = await batches.retrieve(id)
    expect(counts).toMatchObject({ succeeded: 1, canceled: 3 })
    expect(cancelledAt).not.toBeNull()
    expect((await results(id)).filter(({ result }) => result.type === 'canceled')).toHaveLength(3)
  })

  it('expires after 24 hours, with what was answered by then', async () => {
    const { simulator, batches } = await setUp({ batches: { runMs: 32 * 3_600_000 } })
    const { id } = await batches.create({ requests: requestsOf(4) })
    await simulator.advance(24 * 3_600_000 - 1)
    expect((await batches.retrieve(id)).processing_status).toBe('in_progress')
    await simulator.advance(1)
    expect(await batches.retrieve(id)).toMatchObject({
      processing_status: 'ended',
      request_counts: { succeeded: 3, expired: 1 },
    })
  })

  it('has an error for each request that is invalid, and no others', async () => {
    const { batches, results } = await setUp()
    const [good, bad] = requestsOf(2)
    if (!good || !bad) expect.fail()
    const { id } = await batches.create({
      requests: [good, { ...bad, params: { ...bad.params, messages: [] } }],
    })
    const errors = (await results(id)).flatMap(({ result }) =>
      result.type === 'errored' ? result.error : [],
    )
    expect(errors).toMatchObject([{ type: 'error', error: { type: 'invalid_request_error' } }])
  })

  it('is listed, the newest first, and can be deleted once it has ended', async () => {
    const { simulator, batches } = await setUp({ batches: { runMs: 1_000 } })
    const ids: string[] = []
    for (let count = 0; count < 3; count++) ids.push((await batches.create({ requests: requestsOf(1) })).id)
    const listed: string[] = []
    for await (const { id } of batches.list({ limit: 2 })) listed.push(id)
    expect(listed).toEqual(ids.toReversed())
    const [id = ''] = ids
    await expect(batches.delete(id)).rejects.toMatchObject({ status: 400 })
    await simulator.advance(1_000)
    expect(await batches.delete(id)).toEqual({ id, type: 'message_batch_deleted' })
    await expect(batches.retrieve(id)).rejects.toBeInstanceOf(Anthropic.NotFoundError)
  })

  it.each([
    ['no requests', []],
    ['an id twice', [...requestsOf(1), ...requestsOf(1)]],
    ['an id with a space', requestsOf(1).map((request) => ({ ...request, custom_id: 'a b' }))],
  ])('is refused with %s', async (_, requests) => {
    const { batches } = await setUp()
    await expect(batches.create({ requests })).rejects.toBeInstanceOf(Anthropic.BadRequestError)
  })

  it('is refused if it is too large', async () => {
    const { batches } = await setUp({ batches: { maxFileBytes: 1_000 } })
    await expect(batches.create({ requests: requestsOf(20) })).rejects.toMatchObject({ status: 413 })
    await expect(batches.create({ requests: requestsOf(1) })).resolves.toBeDefined()
  })

  it('fails as the provider does, and vanishes by a fault', async () => {
    const { simulator, provider, batches } = await setUp({
      batches: { runMs: 1_000, rules: [{ fault: { type: 'vanish', afterMs: 10 } }] },
    })
    provider.fail({ type: 'overloaded' })
    await expect(batches.create({ requests: requestsOf(1) })).rejects.toMatchObject({ status: 529 })
    const { id } = await batches.create({ requests: requestsOf(1) })
    await simulator.advance(10)
    await expect(batches.retrieve(id)).rejects.toMatchObject({ status: 404 })
  })
})
