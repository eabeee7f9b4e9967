import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startSimulator, type ProviderScript } from '@harbor/simulator'
import OpenAI from 'openai'
import { afterAll, beforeEach } from 'vitest'
import { BatchItemError } from '../src/provider/errors.ts'
import type { ProviderBatchClient } from '../src/provider/openai/client.ts'
import type { ProviderBatchResult } from '../src/provider/contracts.ts'
import { createProviderBatch } from '../src/provider/openai/create-provider-batch.ts'
import type { ProviderBatchOptions } from '../src/provider/openai/options.ts'
import type { RequestSource } from '../src/provider/shard-source.ts'

const simulator = await startSimulator()

export const provider = simulator.provider()

export const client = new OpenAI({ apiKey: 'key', baseURL: provider.baseURL, maxRetries: 0 })

export const folder = mkdtempSync(join(tmpdir(), 'harbor-'))

afterAll(async () => {
  rmSync(folder, { recursive: true })
  await simulator.close()
})

beforeEach(() => {
  provider.script({})
  provider.reset()
})

/** The time of this machine, with waits of at most 5 ms. */
export const waits: number[] = []

const hasty = {
  now: () => performance.now(),
  sleep: (ms: number) => {
    waits.push(ms)
    return new Promise<void>((resolve) => setTimeout(resolve, Math.min(ms, 5)))
  },
}

export const batchOf = (options: Partial<ProviderBatchOptions> = {}) =>
  createProviderBatch({ client, endpoint: '/v1/embeddings', clock: hasty, ...options })

type Result = ProviderBatchResult<{ data: unknown[] }>

export async function all(
  source: RequestSource,
  options: Partial<ProviderBatchOptions> = {},
): Promise<Result[]> {
  const results: Result[] = []
  for await (const result of batchOf(options).run<{ data: unknown[] }>(source)) results.push(result)
  return results
}

export const idsOf = (results: readonly { id: string }[]) => results.map(({ id }) => id).sort()

const reasons = (results: readonly Result[]) =>
  results.map((result) =>
    result.ok ? 'ok' : BatchItemError.is(result.error) ? result.error.reason : result.error.code,
  )

/** The number of results of each kind. */
export function count(results: readonly Result[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const reason of reasons(results)) counts[reason] = (counts[reason] ?? 0) + 1
  return counts
}

/** The ids in the uploaded files, the oldest file first. */
export async function uploads(): Promise<string[][]> {
  const files = []
  for await (const { id } of client.files.list({ purpose: 'batch', order: 'asc' })) files.push(id)
  return Promise.all(
    files.map(async (id) => {
      const text = await (await client.files.content(id)).text()
      return text
        .trimEnd()
        .split('\n')
        .map((line) => (JSON.parse(line) as { custom_id: string }).custom_id)
    }),
  )
}

export const script = (batches: ProviderScript['batches'], rules: ProviderScript['rules'] = []) =>
  provider.script({ batches, rules })

/** A client whose batches are answered at once, and which keeps no more of a file than its ids. */
export function fake({
  onUpload,
  onLine,
}: {
  onUpload: (lines: number, bytes: number) => void
  onLine?: () => void
}): ProviderBatchClient {
  const files: string[][] = []
  const encoder = new TextEncoder()
  const batch = (id: string) => ({
    id,
    status: 'completed',
    created_at: 0,
    output_file_id: id,
    error_file_id: null,
  })
  return {
    files: {
      async create({ file }) {
        const ids: string[] = []
        let tail = ''
        for await (const chunk of file.stream().pipeThrough(new TextDecoderStream())) {
          const lines = (tail + chunk).split('\n')
          tail = lines.pop() ?? ''
          for (const line of lines) ids.push(/^{"custom_id":"([^"]*)"/.exec(line)?.[1] ?? '')
        }
        onUpload(ids.length, file.size)
        files.push(ids)
        return { id: String(files.length - 1) }
      },
      async content(id) {
        const ids = files[Number(id)] ?? []
        async function* body(): AsyncGenerator<Uint8Array> {
          for (const custom_id of ids) {
            onLine?.()
            yield encoder.encode(
              `${JSON.stringify({ custom_id, response: { status_code: 200, body: {} } })}\n`,
            )
          }
        }
        return { body: body() }
      },
    },
    batches: {
      create: async ({ input_file_id }) => batch(input_file_id),
      retrieve: async (id) => batch(id),
      cancel: async (id) => batch(id),
      list: () => (async function* () {})(),
    },
  }
}
