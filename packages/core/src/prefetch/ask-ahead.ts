import { prefetchList, type PrefetchListOptions, type PrefetchReport } from '@harbor/cache'
import type { OpenAI } from 'openai'
import { sendRequest, type ApiRequest } from '../call/api-request.ts'
import { OptionError } from '../base/errors.ts'
import { systemClock } from '../base/clock.ts'
import { checkPerCall } from '../options/check-options.ts'
import { prefetchOptions } from '../options/per-call.ts'
import { receiptOf, type Receipt } from '../reporting/receipt.ts'
import { becameOf, type Became } from './became.ts'

/** A request whose answer is wanted in the cache, and how it is kept there. */
export type PrefetchRequest = ApiRequest & {
  /** How long the answer is fresh, in milliseconds, instead of the cache's own. */
  readonly ttlMs?: number | undefined
  /** What the answer can be forgotten by. */
  readonly tags?: readonly string[] | undefined
  /** Who shares the answer, instead of the cache's own `scope`. */
  readonly scope?: string | undefined
}

/**
 * Asks what is on a list, for nobody but the cache.
 * @param idle resolves when no caller waits for an answer
 */
export function askAhead(
  client: OpenAI,
  requests: Iterable<PrefetchRequest>,
  options: PrefetchListOptions | undefined,
  idle: (signal?: AbortSignal) => Promise<void>,
): Promise<PrefetchReport> {
  const target = {
    clock: systemClock,
    idle,
    prefetchOne: (request: PrefetchRequest, signal?: AbortSignal) => ask(client, request, signal),
  }
  return prefetchList(target, requests, options)
}

/** @throws OptionError for what is no request */
async function ask(client: OpenAI, request: PrefetchRequest, signal?: AbortSignal): Promise<Became> {
  const { body, ttlMs, tags, scope } = request
  if (typeof body !== 'object' || (body as unknown) === null)
    throw new OptionError('body', 'A request to be asked ahead needs a body, such as { model, messages }.')
  checkPerCall({ ttlMs, tags, scope })
  const { promise: closed, resolve: onReceipt } = Promise.withResolvers<Receipt>()
  const wishes = prefetchOptions({ ttlMs, tags, scope, onReceipt })
  try {
    const response = await sendRequest(client, request, { ...wishes, ...(signal && { signal }) }).asResponse()
    await response.arrayBuffer()
    return becameOf(await closed)
  } catch (error) {
    if (receiptOf(error)?.cache?.status === 'bypass') return 'refused'
    throw error
  }
}
