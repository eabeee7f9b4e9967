import type { Cache, CacheStats, PrefetcherStats } from '@harbor/cache'
import type { SemanticReport } from '@harbor/cache/semantic'
import { noCacheStats, noPrefetcherStats } from '@harbor/cache/option-checks'
import type { Answer, Exchange, Handler } from '../call/exchange.ts'
import type { CacheRules } from '../options/cache-options.ts'
import type { SemanticOptions } from '../options/semantic-options.ts'
import type { CachedCalls, CachedCallsOptions, CacheServices } from './cached-calls.ts'

/** The options of the cache layer. */
interface CacheLayerSettings extends Omit<CachedCallsOptions, 'newSemantic'> {
  /** The options of the semantic cache; undefined when it is off. */
  readonly semantic: SemanticOptions | undefined
}

/** The cache of a client and its copies. Its code is loaded when one of them first uses it. */
export class CacheLayer {
  readonly #options: CacheLayerSettings
  readonly #services: CacheServices
  #calls: CachedCalls | undefined
  #loading: Promise<CachedCalls> | undefined
  #prefetchingIsOver = false

  constructor(options: CacheLayerSettings, services: CacheServices) {
    this.#options = options
    this.#services = services
  }

  layer(next: Handler): Handler {
    return (exchange) => {
      const { policy, operation } = exchange
      if (!policy.cache || !operation.checksAnswers) return next(exchange)
      return (
        this.#calls?.answer(exchange, policy.cache, next) ??
        this.#answerOnceLoaded(exchange, policy.cache, next)
      )
    }
  }

  /** Returns the cache, which is created first if it was not used yet. */
  async open(): Promise<Cache<never>> {
    return (await this.#load()).store
  }

  stats(): CacheStats {
    return this.#calls?.store.stats() ?? noCacheStats()
  }

  /** Returns what the semantic cache has done; undefined when it is off, or was not used yet. */
  semanticReport(): SemanticReport | undefined {
    return this.#calls?.semantic?.report()
  }

  /** Switches the semantic cache on again after it was switched off. */
  resetSemantic(): void {
    this.#calls?.semantic?.reset()
  }

  /** Returns the statistics of the predictive prefetch; undefined when it is off. */
  prefetchStats(): PrefetcherStats | undefined {
    return this.#options.prefetch && (this.#calls?.prefetch?.stats() ?? noPrefetcherStats())
  }

  /** Stops the predictive prefetch, and aborts its calls in flight. Calls of others can still use the cache. */
  stopPrefetching(): void {
    this.#prefetchingIsOver = true
    this.#calls?.prefetch?.close()
  }

  /** Keeps later calls of all processes from joining calls in flight, whose answers may be out of date. */
  detachFlights(): void {
    this.#options.fleet?.flights.detach()
  }

  async close(): Promise<void> {
    this.stopPrefetching()
    const calls = await this.#loading
    calls?.semantic?.close()
    await calls?.store.close()
  }

  async #answerOnceLoaded(exchange: Exchange, rules: CacheRules, next: Handler): Promise<Answer> {
    const calls = await this.#load()
    return calls.answer(exchange, rules, next)
  }

  #load(): Promise<CachedCalls> {
    this.#loading ??= this.#create()
    return this.#loading
  }

  async #create(): Promise<CachedCalls> {
    try {
      const { semantic, ...options } = this.#options
      const [late, meaning] = await Promise.all([
        import('./cached-calls.ts'),
        semantic && import('../cache/semantic-answers.ts'),
      ])
      const newSemantic: CachedCallsOptions['newSemantic'] =
        semantic && meaning && ((...parts) => new meaning.SemanticAnswers(semantic, ...parts))
      this.#calls = new late.CachedCalls({ ...options, newSemantic }, this.#services)
      if (this.#prefetchingIsOver) this.#calls.prefetch?.close()
      return this.#calls
    } catch (error) {
      // The next call tries again.
      this.#loading = undefined
      throw error
    }
  }
}
