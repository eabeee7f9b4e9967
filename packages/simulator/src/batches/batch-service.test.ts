import OpenAI, { toFile } from 'openai'
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { startSimulator } from '../index.ts'
import type { BatchScript } from './batch-script.ts'

const simulator = await startSimulator()
const provider = simulator.provider()
const client = new OpenAI({ apiKey: 'key', baseURL: provider.baseURL, maxRetries: 0 })
afterAll(() => simulator.close())

/** The time of the mocked clock. Batches have no timers, so setting it is enough. */
let now: number
const clock = vi.spyOn(performance, 'now')
beforeEach(() => {
  now = 1_000_000
  clock.mockImplementation(() => now)
  provider.script({})
  provider.reset()
})
afterEach(() => void clock.mockReset())

const endpoint = '/v1/chat/completions'
const ids = (count: number) => Array.from({ length: count }, (_, index) => `id-${index}`)
const body = (id: string) => ({ model: 'gpt-4', messages: [{ role: 'user', content: `Question ${id}` }] })
const lines = (count: number) =>
  ids(count).map((id) => JSON.stringify({ custom_id: id, method: 'POST', url: endpoint, body: body(id) }))

const upload = async (text: string) =>
  client.files.create({ file: await toFile(Buffer.from(text), 'in.jsonl'), purpose: 'batch' })

async function submit(count: number, metadata?: Record<string, string>) {
  const { id } = await upload(lines(count).join('\n'))
  return client.batches.create({
    input_file_id: id,
    endpoint,
    completion_window: '24h',
    ...(metadata && { metadata }),
  })
}

/** The batch `ms` milliseconds after its creation, when all lines that are due by then have been answered. */
async function after(id: string, ms: number) {
  now = 1_000_000 + ms
  await expect
    .poll(async () => (await client.batches.retrieve(id)).status, { interval: 5 })
    .not.toBe('in_progress')
  return client.batches.retrieve(id)
}

interface ResultLine {
  custom_id: string
  response: { status_code: number; body: { choices?: unknown; error?: { code?: string } } } | null
  error: { code: string } | null
}

async function results(fileId: string | null | undefined): Promise<ResultLine[]> {
  if (!fileId) return []
  const text = await (await client.files.content(fileId)).text()
  expect(text.endsWith('\n')).toBe(true)
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as ResultLine)
}

const script = (batches: BatchScript) => provider.script({ batches })

describe('files', () => {
  it('are created, retrieved, read, listed and deleted by the SDK', async () => {
    const file = await upload('{"a":1}\n')
    expect(file).toMatchObject({ object: 'file', bytes: 8, filename: 'in.jsonl', purpose: 'batch' })
    expect(await client.files.retrieve(file.id)).toEqual(file)
    expect(await (await client.files.content(file.id)).text()).toBe('{"a":1}\n')
    const listed = []
    for await (const each of client.files.list({ purpose: 'batch' })) listed.push(each.id)
    expect(listed).toEqual([file.id])
    expect(await client.files.delete(file.id)).toMatchObject({ deleted: true })
    await expect(client.files.retrieve(file.id)).rejects.toMatchObject({ status: 404 })
  })

  it('are refused if they are too large, of another format, or for an unknown purpose', async () => {
    script({ maxFileBytes: 10 })
    await expect(upload('{"a":"01234"}\n')).rejects.toMatchObject({ status: 400 })
    const text = await toFile(Buffer.from('a'), 'in.txt')
    await expect(client.files.create({ file: text, purpose: 'batch' })).rejects.toThrow('Must be .jsonl')
    await expect(client.files.create({ file: text, purpose: 'fun' as 'batch' })).rejects.toThrow('not one of')
  })

  it('leave no body in the recorded requests', async () => {
    await upload('{"a":1}\n')
    expect(provider.requests()).toMatchObject([{ operation: 'files', method: 'POST', body: undefined }])
  })
})

