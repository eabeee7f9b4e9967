import { array, assert, asyncProperty, boolean, constantFrom, integer, record, uniqueArray } from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ProviderBatchClient, RemoteBatch } from './client.ts'
import type { ProviderBatchResult } from './contracts.ts'
import { createProviderBatch } from './create-provider-batch.ts'
import type { ProviderBatchOptions } from './options.ts'
import { memoryState } from './state-store.ts'

/** What one batch answers: the texts of its files, and what is said of it at the nth look. */
interface Script {
  output?: (ids: string[], batch: number) => string | undefined
  errors?: (ids: string[], batch: number) => string | undefined
  batch?: (look: number, ids: string[]) => Partial<Record<keyof RemoteBatch, unknown>>
  upload?: { status?: string }
  /** Fails as long as it gives an error. */
  create?: (attempt: number) => unknown
  retrieve?: (look: number) => string
  /** How a file is given at its nth reading. */
  content?: (id: string, reading: number, text: string) => string
}

const failure = (status: number, message: string): Error => Object.assign(new Error(message), { status })

function fake({ output, errors, batch, upload, create, retrieve, content }: Script) {
  const files = new Map<string, string>()
  const looks = new Map<string, number>()
  const readings = new Map<string, number>()
  const idsOf = (text = ''): string[] =>
    text
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { custom_id: string }).custom_id)
  const next = (counts: Map<string, number>, id: string): number => {
    counts.set(id, (counts.get(id) ?? 0) + 1)
    return counts.get(id) ?? 0
  }
  const made = { uploads: [] as string[], batches: 0, creates: 0 }
  const client = {
    files: {
      create: async ({ file }: { file: File }) => {
        const id = `in-${made.uploads.length + 1}`
        files.set(id, await file.text())
        made.uploads.push(files.get(id) ?? '')
        return { id, status: 'processed', ...upload }
      },
      ...(retrieve && { retrieve: async () => ({ status: retrieve(next(looks, 'file')) }) }),
      content: async (id: string) => {
        const text = files.get(id)
        if (text === undefined) throw failure(404, `no such file: '${id}'`)
        const given = content?.(id, next(readings, id), text) ?? text
        return { body: new Blob([given]).stream() as unknown as AsyncIterable<Uint8Array> }
      },
    },
    batches: {
      create: async ({ input_file_id: input }: { input_file_id: string }) => {
        const problem = create?.(++made.creates)
        if (problem) throw problem as Error
        const ids = idsOf(files.get(input))
        const id = `batch-${++made.batches}`
        files.set(`ids-${id}`, JSON.stringify(ids))
        const out = output ? output(ids, made.batches) : ids.map((each) => good(each)).join('\n')
        if (out !== undefined) files.set(`out-${id}`, out)
        const err = errors?.(ids, made.batches)
        if (err !== undefined) files.set(`err-${id}`, err)
        return { id, status: 'validating', created_at: 1 }
      },
      retrieve: async (id: string) => ({
        id,
        status: 'completed',
        created_at: 1,
        output_file_id: files.has(`out-${id}`) ? `out-${id}` : null,
        error_file_id: files.has(`err-${id}`) ? `err-${id}` : null,
        ...batch?.(next(looks, id), JSON.parse(files.get(`ids-${id}`) ?? '[]') as string[]),
      }),
      cancel: async () => ({}),
      list: () => ({ async *[Symbol.asyncIterator]() {} }),
    },
  }
  return { client: client as unknown as ProviderBatchClient, made }
}

const good = (id: string, body: unknown = { ok: id }): string => row(id, { status_code: 200, body })
const row = (custom_id: unknown, response: unknown, error: unknown = null): string =>
  JSON.stringify({ custom_id, response, error })

const hasty = { now: () => performance.now(), sleep: () => Promise.resolve() }
const IDS = ['a', 'b', 'c']

