import { untilAborted } from '@harbor/parts'
import { aName, aSignal, aText, expect, life, validate, type Check } from '../base/validate.ts'
import { AnswerIndex } from './answer-index.ts'
import { Embedder } from './embedder.ts'
import { Gate } from './gate.ts'
import { differenceBy } from './guard/difference-by.ts'
import { Judging } from './judging.ts'
import type { MissReason, SemanticLookup, SemanticMiss } from './lookup.ts'
import { semanticSettings, type SemanticCacheOptions, type SemanticSettings } from './options.ts'
import { SemanticCounters, type SemanticReport, type SemanticState } from './report.ts'
import type { SemanticCache, SemanticEntry, SemanticQuestion } from './semantic-cache.ts'
import type { Neighbour, StoredAnswer } from './vector-partition.ts'

/**
 * Creates a cache that finds an answer by the meaning of a text. An embedder proposes similar texts, a guard decides against those that may ask for
 * something else, and judged samples bound the share of wrong answers. By default nothing is served: see `shadow`.
 *
 * @example
 * const cache = createSemanticCache<string>({ embed: (text) => embedding(text) })
 * const found = await cache.lookup({ partition, text })
 * const answer = found.status === 'hit' ? found.value : await ask(text)
 * if (found.status === 'shadow-hit') void found.compare(answer)
 * if (found.status !== 'hit') await cache.store({ partition, text, value: answer, lookup: found })
 *
 * @throws TypeError for an unknown, invalid or missing option
 */
export function createSemanticCache<Value>(options: SemanticCacheOptions<Value>): SemanticCache<Value> {
  return new BoundedSemanticCache(semanticSettings(options))
}

class BoundedSemanticCache<Value> implements SemanticCache<Value> {
  readonly #settings: SemanticSettings<Value>
  readonly #index: AnswerIndex<Value>
  readonly #embedder: Embedder
  readonly #gate: Gate
  readonly #judging: Judging<Value>
  readonly #counters = new SemanticCounters()
  /** The vectors of texts that were looked up, for as long as the result of the lookup is used. */
  readonly #vectors = new WeakMap<object, { text: string; vector: Float32Array }>()
  #closed = false

  constructor(settings: SemanticSettings<Value>) {
    this.#settings = settings
    this.#index = new AnswerIndex(settings.maxEntries)
    this.#embedder = new Embedder(settings, () => this.#index.clear())
    this.#gate = new Gate(settings)
    this.#judging = new Judging(settings, this.#gate)
  }

  get state(): SemanticState {
    return this.#gate.state
  }

