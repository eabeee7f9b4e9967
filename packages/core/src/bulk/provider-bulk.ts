import { runBulk, type BulkContext, type BulkResult, type BulkRun, type BulkSource } from '@harbor/batch'
import { createProviderBatch, type ProviderBatchResult } from '@harbor/batch/openai'
import type { OpenAI } from 'openai'
import type { Accounts } from '../cost/accounts.ts'
import { OptionError } from '../errors.ts'
import type { Target } from '../targets/target.ts'
import { isRecord } from '../wire/json.ts'
import { readUsage } from '../wire/usage.ts'
import type { HarborBulkOptions } from './bulk-options.ts'
import type { BulkAnswer, BulkRequest } from './bulk-request.ts'
import { idOf, refuseStream } from './direct-bulk.ts'

export interface ProviderBulkParts {
  readonly client: OpenAI
  readonly accounts: Accounts
  /** Whom a model of the client's own provider means. */
  readonly targetOf: (model: string | undefined) => Target
}

/**
 * The same run through the provider's Batch API: what is called for each item is a result that has come. The state of what was submitted
 * stands beside the journal.
 */
export function providerBulk(
  { client, accounts, targetOf }: ProviderBulkParts,
  source: BulkSource<BulkRequest>,
  { via: _via, providerBatch = {}, journal, id = idOf, signal, ...options }: HarborBulkOptions,
): BulkRun<BulkAnswer> {
  const { endpoint = '/v1/chat/completions', ...settings } = providerBatch
  const batch = createProviderBatch({
    ...settings,
    client,
    endpoint,
    ...(typeof journal === 'string' && { state: `${journal}.batches` }),
  })
  const remote = batch.run(requests(), signal && { signal })
  const run = runBulk<ProviderBatchResult<unknown>, BulkAnswer>(remote, answerOf, {
    ...(options as object),
    id: (result) => result.id,
    concurrency: 1,
    journal,
    signal,
  })
  return withEnd(run, (reason) => void remote.abort(reason))

  async function* requests(): AsyncGenerator<{ id: string; body: object }> {
    let index = 0
    for await (const request of source as AsyncIterable<BulkRequest>) {
      refuseStream(request)
      if ((request.url ?? '/v1/chat/completions') !== endpoint) {
        throw new OptionError(
          'url',
          `Request ${index} is for ${String(request.url)}, and the run for ${endpoint}: a run through the Batch API has one endpoint, ` +
            'which providerBatch.endpoint names.',
        )
      }
      yield { id: id(request, index++), body: request.body }
    }
  }

  async function answerOf(result: ProviderBatchResult<unknown>, context: BulkContext): Promise<BulkAnswer> {
    if (!result.ok) throw result.error
    const { value: body } = result
    const model = isRecord(body) && typeof body['model'] === 'string' ? body['model'] : undefined
    const usage = isRecord(body) ? readUsage(body['usage']) : undefined
    if (usage) context.report({ usage: { input: usage.inputTokens, output: usage.outputTokens } })
    const target = targetOf(model)
    const usd = usage && (await accounts.bookBatched(target, usage))
    return { body, target: target.name, ...(usage && { usage }), ...(usd !== undefined && { usd }) }
  }
}

/** A run that is left, stopped or aborted does not wait for the provider to have answered. */
function withEnd<Result>(run: BulkRun<Result>, end: (reason?: unknown) => void): BulkRun<Result> {
  return {
    get summary() {
      return run.summary
    },
    progress: () => run.progress(),
    pause: () => run.pause(),
    resume: () => run.resume(),
    stop: (error) => {
      run.stop(error)
      end()
    },
    abort: (reason) => {
      run.abort(reason)
      end(reason)
    },
    [Symbol.asyncIterator]: (): AsyncIterableIterator<BulkResult<Result>> => {
      const inner = run[Symbol.asyncIterator]()
      const outer: AsyncIterableIterator<BulkResult<Result>> = {
        next: () => inner.next(),
        return: async () => {
          end()
          return (await inner.return?.()) ?? { done: true, value: undefined }
        },
        [Symbol.asyncIterator]: () => outer,
      }
      return outer
    },
  }
}