describe('a batch', () => {
  it('answers each line like a direct call, in another order', async () => {
    const { id } = await submit(20, { night: '1' })
    const batch = await after(id, 0)
    expect(batch).toMatchObject({
      status: 'completed',
      endpoint,
      error_file_id: null,
      metadata: { night: '1' },
      request_counts: { total: 20, completed: 20, failed: 0 },
    })
    const output = await results(batch.output_file_id)
    expect(output.map(({ custom_id }) => custom_id)).not.toEqual(ids(20))
    expect(new Set(output.map(({ custom_id }) => custom_id))).toEqual(new Set(ids(20)))
    const one = output.find(({ custom_id }) => custom_id === 'id-7')
    const direct = await client.chat.completions.create(
      body('id-7') as OpenAI.ChatCompletionCreateParamsNonStreaming,
    )
    expect(one?.response?.body.choices).toEqual(direct.choices)
    expect(provider.counts().batches).toMatchObject({ created: 1, lines: 20 })
  })

  it('passes through its statuses, and answers lines evenly', async () => {
    script({ validatingMs: 100, runMs: 1_000, finalizingMs: 200 })
    const { id } = await submit(10)
    const seen = []
    for (const ms of [0, 99, 100, 600, 1_099, 1_100, 1_299]) {
      now = 1_000_000 + ms
      // Answering lines takes turns of the event loop, even while the clock is set.
      await new Promise((resolve) => setImmediate(resolve))
      const { status, request_counts: counts } = await client.batches.retrieve(id)
      seen.push([ms, status, counts?.completed])
    }
    expect(seen).toEqual([
      [0, 'validating', 0],
      [99, 'validating', 0],
      [100, 'in_progress', 0],
      [600, 'in_progress', 5],
      [1_099, 'in_progress', 9],
      [1_100, 'finalizing', 10],
      [1_299, 'finalizing', 10],
    ])
    expect((await after(id, 1_300)).status).toBe('completed')
  })

  it('fails when a line is wrong, and reports the line', async () => {
    const { id: file } = await upload([...lines(1), 'nonsense'].join('\n'))
    const { id } = await client.batches.create({ input_file_id: file, endpoint, completion_window: '24h' })
    const batch = await after(id, 0)
    expect(batch).toMatchObject({
      status: 'failed',
      output_file_id: null,
      errors: { data: [{ code: 'invalid_json_line', line: 2 }] },
    })
  })

  it('is refused for wrong parameters', async () => {
    const { id } = await upload(lines(1).join('\n'))
    const order = { input_file_id: id, endpoint, completion_window: '24h' } as const
    const refused = (more: object) =>
      expect(client.batches.create({ ...order, ...more })).rejects.toMatchObject({ status: 400 })
    await refused({ input_file_id: 'file-none' })
    await refused({ endpoint: '/v1/moon' })
    await refused({ completion_window: '1h' })
    await refused({ metadata: { a: 1 } })
    await refused({ metadata: { a: 'b'.repeat(513) } })
    await expect(client.batches.retrieve('batch_none')).rejects.toMatchObject({ status: 404 })
  })

  it('is listed in pages, the newest first', async () => {
    const created = []
    for (let batch = 0; batch < 5; batch++) created.push((await submit(1)).id)
    const listed = []
    for await (const { id } of client.batches.list({ limit: 2 })) listed.push(id)
    expect(listed).toEqual(created.toReversed())
  })

  it('is cancelled with the lines answered so far', async () => {
    script({ runMs: 1_000, cancellingMs: 300 })
    const { id } = await submit(10)
    await new Promise((resolve) => setTimeout(resolve, 20))
    now += 400
    expect(await client.batches.cancel(id)).toMatchObject({ status: 'cancelling' })
    now += 299
    expect(await client.batches.retrieve(id)).toMatchObject({ status: 'cancelling' })
    now += 1
    const batch = await client.batches.retrieve(id)
    expect(batch).toMatchObject({ status: 'cancelled', request_counts: { completed: 4 } })
    expect(await results(batch.output_file_id)).toHaveLength(4)
    await expect(client.batches.cancel(id)).rejects.toMatchObject({ status: 409 })
  })

  it('fails with token_limit_exceeded when too many tokens are enqueued, until others have ended', async () => {
    script({ enqueuedTokens: 150, runMs: 1_000 })
    const first = await submit(10)
    const second = await submit(10)
    expect(await client.batches.retrieve(second.id)).toMatchObject({
      status: 'failed',
      errors: { data: [{ code: 'token_limit_exceeded' }] },
    })
    expect((await after(first.id, 1_000)).status).toBe('completed')
    expect(await client.batches.retrieve((await submit(10)).id)).toMatchObject({ status: 'in_progress' })
  })
})