async function run(
  script: Script,
  options: Partial<ProviderBatchOptions> = {},
  ids: readonly string[] = IDS,
) {
  const { client, made } = fake(script)
  const batch = createProviderBatch({
    client,
    endpoint: '/v1/chat/completions',
    clock: hasty,
    maxResubmits: 1,
    ...options,
  })
  const results: ProviderBatchResult<unknown>[] = []
  for await (const result of batch.run(ids.map((id) => ({ id, body: { model: 'm' } })))) results.push(result)
  return { results, made, told: results.map(inWords).sort() }
}

function inWords(result: ProviderBatchResult<unknown>): string {
  if (result.ok) return result.id
  return `${result.id}: ${'reason' in result.error ? result.error.reason : result.error.code}`
}

describe('result files', () => {
  it.each<[string, (ids: string[]) => string]>([
    ['a stranger', (ids) => [...ids, 'stranger'].map((id) => good(id)).join('\n')],
    ['each row twice', (ids) => [...ids, ...ids].map((id) => good(id)).join('\n')],
    [
      'null, numbers, texts and lists',
      (ids) => ['null', '5', '"x"', '[]', ...ids.map((id) => good(id)), 'null'].join('\n'),
    ],
    [
      'rows cut in the middle, blank lines',
      (ids) => [good('a').slice(0, 20), '', ...ids.map((id) => good(id))].join('\n\n'),
    ],
    ['a byte order mark and CRLF', (ids) => `\uFEFF${ids.map((id) => good(id)).join('\r\n')}\r\n`],
    [
      'rows without an id',
      (ids) => [row(undefined, { status_code: 200, body: {} }), ...ids.map((id) => good(id))].join('\n'),
    ],
    [
      'statuses as texts',
      (ids) => ids.map((id) => row(id, { status_code: '200', body: { ok: 1 } })).join('\n'),
    ],
    ['an error that is null in the body', (ids) => ids.map((id) => good(id, { error: null })).join('\n')],
  ])('with %s give each request its own answer, once', async (_, output) => {
    const { told, made } = await run({ output })
    expect(told).toEqual(IDS)
    expect(made.batches).toBe(1)
  })

  it('with ids that became numbers are understood', async () => {
    const output = (ids: string[]): string =>
      ids.map((id) => row(Number(id), { status_code: 200, body: {} })).join('\n')
    expect((await run({ output }, {}, ['1', '2'])).told).toEqual(['1', '2'])
  })

  it('of a second batch that answers others again report what is still missing', async () => {
    const { told, made } = await run({ output: () => [good('a'), good('c')].join('\n') })
    expect(told).toEqual(['a', 'b: missing', 'c'])
    expect(made.uploads[1]).toContain('"b"')
    expect(made.uploads[1]).not.toContain('"a"')
  })

  it('that both name one id give its first answer', async () => {
    const { told } = await run({
      errors: (ids) => ids.map((id) => row(id, { status_code: 500, body: {} })).join('\n'),
    })
    expect(told).toEqual(IDS)
  })

  it.each<[string, string, string]>([
    [
      '200 with an error',
      row('b', { status_code: 200, body: { error: { message: 'overloaded' } } }),
      'b: answered',
    ],
    [
      '200 with an error in words',
      row('b', { status_code: 200, body: { error: 'overloaded' } }),
      'b: answered',
    ],
    [
      '200 and an error beside it',
      row('b', { status_code: 200, body: null }, { code: 'bad' }),
      'b: answered',
    ],
    ['an error status', row('b', { status_code: 400, body: { error: { code: 'bad' } } }), 'b: answered'],
    ['no response and an error', row('b', null, { code: 'bad', message: 'x' }), 'b: answered'],
  ])('with %s report a failure', async (_, line, expected) => {
    const { told, made } = await run({ output: () => [good('a'), line, good('c')].join('\n') })
    expect(told).toEqual(['a', expected, 'c'])
    expect(made.batches).toBe(1)
  })

  it.each<[string, string]>([
    ['status 0', row('b', { status_code: 0, body: '' })],
    ['status 0 and an error', row('b', { status_code: 0, body: null }, { code: 'server_error' })],
    ['200 without a body', row('b', { status_code: 200, body: null })],
    ['nothing', row('b', null)],
    ['an expiry', row('b', null, { code: 'batch_expired' })],
  ])('with %s have no answer: it is requested again', async (_, line) => {
    const { told, made } = await run({
      output: (ids, batch) =>
        (batch === 1 ? [good('a'), line, good('c')] : ids.map((id) => good(id))).join('\n'),
    })
    expect(told).toEqual(IDS)
    expect(made.batches).toBe(2)
  })

  it('property: never give out an id that was not requested, nor drop one that was, whatever they hold', async () => {
    const ids = uniqueArray(constantFrom('a', 'b', 'c', 'd', '1', '2', 'é', '😀'), { minLength: 1 })
    const line = record({
      id: constantFrom<unknown>('a', 'b', 'c', 'd', '1', 1, 2, 'é', '😀', 'stranger', null, undefined, {}),
      status: constantFrom<unknown>(200, 0, 500, '200', null, undefined, -1, NaN),
      body: constantFrom<unknown>({ ok: 1 }, null, { error: {} }, { error: '' }, 'text', []),
      error: constantFrom<unknown>(null, { code: 'batch_expired' }, { code: 'x' }, 'oh'),
      cut: integer({ min: 0, max: 60 }),
      isCut: boolean(),
    })
    await assert(
      asyncProperty(
        ids,
        array(line, { maxLength: 12 }),
        array(line, { maxLength: 12 }),
        async (requested, output, errors) => {
          const text = (lines: typeof output): string =>
            lines
              .map(({ id, status, body, error, cut, isCut }) => {
                const whole = row(id, { status_code: status, body }, error)
                return isCut ? whole.slice(0, cut) : whole
              })
              .join('\n')
          const { results } = await run(
            { output: () => text(output), errors: () => text(errors) },
            {},
            requested,
          )
          expect(results.map(({ id }) => id).sort()).toEqual([...requested].sort())
        },
      ),
      { numRuns: 200 },
    )
  })
})

