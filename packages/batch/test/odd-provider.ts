import type { ProviderBatchClient, RemoteBatch } from '../src/provider/openai/client.ts'
import type { ProviderBatchResult } from '../src/provider/contracts.ts'
import { createProviderBatch } from '../src/provider/openai/create-provider-batch.ts'
import type { ProviderBatchOptions } from '../src/provider/openai/options.ts'

/** The answers for one batch: the texts of its files, and the batch object at the nth poll. */
export interface Script {
  output?: (ids: string[], batch: number) => string | undefined
  errors?: (ids: string[], batch: number) => string | undefined
  batch?: (look: number, ids: string[]) => Partial<Record<keyof RemoteBatch, unknown>>
  upload?: { status?: string }
  /** Fails as long as it returns an error. */
  create?: (attempt: number) => unknown
  retrieve?: (look: number) => string
  /** The text of a file at its nth reading. */
  content?: (id: string, reading: number, text: string) => string
}

export const failure = (status: number, message: string): Error =>
  Object.assign(new Error(message), { status })

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

export const good = (id: string, body: unknown = { ok: id }): string => row(id, { status_code: 200, body })

export const row = (custom_id: unknown, response: unknown, error: unknown = null): string =>
  JSON.stringify({ custom_id, response, error })

const hasty = { now: () => performance.now(), sleep: () => Promise.resolve() }

export const IDS = ['a', 'b', 'c']

export async function run(
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
  return { results, made, outcomes: results.map(inWords).sort() }
}

function inWords(result: ProviderBatchResult<unknown>): string {
  if (result.ok) return result.id
  return `${result.id}: ${'reason' in result.error ? result.error.reason : result.error.code}`
}