  async lookup(question: SemanticQuestion): Promise<SemanticLookup<Value>> {
    validate(question, QUESTION)
    expectNamed(question)
    const { partition, text, signal } = question
    signal?.throwIfAborted()
    const refusal = this.#whyNot(text)
    if (refusal) return miss(refusal)
    this.#counters.lookups++
    const same = this.#index.withText(partition, text, this.#now())
    if (same) {
      this.#counters.identical++
      return this.#result(text, { entry: same, similarity: 1 })
    }
    const vector = await untilAborted(signal, this.#embedder.vectorOf(text))
    if (!vector) return miss('embed-failed')
    const late = this.#whyNot(text)
    const result = late ? miss(late) : this.#nearest(partition, text, vector)
    this.#vectors.set(result, { text, vector })
    return result
  }

  async store(entry: SemanticEntry<Value>): Promise<boolean> {
    validate(entry, ENTRY)
    expectNamed(entry)
    const { partition, text, value, ttlMs = this.#settings.ttlMs, signal, lookup } = entry
    signal?.throwIfAborted()
    if (this.#whyNot(text)) return false
    // The answer is as old as this call, however long the vector takes.
    const storedAt = this.#now()
    const known = lookup && this.#vectors.get(lookup)
    const vector =
      known?.text === text ? known.vector : await untilAborted(signal, this.#embedder.vectorOf(text))
    if (!vector || this.#whyNot(text)) return false
    return this.#index.add({ partition, text, value, storedAt, expiresAt: storedAt + ttlMs }, vector)
  }

  delete({ partition, text }: Pick<SemanticQuestion, 'partition' | 'text'>): boolean {
    return this.#index.delete(partition, text)
  }

  clear(partition?: string): void {
    this.#index.clear(partition)
  }

  report(): SemanticReport {
    const { samples, state, offReason, upperBound, judgeFailures } = this.#gate
    const { lookups, identical, near, hits, served, refused } = this.#counters
    return {
      ...{ state, offReason, entries: this.#index.entries, partitions: this.#index.partitions },
      ...{ lookups, identical, near, refused, hits, served, ...samples },
      errorRate: samples.judged === 0 ? undefined : samples.wrong / samples.judged,
      ...{ upperBound, maxErrorRate: this.#settings.maxErrorRate, judgeFailures },
      embedFailures: this.#embedder.failures,
    }
  }

  reset(): void {
    this.#gate.reset()
  }

  idle(): Promise<void> {
    return this.#judging.idle()
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    const reason = new DOMException('the semantic cache was closed', 'AbortError')
    this.#embedder.close(reason)
    this.#judging.close(reason)
    this.#index.clear()
  }

  #now(): number {
    return this.#settings.clock.now()
  }

  #whyNot(text: string): MissReason | undefined {
    if (this.#closed) return 'closed'
    if (this.#gate.state === 'off') return 'off'
    if (text.length > this.#settings.maxTextLength) return 'too-long'
    return text.trim() === '' ? 'empty' : undefined
  }

  /** Returns the most similar answer that the guard does not refuse. */
  #nearest(partition: string, text: string, vector: Float32Array): SemanticLookup<Value> {
    const { threshold, guard, onError } = this.#settings
    const near = this.#index.near(partition, vector, threshold, this.#now())
    if (near.length === 0) return miss('none-near')
    this.#counters.near++
    let refusal: Extract<MissReason, `guard:${string}`> | undefined
    for (const neighbour of near.slice(0, MAX_COMPARED)) {
      const difference = differenceBy(guard, text, neighbour.entry.text, onError)
      if (difference === undefined) return this.#result(text, neighbour)
      refusal ??= `guard:${difference}`
    }
    const reason = refusal ?? 'none-near'
    this.#counters.refuse(reason.replace('guard:', ''))
    return miss(reason)
  }

  #result(text: string, { entry, similarity }: Neighbour<Value>): SemanticLookup<Value> {
    const isIdentical = entry.text === text
    const choice = isIdentical ? 'no' : this.#judging.choose()
    const isServed = this.#gate.state === 'serving'
    if (!isIdentical) this.#counters.hits++
    const ageMs = Math.max(0, this.#now() - entry.storedAt)
    if (!isServed)
      return { status: 'shadow-hit', similarity, ageMs, compare: this.#comparison(text, entry, choice) }
    if (choice === 'busy') return miss('judge-busy')
    if (choice === 'yes') void this.#judging.judge({ ...hitOf(text, entry), answer: undefined })
    this.#counters.served++
    this.#index.used(entry)
    return { status: 'hit', value: entry.value, similarity, ageMs }
  }

  #comparison(
    text: string,
    entry: StoredAnswer<Value>,
    choice: 'yes' | 'no' | 'busy',
  ): (answer: Value) => Promise<void> {
    this.#index.used(entry)
    let isOpen = choice === 'yes'
    return async (answer) => {
      // A hit is one sample, however often it is compared.
      if (!isOpen) return
      isOpen = false
      await this.#judging.judge({ ...hitOf(text, entry), answer })
    }
  }
}

function hitOf<Value>(text: string, { text: cachedText, value: cachedAnswer }: StoredAnswer<Value>) {
  return { text, cachedText, cachedAnswer }
}

function miss(reason: MissReason): SemanticMiss {
  return { status: 'miss', reason }
}

function expectNamed({ partition, text }: SemanticQuestion): void {
  expect('partition', partition, aName)
  expect('text', text, aText)
}

/** The maximum number of similar texts that the guard compares. */
const MAX_COMPARED = 16

const ANY: Check = [() => true, 'anything']
const QUESTION: Readonly<Record<keyof SemanticQuestion, Check>> = {
  partition: aName,
  text: aText,
  signal: aSignal,
}
const ENTRY: Readonly<Record<keyof SemanticEntry<never>, Check>> = {
  ...QUESTION,
  value: ANY,
  ttlMs: life,
  lookup: [(value) => typeof value === 'object' && value !== null, 'the result of lookup()'],
}
