import { runBulk, type BulkContext, type BulkRun, type BulkSource } from '@harbor/batch'
import { APIError, type OpenAI } from 'openai'
import { sendRequest } from '../call/api-request.ts'
import { OptionError } from '../errors.ts'
import { receiptOf } from '../receipt.ts'
import type { HarborBulkOptions } from './bulk-options.ts'
import type { BulkAnswer, BulkRequest } from './bulk-request.ts'

/** One call for each request, each through all of the client. When the money is spent, the run ends, and can go on later. */
export function directBulk(
  client: OpenAI,
  source: BulkSource<BulkRequest>,
  { via: _via, request = {}, providerBatch: _batch, ...options }: HarborBulkOptions,
): BulkRun<BulkAnswer> {
  const run = runBulk<BulkRequest, BulkAnswer>(source, ask, { id: idOf, ...options })
  return run

  async function ask(item: BulkRequest, context: BulkContext): Promise<BulkAnswer> {
    refuseStream(item)
    try {
      const body = await sendRequest(client, item, { ...request, signal: context.signal })
      return answerOf(body, context)
    } catch (error) {
      if (error instanceof APIError && error.code === 'spend_limit') run.stop(error)
      throw error
    }
  }
}

export function idOf({ custom_id: id }: BulkRequest, index: number): string {
  return id ?? String(index)
}

function answerOf(body: unknown, context: BulkContext): BulkAnswer {
  const receipt = receiptOf(body)
  const { target = '', usage, cost, cache } = receipt ?? {}
  if (usage) context.report({ usage: { input: usage.inputTokens, output: usage.outputTokens } })
  return {
    body,
    target,
    ...(usage && { usage }),
    ...(cost && { usd: cost.usd }),
    ...(cache && { cache: cache.status }),
  }
}

/** @throws OptionError */
export function refuseStream({ body }: BulkRequest): void {
  if (typeof body !== 'object' || (body as unknown) === null)
    throw new OptionError('body', 'A request needs a body, such as { model, messages }.')
  if ('stream' in body && body.stream)
    throw new OptionError('stream', 'A bulk run gives whole answers: leave stream out of the body.')
}
