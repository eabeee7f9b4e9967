import { runBulk, type BulkRun, type BulkSource } from '@harbor/batch'
import type { OpenAI } from 'openai'
import { OptionError } from '../base/errors.ts'
import { optionsOfRun, type HarborBulkOptions } from './bulk-options.ts'
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
  options: HarborBulkOptions,
): BulkRun<BulkAnswer> {
  const { request = {}, patienceMs = 0, onOutage, id = idOf, journal } = options
  const calls = new DirectCalls({ client, prices, patienceMs, onOutage, onEnd: (error) => run.stop(error) })
  const run = runBulk<BulkRequest, BulkAnswer>(
    source,
    (item, context) => {
      checkRequest(item)
      return calls.answer(item, context, { request })
    },
    { ...optionsOfRun(options), id, journal: packedJournal(journal) },
  )
  return run
}

/** @param request a request, or whatever else the source yields */
export function idOf(request: BulkRequest | null | undefined, index: number): string {
  return request?.custom_id ?? String(index)
}

/**
 * Checks one request of a bulk run.
 * @throws OptionError if the request has no body, or asks for a stream
 */
export function checkRequest(request: BulkRequest): void {
  const { body } = Object(request) as { body?: BulkRequest['body'] | null }
  if (typeof body !== 'object' || body === null)
    throw new OptionError('body', 'A request needs a body, such as { model, messages }.')
  if ('stream' in body && body.stream)
    throw new OptionError('stream', 'A bulk run has no streams: leave stream out of the body.')
}
