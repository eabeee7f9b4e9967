import { runBulk, type BulkContext, type BulkRun, type BulkSource, type Journal } from '@harbor/batch'
import { createProviderBatch, type ProviderBatchResult } from '@harbor/batch/openai'
import type { OpenAI } from 'openai'
import { endpointOfUrl } from '../protocols/openai/batch-endpoints.ts'
import type { Accounts } from '../cost/accounts.ts'
import { OptionError } from '../base/errors.ts'
import type { Labels } from '../reporting/labels.ts'
import type { Target } from '../reporting/target.ts'
import { isRecord } from '../base/json.ts'
import { ANSWER } from '../protocols/openai/answer.ts'
import { optionsOfRun, type HarborBulkOptions } from './bulk-options.ts'
import type { BulkAnswer, BulkRequest } from './bulk-request.ts'
import { checkRequest, idOf } from './direct-bulk.ts'
import { packedJournal } from './packed-journal.ts'
import { tiedTo } from './tied-run.ts'

export interface ProviderBulkParts {
  readonly client: OpenAI
  readonly accounts: Accounts
  /** The labels of the client. */
  readonly labels: Labels
  /** Returns the target for a model of the client's own provider. */
  readonly targetOf: (model: string | undefined) => Target
}

/**
 * Sends the requests through the provider's Batch API. Returns a run whose items are the results of the batches, in the order in which they
 * arrive. The state of submitted batches is stored beside the journal.
 */
export function providerBulk(
  { client, accounts, labels, targetOf }: ProviderBulkParts,
  source: BulkSource<BulkRequest>,
  options: HarborBulkOptions,
): BulkRun<BulkAnswer> {
  const { providerBatch = {}, journal, id = idOf, onDuplicateId, signal } = options
  const { endpoint = '/v1/chat/completions', ...settings } = providerBatch
  /** Whether the source has to yield its next request. */
  let isReading = true
  const batch = createProviderBatch({
    ...settings,
    client,
    endpoint,
    onDuplicateId,
    state:
      journal === undefined
        ? undefined
        : `${typeof journal === 'string' ? journal : (Object(journal) as Journal).path}.batches`,
  })
  // Requests that failed in a finished run are submitted again, as in any run with a journal.
  const remote = batch.run(requests(), { signal, resubmitFailed: true })
  const run = runBulk<ProviderBatchResult<unknown>, BulkAnswer>(remote, answerOf, {
    ...optionsOfRun(options),
    id: (result) => result.id,
    concurrency: 1,
    journal: packedJournal(journal),
  })
  // The run no longer waits for the provider when it ends, and the state of the batches is unlocked.
  return tiedTo(run, {
    release: (reason) => remote.abort(reason),
    skipped: () => remote.progress().skipped,
    waitsFor: () => (isReading ? 'source' : 'batch'),
  })

  async function* requests(): AsyncGenerator<{ id: string; body: object }> {
    let index = 0
    isReading = true
    for await (const request of source as AsyncIterable<BulkRequest>) {
      isReading = false
      checkRequest(request)
      if (
        request.url !== endpoint &&
        endpointOfUrl(request.url ?? '/v1/chat/completions') !== endpointOfUrl(endpoint)
      ) {
        throw new OptionError(
          'url',
          `Request ${index} is for ${String(request.url)}, not for ${endpoint}: see providerBatch.endpoint.`,
        )
      }
      yield { id: id(request, index++), body: request.body }
      isReading = true
    }
    isReading = false
  }

  async function answerOf(result: ProviderBatchResult<unknown>, context: BulkContext): Promise<BulkAnswer> {
    if (!result.ok) throw result.error
    const { value: body } = result
    const model = isRecord(body) ? ANSWER.modelOf(body) : undefined
    const usage = isRecord(body) ? ANSWER.usageOf(body).usage : undefined
    if (usage) context.report({ usage: { input: usage.inputTokens, output: usage.outputTokens } })
    const target = targetOf(model)
    if (!usage) accounts.bookUnpriced(target.name, labels)
    const usd = usage && (await accounts.bookBatched(target, usage, labels))
    return { body, target: target.name, ...(usage && { usage }), ...(usd !== undefined && { usd }) }
  }
}