describe('files of a batch', () => {
  it.each(['', ' ', 'null', 'None'])('whose id is %j are none', async (none) => {
    const { told } = await run({ batch: () => ({ error_file_id: none }) })
    expect(told).toEqual(IDS)
  })

  it.each<[string, (look: number) => Partial<Record<keyof RemoteBatch, unknown>>]>([
    [
      'counts say that there are some',
      (look) => ({
        request_counts: { total: 3, completed: 3, failed: 0 },
        ...(look < 4 && { output_file_id: null }),
      }),
    ],
    ['it is complete', (look) => (look < 4 ? { output_file_id: null } : {})],
    [
      'it expired after some answers',
      (look) => ({
        status: 'expired',
        request_counts: { total: 3, completed: 3, failed: 0 },
        ...(look < 4 && { output_file_id: '' }),
      }),
    ],
  ])('that come later than its end are waited for, when %s', async (_, batch) => {
    const { told, made } = await run({ batch })
    expect(told).toEqual(IDS)
    expect(made.batches).toBe(1)
  })

  it('that counts promise in vain are not waited for for ever', async () => {
    const { told } = await run({
      batch: () => ({ output_file_id: null, request_counts: { total: 3, completed: 3, failed: 9 } }),
    })
    expect(told).toEqual(['a: missing', 'b: missing', 'c: missing'])
  })

  it('that hold less than was counted are read again', async () => {
    const { told, made } = await run({
      batch: () => ({ request_counts: { total: 3, completed: 3, failed: 0 } }),
      content: (id, reading, text) => (id.startsWith('out') && reading === 1 ? text.slice(0, 20) : text),
    })
    expect(told).toEqual(IDS)
    expect(made.batches).toBe(1)
  })

  it('that nobody needs are not read', async () => {
    const { told } = await run({ batch: () => ({ error_file_id: 'gone' }) })
    expect(told).toEqual(IDS)
  })

  it('of an earlier state with an empty id do not end the run', async () => {
    const state = memoryState()
    const append = state.append.bind(state)
    state.append = async (entry) => append(entry.type === 'ended' ? { ...entry, errorFileId: '' } : entry)
    expect((await run({ output: () => good('a') }, { state, maxResubmits: 0 })).told).toContain('b: missing')
  })

  it('with the requests that come back incomplete end the run with a word, and drop nothing in silence', async () => {
    await expect(
      run({
        output: () => good('a'),
        content: (id, _, text) => (id.startsWith('in') ? text.slice(0, 30) : text),
      }),
    ).rejects.toMatchObject({ code: 'incomplete_input', found: 0, uploaded: 3 })
  })
})