describe('a batch with a fault', () => {
  it('expires with a share of the lines answered, and the rest in the error file', async () => {
    script({ rules: [{ fault: { type: 'expire', answered: 0.1 } }] })
    const batch = await after((await submit(10)).id, 0)
    expect(batch).toMatchObject({ status: 'expired', request_counts: { total: 10, completed: 1 } })
    expect(await results(batch.output_file_id)).toHaveLength(1)
    const expired = await results(batch.error_file_id)
    expect(expired.map(({ error, response }) => [error?.code, response])).toEqual(
      Array.from({ length: 9 }, () => ['batch_expired', null]),
    )
  })

  it('vanishes', async () => {
    script({ runMs: 1_000, rules: [{ fault: { type: 'vanish', afterMs: 500 } }] })
    const { id } = await submit(1)
    now += 499
    expect(await client.batches.retrieve(id)).toMatchObject({ status: 'in_progress' })
    now += 1
    await expect(client.batches.retrieve(id)).rejects.toMatchObject({ status: 404 })
    expect((await client.batches.list()).data).toEqual([])
  })

  it('answers lines with errors, and has no output file if all lines failed', async () => {
    script({
      rules: [
        { when: { batch: 1 }, fault: { type: 'errors', share: 0.3, status: 400, code: 'bad' } },
        { fault: { type: 'errors', share: 1 } },
      ],
    })
    const some = await after((await submit(10)).id, 0)
    expect(some.request_counts).toEqual({ total: 10, completed: 7, failed: 3 })
    const errors = await results(some.error_file_id)
    expect(errors.map(({ response }) => [response?.status_code, response?.body.error?.code])).toEqual(
      Array.from({ length: 3 }, () => [400, 'bad']),
    )
    const all = await after((await submit(4)).id, 0)
    expect(all).toMatchObject({ status: 'completed', output_file_id: null })
    expect(await results(all.error_file_id)).toHaveLength(4)
  })

  it('loses lines, although it reports them as completed', async () => {
    script({ rules: [{ fault: { type: 'lose', share: 0.5 } }] })
    const batch = await after((await submit(10)).id, 0)
    expect(batch).toMatchObject({ status: 'completed', request_counts: { completed: 10 } })
    expect(await results(batch.output_file_id)).toHaveLength(5)
    expect(batch.error_file_id).toBeNull()
  })

  it('fails, or takes longer and then fails', async () => {
    const fail = { type: 'fail', code: 'internal_error', line: 3 } as const
    script({
      rules: [
        { when: { batch: 1 }, fault: fail },
        { fault: { type: 'slow', ms: 500, then: { type: 'expire', answered: 0 } } },
      ],
    })
    expect(await after((await submit(3)).id, 0)).toMatchObject({
      status: 'failed',
      errors: { data: [{ code: 'internal_error', line: 3 }] },
    })
    const { id } = await submit(3)
    now += 499
    expect(await client.batches.retrieve(id)).toMatchObject({ status: 'in_progress' })
    expect(await after(id, 500)).toMatchObject({ status: 'expired', output_file_id: null })
  })

  it('is cancelled by another client, or expires after 24 hours', async () => {
    script({ rules: [{ fault: { type: 'cancel', answered: 0.5 } }] })
    const batch = await after((await submit(4)).id, 0)
    expect(batch).toMatchObject({ status: 'cancelled', request_counts: { completed: 2 } })
    expect(await results(batch.output_file_id)).toHaveLength(2)
    script({ runMs: 48 * 3_600_000 })
    const expired = await after((await submit(4)).id, 30 * 3_600_000)
    expect(expired).toMatchObject({ status: 'expired', request_counts: { completed: 2 } })
    expect(await results(expired.output_file_id)).toHaveLength(2)
    expect(await results(expired.error_file_id)).toHaveLength(2)
  })

  it('exists although the client received no answer', async () => {
    const rules = [
      { when: { method: 'POST', path: '/batches' }, fault: { type: 'stream-cut', afterEvents: 0 } },
    ] as const
    provider.script({ rules })
    await expect(submit(1)).rejects.toThrow('terminated')
    provider.script({})
    expect((await client.batches.list()).data).toHaveLength(1)
  })

  it('is not created if the call fails before', async () => {
    provider.script({
      rules: [{ when: { operation: 'batches', method: 'POST' }, fault: { type: 'status', status: 503 } }],
    })
    await expect(submit(1)).rejects.toMatchObject({ status: 503 })
    expect((await client.batches.list()).data).toEqual([])
  })
})

it('deletes batches and files on reset()', async () => {
  const { id, input_file_id: file } = await submit(1)
  provider.reset()
  await expect(client.batches.retrieve(id)).rejects.toMatchObject({ status: 404 })
  await expect(client.files.retrieve(file)).rejects.toMatchObject({ status: 404 })
  expect(provider.counts().batches).toEqual({ created: 0, lines: 0, tokens: { input: 0, output: 0 } })
})

it('requires a key, if keys are configured', async () => {
  provider.script({ apiKeys: ['other'] })
  await expect(client.files.list()).rejects.toMatchObject({ status: 401 })
  await expect(client.batches.list()).rejects.toMatchObject({ status: 401 })
})

it.each([
  [{ runMs: -1 }, 'batches.runMs must be a number of at least 0, got -1'],
  [{ rules: [{ fault: { type: 'expire' } }] }, 'batches.rules[0].fault.answered is missing'],
  [
    { rules: [{ fault: { type: 'lose', share: 2 } }] },
    'batches.rules[0].fault.share must be a number from 0 to 1',
  ],
  [{ rules: [{ when: { batches: 1 }, fault: 'ok' }] }, "the nearest known one is 'batch'"],
  [
    { rules: [{ fault: { type: 'slow', ms: 1, then: { type: 'slow', ms: 1 } } }] },
    'batches.rules[0].fault.then.type must be a fault that is possible here',
  ],
])('rejects %j', (batches, message) => {
  expect(() => script(batches as BatchScript)).toThrow(message)
})
