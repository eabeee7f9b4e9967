import { runBulk, type BulkRun, type BulkSource } from '@harbor/batch'
import type { OpenAI } from 'openai'
import { OptionError } from '../base/errors.ts'
import type { HarborBulkOptions } from './bulk-options.ts'
import type { BulkAnswer, BulkRequest } from './bulk-request.ts'
import { DirectCalls, type Prices } from './direct-calls.ts'
import { packedJournal } from './packed-journal.ts'

/**
 * Makes one call for each request, through all layers of the client. The run ends when the spend limit is reached and no call that is in
 * flight can give money back. It can be resumed later.
 */
export function directBulk(
  client: OpenAI,
  prices: Prices,
  source: BulkSource<BulkRequest>,
  {
    via: _via,
    request = {},
    providerBatch: _batch,
    patienceMs = 0,
    onOutage,
    journal,
    ...options
  }: HarborBulkOptions,
): BulkRun<BulkAnswer> {
  const calls = new DirectCalls({ client, prices, patienceMs, onOutage, onEnd: (error) => run.stop(error) })
  const run = runBulk<BulkRequest, BulkAnswer>(
    source,
    (item, context) => {
      checkRequest(item)
      return calls.answer(item, context, { request })
    },
    { id: idOf, ...options, journal: packedJournal(journal) },
  )
  return run
}

export function idOf({ custom_id: id }: BulkRequest, index: number): string {
  return id ?? String(index)
}

/**
 * Checks one request of a bulk run.
 * @throws OptionError if the request has no body, or asks for a stream
 */
export function checkRequest({ body }: BulkRequest): void {
  if (typeof body !== 'object' || (body as unknown) === null)
    throw new OptionError('body', 'A request needs a body, such as { model, messages }.')
  if ('stream' in body && body.stream)
    throw new OptionError('stream', 'A bulk run does not return streams: leave stream out of the body.')
}
