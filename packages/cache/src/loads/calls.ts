import type { CacheParts } from '../cache-parts.ts'
import type { Key, LoadOptions } from '../call-options.ts'
import { Answers } from '../flight/single-flight.ts'
import type { Answer, Landing } from '../flight/flight-result.ts'
import type { Question } from '../flight/load-request.ts'
import type { Seat } from '../flight/waiter.ts'
import { namedKey } from '../keys/named-key.ts'
import { tagsIn } from '../keys/names.ts'
import type { Status } from '../outcome.ts'

/** What a load is told of its call, and how its answer is to be kept. */
export interface Asked<Options extends LoadOptions = LoadOptions> {
  readonly key: string
  readonly options: Options
}

/** What distinguishes values from recorded answers: how an entry is judged, and how the origin is asked. */
export interface Kind<Fresh, Options extends LoadOptions> {
  readonly accepts: Question<Fresh>['accepts']
  readonly bring: (work: Parameters<Question<Fresh>['bring']>[0], asked: Asked<Options>) => Promise<Fresh>
}

/** Calls of one kind that load where the cache has nothing: from their options to their answer, counted. */
export class Calls<Fresh> {
  readonly #parts: CacheParts
  readonly #answers: Answers<Fresh>
  /** Those who wait for what is loaded ahead. */
  readonly #ahead = new Set<Seat<Landing<Fresh>>>()

  constructor(parts: CacheParts) {
    this.#parts = parts
    this.#answers = new Answers(parts)
  }

  get underWay(): number {
    return this.#answers.underWay
  }

  close(reason: unknown): void {
    for (const seat of this.#ahead) seat.leave(reason)
    this.#answers.close(reason)
  }

  /**
   * What is loaded ahead counts as no call, and ends when the cache is closed.
   * @throws what makes no call, at once
   */
  make<Options extends LoadOptions>(
    key: Key,
    options: Options,
    { accepts, bring }: Kind<Fresh, Options>,
  ): Promise<Landed<Fresh>> {
    const { control = 'default', scope, signal, timeoutMs, serveStaleIf, ahead = false } = options
    signal?.throwIfAborted()
    const { settings, closed } = this.#parts
    const named = namedKey(key, scope, settings.onError)
    const asked: Asked<Options> = {
      key: named?.key ?? '',
      options,
    }
    const question: Question<Fresh> = {
      name: named?.name ?? '',
      control: options.fresh || control === 'bypass' ? 'refresh' : control,
      tags: tagsIn(scope, options.tags),
      signal,
      timeoutMs,
      serveStaleIf,
      ahead,
      accepts,
      bring: (work) => bring(work, asked),
    }
    const bypass = closed ? 'closed' : !named ? 'no-key' : control === 'bypass' ? 'asked' : undefined
    const answer = bypass ? this.#answers.bypass(question, bypass) : this.#answers.ask(question)
    if (ahead && answer.seat) this.#ahead.add(answer.seat)
    return this.#landed(answer, !ahead)
  }

  async #landed(answer: Answer<Fresh>, counted: boolean): Promise<Landed<Fresh>> {
    const { counters, tiers } = this.#parts
    const { seat, joined } = answer
    let how: Status = joined ? 'shared' : 'miss'
    try {
      const landing = answer.landing ?? (await answer.seat.result)
      if (landing.entry || !joined) how = landing.outcome.status
      if (landing.entry && counted) tiers.near.used(landing.entry)
      return { landing, seat, joined }
    } finally {
      if (answer.seat) this.#ahead.delete(answer.seat)
      if (counted) counters[COUNTER[how]]++
    }
  }
}

/** What one call came to. */
export interface Landed<Fresh> {
  readonly landing: Landing<Fresh>
  readonly seat: Answer<Fresh>['seat']
  /** It was answered by the load of another. */
  readonly joined: boolean
}

const COUNTER = {
  hit: 'hits',
  stale: 'stale',
  miss: 'misses',
  shared: 'shared',
  bypass: 'bypassed',
} as const satisfies Record<Status, string>
