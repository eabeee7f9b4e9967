import Anthropic from '@anthropic-ai/sdk'
import { startSimulator, type ProviderScript } from '@harbor/simulator'
import { afterAll, beforeEach } from 'vitest'
import { createProviderBatch, type ProviderBatch } from '../src/provider/anthropic/create-provider-batch.ts'
import type { ProviderBatchClient } from '../src/provider/anthropic/client.ts'
import type { ProviderBatchOptions } from '../src/provider/anthropic/options.ts'
import type { ProviderBatchRequest, ProviderBatchResult } from '../src/provider/contracts.ts'
import { BatchItemError } from '../src/provider/errors.ts'

const simulator = await startSimulator({ time: 'virtual', providers: { claude: {}, other: {} } })

/** The workspace of the runs. */
export const provider = simulator.provider('claude')
/** Another workspace: it has batches of its own. */
export const otherProvider = simulator.provider('other')

const clientOf = (baseURL: string): Anthropic => new Anthropic({ apiKey: 'key', baseURL, maxRetries: 0 })
export const client = clientOf(provider.url)
export const otherClient = clientOf(otherProvider.url)

/** The client, with other methods for batches. */
export function clientWith(
  methods: Partial<ProviderBatchClient['messages']['batches']>,
): ProviderBatchClient {
  const batches: ProviderBatchClient['messages']['batches'] = client.messages.batches
  return {
    messages: {
      batches: {
        create: (body, options) => batches.create(body, options),
        retrieve: (id, params, options) => batches.retrieve(id, params, options),
        cancel: (id) => batches.cancel(id),
        list: (query, options) => batches.list(query, options),
        results: (id, params, options) => batches.results(id, params, options),
        ...methods,
      },
    },
  }
}

afterAll(() => simulator.close())
beforeEach(() => {
  for (const each of [provider, otherProvider]) {
    each.script({})
    each.reset()
  }
})

/** The time of the runs and of the simulator, in milliseconds. Waits take no real time, and move both. */
let now = 0
export const waits: number[] = []
beforeEach(() => {
  now = 0
  waits.length = 0
})
const clock = {
  now: () => now,
  async sleep(ms: number) {
    waits.push(ms)
    now += ms
    await simulator.advance(ms)
  },
}

export function messages(count: number, model = 'claude-sonnet-4-6'): ProviderBatchRequest[] {
  return Array.from({ length: count }, (_, index) => ({
    id: `id ${index}`,
    body: { model, max_tokens: 50, messages: [{ role: 'user', content: `Question ${index}` }] },
  }))
}

export const batchOf = (options: Partial<ProviderBatchOptions> = {}): ProviderBatch =>
  createProviderBatch({ client, clock, random: () => 0.5, maxPollMs: 600_000, ...options })

type RunOptions = Parameters<ProviderBatch['run']>[1]
export type Result = ProviderBatchResult<Anthropic.Message>

export async function all(
  source: Iterable<ProviderBatchRequest>,
  options: Partial<ProviderBatchOptions> = {},
  runOptions?: RunOptions,
): Promise<Result[]> {
  const results: Result[] = []
  for await (const result of batchOf(options).run<Anthropic.Message>(source, runOptions)) results.push(result)
  return results
}

export const idsOf = (results: readonly { id: string }[]): string[] => results.map(({ id }) => id).sort()

/** The number of results of each kind. */
export function count(results: readonly Result[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const result of results) {
    const kind = result.ok ? 'ok' : BatchItemError.is(result.error) ? result.error.reason : result.error.code
    counts[kind] = (counts[kind] ?? 0) + 1
  }
  return counts
}

export const script = (batches: ProviderScript['batches'], rules: ProviderScript['rules'] = []): void =>
  provider.script({ batches, rules })

export const created = (): number => provider.counts().batches.created
