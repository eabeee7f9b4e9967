import { aSignal, flag, validate, type Check } from '../../validate.ts'
import { BatchRun } from '../batch-run.ts'
import type { ProviderBatchRun } from '../contracts.ts'
import { assertIterable, type RequestSource } from '../shard-source.ts'
import { messageBatches } from './message-batches.ts'
import type { Confirmed } from './open-intents.ts'
import { settingsOf, type ProviderBatchOptions } from './options.ts'

/** Runs requests through Anthropic's Message Batches API. Created by `createProviderBatch`. */
export interface ProviderBatch {
  /**
   * Creates a run. The run starts when you iterate it, and continues only while you read its results.
   *
   * @param requests the requests, read one by one as batches are filled; they may name different models. After a crash, pass the same requests in the
   * same order.
   * @param options `signal`: ends the run at once, with the signal's reason; submitted batches continue at the provider. `resubmitFailed`: if true,
   * and the state is that of a finished run, the requests that failed are submitted again; if false (the default), their errors are only reported
   * again. `confirmed`: the answer to an UnconfirmedBatchError or a BatchGoneError: for the name of a part, the id of its batch, or null if there is
   * none and its requests are to be submitted
   */
  run<Value = unknown>(
    requests: RequestSource,
    options?: {
      signal?: AbortSignal | undefined
      resubmitFailed?: boolean | undefined
      confirmed?: Readonly<Record<string, string | null>> | undefined
    },
  ): ProviderBatchRun<Value>
}

/**
 * Sends many requests through `/v1/messages/batches`, at half the price. Splits the requests into batches, polls them, and reads their results. Requests
 * that expired, are missing, or failed with an error of the provider are submitted again. With a `state`, another process can continue the run after a
 * crash.
 *
 * ```ts
 * const batch = createProviderBatch({ client: new Anthropic(), state: 'nightly.jsonl' })
 * for await (const result of batch.run<Anthropic.Message>(requests)) …
 * ```
 *
 * See https://platform.claude.com/docs/en/build-with-claude/batch-processing.
 *
 * @throws TypeError for a missing, unknown or invalid option
 */
export function createProviderBatch(options: ProviderBatchOptions): ProviderBatch {
  const settings = settingsOf(options)
  return {
    run(requests, runOptions = {}) {
      validate(runOptions, { signal: aSignal, resubmitFailed: flag, confirmed: isConfirmed })
      assertIterable(requests)
      const { signal, resubmitFailed = false, confirmed = {} } = runOptions
      return new BatchRun(settings, messageBatches(settings, confirmed), requests, { signal, resubmitFailed })
    },
  }
}

const isConfirmed: Check = [
  (value) =>
    typeof value === 'object' &&
    value !== null &&
    Object.values(value as Confirmed).every((id) => id === null || (typeof id === 'string' && id !== '')),
  'an object with the id of a batch or null for each part',
]
