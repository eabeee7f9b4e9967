import {
  createPrefetcher,
  prefetchList,
  type Cache,
  type LoadContext,
  type PrefetchJob,
  type Prefetcher,
  type PrefetcherStats,
} from '@harbor/cache'
import { prefetchExchange, reusableParts, type ReusableParts } from '../call/exchange-copies.ts'
import type { Answer, Exchange } from '../call/exchange.ts'
import { systemClock } from '../base/clock.ts'
import { prefetchOutcome, type PrefetchOutcome } from './prefetch-requests.ts'
import type { PrefetchOptions } from '../options/prefetch-options.ts'

/**
 * The maximum length of a request body, in characters. The prefetch ignores requests with a longer body, because it stores the requests
 * that it learns in memory.
 */
const MAX_BODY_LENGTH = 16_384

type Job = PrefetchJob<PrefetchOutcome>

export interface PrefetchServices {
  /** Sends a call through all layers. */
  readonly handle: (exchange: Exchange) => Promise<Answer>
  readonly nextId: () => string
}

/**
 * Learns in which order callers make their requests, separately for each scope of the cache, and prefetches the requests that are likely to
 * follow.
 */
export class PredictivePrefetch {
  readonly #services: PrefetchServices
  readonly #prefetcher: Prefetcher<PrefetchOutcome>
  readonly #closing = new AbortController()
  /** The calls that were observed, by the functions that make their requests again. */
  readonly #calls = new WeakMap<object, ReusableParts>()

  constructor(options: PrefetchOptions, store: Cache<never>, services: PrefetchServices) {
    this.#services = services
    const idle = (signal?: AbortSignal): Promise<void> => store.idle(signal)
    // Each job makes a whole call, so that the cache layer stores the answer.
    const target = {
      clock: systemClock,
      idle,
      prefetchOne: async ({ load }: Job) => load(NO_CONTEXT),
    }
    this.#prefetcher = createPrefetcher<PrefetchOutcome>({
      ...options,
      clock: systemClock,
      jobFor: (predicted, after) => this.#jobFor(predicted, after),
      cache: {
        idle,
        has: (key, given) => store.has(key, given),
        prefetch: (jobs) => prefetchList(target, jobs),
      },
    })
  }

  /**
   * Learns from a request of a caller.
   * @param key the key of the answer in the cache
   */
  observe(exchange: Exchange, key: string, scope: string): void {
    const { body } = exchange.init
    if (typeof body !== 'string' || body.length > MAX_BODY_LENGTH) return
    const reusable = reusableParts(exchange)
    const load = (): Promise<PrefetchOutcome> => this.#prefetch(reusable, reusable)
    this.#calls.set(load, reusable)
    this.#prefetcher.observe({ key, scope, session: sessionOf(exchange), load })
  }

  /** Makes the job for a predicted request. It is paid by the call after which the request was predicted, not by the one that it repeats. */
  #jobFor(predicted: Job, after: Job): Job {
    const [call, paying] = [this.#calls.get(predicted.load), this.#calls.get(after.load)]
    return call && paying ? { ...predicted, load: () => this.#prefetch(call, paying) } : predicted
  }

  stats(): PrefetcherStats {
    return this.#prefetcher.stats()
  }

  close(): void {
    this.#prefetcher.close()
    this.#closing.abort(new DOMException('the client was closed', 'AbortError'))
  }

  async #prefetch(call: ReusableParts, paying: ReusableParts): Promise<PrefetchOutcome> {
    const { handle, nextId } = this.#services
    const exchange = prefetchExchange(call, paying, nextId(), this.#closing.signal)
    await drain(await handle(exchange))
    return prefetchOutcome(exchange.receipt)
  }
}

/** Reads an answer to its end, so that the cache stores it. */
async function drain({ body }: Answer): Promise<void> {
  if (body.kind !== 'stream') return
  for await (const _chunk of body.chunks);
  await body.ended
}

/** Returns the session whose sequence of requests is learned: the option `session` of the call, or else the user id in the request. */
function sessionOf({ perCall, json, operation }: Exchange): string | undefined {
  const { session = json && operation.request.sessionOf(json) } = perCall
  return session || undefined
}

/** A placeholder for the context that the prefetcher passes to the `load` function of each job. The jobs made here do not read it. */
const NO_CONTEXT = {} as LoadContext<PrefetchOutcome>
