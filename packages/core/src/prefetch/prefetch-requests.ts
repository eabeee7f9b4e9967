import type { PrefetchListOptions, PrefetchReport } from '@harbor/cache'
import type { OpenAI } from 'openai'
import { sendRequest, type ApiRequest } from '../call/api-request.ts'
import { OptionError } from '../base/errors.ts'
import { systemClock } from '../base/clock.ts'
import { checkPerCall } from '../options/check-options.ts'
import { prefetchOptions } from '../options/per-call.ts'
import type { Labels } from '../reporting/labels.ts'
import { receiptOf, type Receipt } from '../reporting/receipt.ts'

/** A request that `harbor.prefetch()` sends to cache its answer. */
export type PrefetchRequest = ApiRequest & {
  /** How long the answer is fresh, in milliseconds, at least 0. @default the cache's `ttlMs` */
  readonly ttlMs?: number | undefined
  /** Tags of the cached answer, for `harbor.cache.invalidateTag(tag)`. @default none */
  readonly tags?: readonly string[] | undefined
  /** The scope within which callers share the answer. @default the cache's `scope` */
  readonly scope?: string | undefined
  /** The labels of the call, in addition to those of the client. @default none */
  readonly labels?: Labels | undefined
}

/**
 * Fills the cache by making a call for each request.
 * @param idle resolves when no caller waits for an answer
 */
export async function prefetchRequests(
  client: OpenAI,
  requests: Iterable<PrefetchRequest>,
  options: PrefetchListOptions | undefined,
  idle: (signal?: AbortSignal) => Promise<void>,
): Promise<PrefetchReport> {
  const target = {
    clock: systemClock,
    idle,
    prefetchOne: (request: PrefetchRequest, signal?: AbortSignal) => prefetchOne(client, request, signal),
  }
  const { prefetchList } = await import('@harbor/cache')
  return prefetchList(target, requests, options)
}

/**
 * Makes one call to fill the cache.
 * @throws OptionError for an invalid request
 */
async function prefetchOne(
  client: OpenAI,
  request: PrefetchRequest,
  signal?: AbortSignal,
): Promise<PrefetchOutcome> {
  const { body, ttlMs, tags, scope, labels } = request
  if (typeof body !== 'object' || (body as unknown) === null)
    throw new OptionError('body', 'A request to prefetch needs a body, such as { model, messages }.')
  checkPerCall({ ttlMs, tags, scope, labels })
  const { promise: closed, resolve: onReceipt } = Promise.withResolvers<Receipt>()
  const callOptions = prefetchOptions({ ttlMs, tags, scope, labels, onReceipt })
  try {
    const response = await sendRequest(client, request, {
      ...callOptions,
      ...(signal && { signal }),
    }).asResponse()
    await response.arrayBuffer()
    return prefetchOutcome(await closed)
  } catch (error) {
    if (receiptOf(error)?.cache?.status === 'bypass') return 'refused'
    throw error
  }
}

/**
 * The result of a prefetch. `loaded`: the answer was added to the cache. `present`: it was in the cache already. `refused`: it cannot be
 * cached.
 */
export type PrefetchOutcome = 'loaded' | 'present' | 'refused'

export function prefetchOutcome({ cache }: Receipt): PrefetchOutcome {
  if (cache === undefined || cache.status === 'bypass') return 'refused'
  if (cache.status !== 'miss') return 'present'
  return cache.stored === true ? 'loaded' : 'refused'
}
