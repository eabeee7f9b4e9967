import { requestKey, type Cache } from '@harbor/cache'
import {
  createSemanticCache,
  SemanticCacheOffError,
  type SemanticCache,
  type SemanticReport,
} from '@harbor/cache/semantic'
import { systemClock } from '../base/clock.ts'
import type { Exchange } from '../call/exchange.ts'
import type { CacheRules } from '../options/cache-options.ts'
import type { SemanticOptions } from '../options/semantic-options.ts'
import type { Telemetry } from '../telemetry/telemetry.ts'
import { SemanticCall, type MeantAnswer } from './semantic-call.ts'
import type { SentRequest } from './sent-request.ts'
import type { Scope } from './scopes.ts'

/** The answers of a client and its copies by the meaning of their questions. Its code is loaded when the first client uses it. */
export class SemanticAnswers {
  readonly #cache: SemanticCache<MeantAnswer>
  readonly #store: Cache<never>

  constructor(options: SemanticOptions, store: Cache<never>, telemetry: Telemetry) {
    const { judge } = options
    this.#store = store
    this.#cache = createSemanticCache<MeantAnswer>({
      onError: (error) => {
        // Other errors are those of the user's functions, and may quote what these got.
        if (SemanticCacheOffError.is(error)) telemetry.warn('The semantic cache was switched off', error)
      },
      ...options,
      clock: systemClock,
      judge:
        judge &&
        (({ answer, cachedAnswer, ...hit }) =>
          judge({ ...hit, answer: answer?.text, cachedAnswer: cachedAnswer.text })),
    })
  }

  /**
   * Returns the part that the semantic cache has in a call; undefined if it has none.
   *
   * @param request what is sent. Everything in it but the text of the question separates answers, and so does the scope
   */
  async callOf(
    { perCall, operation, streaming }: Exchange,
    { json, baseURL, variant }: Pick<SentRequest, 'json' | 'variant'> & { readonly baseURL: string },
    scope: Scope,
    rules: CacheRules,
  ): Promise<SemanticCall | undefined> {
    const usesCache = perCall.cache === undefined || perCall.cache === 'default'
    if (!operation.asking || !usesCache || perCall.semantic === false || perCall.isPrefetch) return undefined
    const asking = await operation.asking()
    const question = asking.questionOf(json)
    if (!question) return undefined
    const partition = (): string => {
      const key = requestKey(question.rest, { baseURL, scope: 'rest', ignore: rules.ignore })
      return JSON.stringify([scope.name, scope.variant, variant, streaming, key])
    }
    const { cache, store } = { cache: this.#cache, store: this.#store }
    return new SemanticCall(
      { cache, store },
      { text: question.text, partition, scope: scope.name, ttlMs: perCall.ttlMs ?? rules.ttlMs, asking },
    )
  }

  report(): SemanticReport {
    return this.#cache.report()
  }

  reset(): void {
    this.#cache.reset()
  }

  /** Resolves when no hit is being judged. */
  idle(): Promise<void> {
    return this.#cache.idle()
  }

  close(): void {
    this.#cache.close()
  }
}