describe('the status of a batch', () => {
  it.each<[string, Partial<Record<keyof RemoteBatch, unknown>>]>([
    ['in another spelling', { status: 'Completed' }],
    ['in another word', { status: 'succeeded' }],
    ['unknown, with an end', { status: 'archived', completed_at: 5 }],
    ['unknown, with a file', { status: 'harvested' }],
    [
      'unknown, with complete counts',
      { status: 'x', output_file_id: undefined, request_counts: { total: 3, completed: 3, failed: 0 } },
    ],
    ['unknown, long past its time', { status: 'x', output_file_id: undefined, expires_at: 1 }],
  ])('%s ends it', async (_, batch) => {
    const { results } = await run({ batch: () => batch }, { maxResubmits: 0 })
    expect(results).toHaveLength(3)
  })

  it('unknown, without a sign of an end, is waited for', async () => {
    const { told, made } = await run({
      batch: (look) => (look < 20 ? { status: 'warming_up', output_file_id: null } : {}),
    })
    expect(told).toEqual(IDS)
    expect(made.batches).toBe(1)
  })

  it('failed, with answers all the same, gives those', async () => {
    const { told, made } = await run({ batch: () => ({ status: 'failed' }), output: () => good('b') })
    expect(told).toEqual(['a: batch-failed', 'b', 'c: batch-failed'])
    expect(made.batches).toBe(1)
  })
})

describe('an uploaded file', () => {
  const notReady = failure(400, 'File is not in a processed state.')

  it('that is still pending is waited for, as Azure takes files in', async () => {
    const { told, made } = await run({
      upload: { status: 'pending' },
      create: (attempt) => (attempt < 4 ? notReady : undefined),
    })
    expect(told).toEqual(IDS)
    expect(made).toMatchObject({ batches: 1, uploads: { length: 1 } })
  })

  it('is waited for as long as the provider says that it is taken in', async () => {
    const { made } = await run({
      upload: { status: 'pending' },
      create: (attempt) => (attempt < 30 ? failure(400, 'x') : undefined),
      retrieve: (look) => (look < 29 ? 'pending' : 'processed'),
    })
    expect(made.creates).toBe(30)
  })

  it('that cannot be taken in ends the run with the refusal', async () => {
    const script: Script = { upload: { status: 'pending' }, create: () => notReady, retrieve: () => 'error' }
    await expect(run(script)).rejects.toBe(notReady)
  })

  it('that is processed, and not yet found, is tried again', async () => {
    const { told } = await run({
      create: (attempt) => (attempt < 3 ? failure(404, 'No such File object') : undefined),
    })
    expect(told).toEqual(IDS)
  })

  it('that is fine is no reason to repeat another refusal', async () => {
    let attempts = 0
    const refusal = failure(400, 'the model cannot be batched')
    await expect(run({ create: (attempt) => ((attempts = attempt), refusal) })).rejects.toBe(refusal)
    expect(attempts).toBe(1)
  })
})

it('takes Azure’s endpoints, without /v1, for the url of each line', async () => {
  const { made, told } = await run({}, { endpoint: '/chat/completions' })
  expect(told).toEqual(IDS)
  expect(made.uploads[0]).toContain('"url":"/chat/completions"')
})
