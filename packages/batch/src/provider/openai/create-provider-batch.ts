import { aSignal, flag, validate } from '../../validate.ts'
import { BatchRun } from '../batch-run.ts'
import type { ProviderBatchRun } from '../contracts.ts'
import { assertIterable, type RequestSource } from '../shard-source.ts'
import { openaiBatches } from './openai-batches.ts'
import { settingsOf, type ProviderBatchOptions } from './options.ts'

/** Runs requests through a provider's Batch API. Created by `createProviderBatch`. */
export interface ProviderBatch {
  /**
   * Creates a run. The run starts when you iterate it, and continues only while you read its results.
   *
   * @param requests the requests, read one by one as files are filled. After a crash, pass the same requests in the same order.
   * @param options `signal`: ends the run at once, with the signal's reason; submitted batches continue at the provider. `resubmitFailed`: if true,
   * and the state is that of a finished run, the requests that failed are submitted again; if false (the default), their errors are only reported
   * again
   */
  run<Value = unknown>(
    requests: RequestSource,
    options?: { signal?: AbortSignal | undefined; resubmitFailed?: boolean | undefined },
  ): ProviderBatchRun<Value>
}

/**
 * Sends many requests through `/v1/files` and `/v1/batches`, at the lower price of the Batch API. Splits the requests into files, uploads them, polls
 * the batches, and reads their results. Requests that expired or are missing are submitted again. With a `state`, another process can continue the
 * run after a crash.
 *
 * ```ts
 * const batch = createProviderBatch({ client: new OpenAI(), endpoint: '/v1/chat/completions', state: 'nightly.jsonl' })
 * for await (const result of batch.run<ChatCompletion>(requests)) …
 * ```
 *
 * See https://platform.openai.com/docs/guides/batch.
 *
 * @throws TypeError for a missing, unknown or invalid option
 */
export function createProviderBatch(options: ProviderBatchOptions): ProviderBatch {
  const settings = settingsOf(options)
  return {
    run(requests, runOptions = {}) {
      validate(runOptions, { signal: aSignal, resubmitFailed: flag })
      assertIterable(requests)
      const { signal, resubmitFailed = false } = runOptions
      return new BatchRun(settings, openaiBatches(settings), requests, { signal, resubmitFailed })
    },
  }
}
