import { describeValue } from '@harbor/parts'
import { aSignal, flag, validate } from '../validate.ts'
import { settingsOf, type ProviderBatchOptions } from './options.ts'
import { BatchRun } from './batch-run.ts'
import type { ProviderBatchRun } from './contracts.ts'
import type { RequestSource } from './shard-source.ts'

/** Runs requests through a provider's Batch API. */
export interface ProviderBatch {
  /**
   * Prepares a run; it begins when it is iterated, and goes on as fast as its results are taken.
   *
   * @param requests read one by one, as far as files are being filled. After a crash give the same ones, in the same order.
   * @param options `signal` ends the run at once with its own reason; what has been submitted goes on at the provider.
   * `resubmitFailed`: with the state of a run that came to its end, what failed there is submitted again, instead of being told again
   */
  run<Value = unknown>(
    requests: RequestSource,
    options?: { signal?: AbortSignal | undefined; resubmitFailed?: boolean | undefined },
  ): ProviderBatchRun<Value>
}

/**
 * Many requests through `/v1/files` and `/v1/batches`, at the price of the Batch API: cut into files, uploaded, watched, their results
 * read back, and what expired or was lost submitted again. With a `state` it survives its process.
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
