import { describeValue } from '@harbor/parts'
import { aSignal, flag, validate } from '../validate.ts'
import { settingsOf, type ProviderBatchOptions } from './options.ts'
import { BatchRun } from './batch-run.ts'
import type { ProviderBatchRun } from './contracts.ts'
import type { RequestSource } from './shard-source.ts'

/** Runs requests through a provider's Batch API. */
export interface ProviderBatch {
  /**
   * Creates a run. It starts when it is iterated, and continues only while its results are read.
   *
   * @param requests read one by one, as files are filled. After a crash, pass the same requests in the same order.
   * @param options `signal` ends the run at once with its own reason; submitted batches continue at the provider.
   * `resubmitFailed`: with the state of a finished run, its failures are submitted again instead of being reported
   * again
   */
  run<Value = unknown>(
    requests: RequestSource,
    options?: { signal?: AbortSignal | undefined; resubmitFailed?: boolean | undefined },
  ): ProviderBatchRun<Value>
}

/**
 * Sends many requests through `/v1/files` and `/v1/batches`, at the price of the Batch API: splits them into files,
 * uploads them, polls the batches, reads their results, and submits requests again that expired or are missing. With a
 * `state`, another process can continue the run after a crash.
 *
 * ```ts
 * const batch = createProviderBatch({ client: new OpenAI(), endpoint: '/v1/chat/completions', state: 'nightly.jsonl' })
 * for await (const result of batch.run<ChatCompletion>(requests)) …
 * ```
 *
 * See https://platform.openai.com/docs/guides/batch.
 *
 * @throws TypeError for an option that is missing, does not exist or makes no sense
 */
export function createProviderBatch(options: ProviderBatchOptions): ProviderBatch {
  const settings = settingsOf(options)
  return {
    run(requests, runOptions = {}) {
      validate(runOptions, { signal: aSignal, resubmitFailed: flag })
      if (!isIterable(requests))
        throw new TypeError(`requests must be iterable, got ${describeValue(requests)}`)
      const { signal, resubmitFailed = false } = runOptions
      return new BatchRun(settings, requests, { signal, resubmitFailed })
    },
  }
}

function isIterable(value: unknown): boolean {
  return (
    typeof value === 'object' && value !== null && (Symbol.iterator in value || Symbol.asyncIterator in value)
  )
}
