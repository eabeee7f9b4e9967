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
import { becameOf, readOut, type Became } from './became.ts'
import type { PrefetchOptions } from '../options/prefetch-options.ts'

/** Longer requests are not asked ahead, since each must be remembered to be repeated. In characters of the body. */
const LONGEST_BODY = 16_384

export interface ForesightParts {
  readonly store: () => Cache<never>
  /** Takes a call through all layers. */
  readonly handle: (exchange: Exchange) => Promise<Answer>
  readonly nextId: () => string
}

/** Learns from what callers ask, and asks ahead what is likely to follow, each scope by itself. */
export class Foresight {
  readonly #parts: ForesightParts
  readonly #prefetcher: Prefetcher<Became>
  readonly #closing = new AbortController()

  constructor(options: PrefetchOptions, parts: ForesightParts) {
    this.#parts = parts
    const idle = (signal?: AbortSignal): Promise<void> => parts.store().idle(signal)
    // A job is a whole call, whose answer the cache keeps by itself.
    const target = {
      clock: systemClock,
      idle,
      prefetchOne: async ({ load }: PrefetchJob<Became>) => load(NO_CONTEXT),
    }
    this.#prefetcher = createPrefetcher<Became>({
      ...options,
      clock: systemClock,
      cache: {
        idle,
        has: (key, given) => parts.store().has(key, given),
        prefetch: (jobs) => prefetchList(target, jobs),
      },
    })
  }

  /** @param key what the cache keeps its answer under */
  observe(exchange: Exchange, key: string, scope: string): void {
    const { body } = exchange.init
    if (typeof body !== 'string' || body.length > LONGEST_BODY) return
    const parts = reusableParts(exchange)
    this.#prefetcher.observe({
      key,
      scope,
      session: sessionOf(exchange),
      load: () => this.#ask(parts),
    })
  }

  stats(): PrefetcherStats {
    return this.#prefetcher.stats()
  }

  close(): void {
    this.#prefetcher.close()
    this.#closing.abort(new DOMException('the client was closed', 'AbortError'))
  }

  async #ask(parts: ReusableParts): Promise<Became> {
    const { handle, nextId } = this.#parts
    const ahead = prefetchExchange(parts, nextId(), this.#closing.signal)
    await readOut(await handle(ahead))
    return becameOf(ahead.receipt)
  }
}

/** Whose questions follow each other; the provider is told of users for other reasons, but in the same words. */
function sessionOf({ perCall, json, operation }: Exchange): string | undefined {
  const { session = json && operation.request.sessionOf(json) } = perCall
  return session || undefined
}

/** What a load of a cache is given, and a call has no use for. */
const NO_CONTEXT = {} as LoadContext<Became>
