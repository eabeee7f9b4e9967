import type { CacheParts } from './cache-parts.ts'
import type { EntryOptions, Key, LoadOptions } from './call-options.ts'
import { Answers } from './flight/answers.ts'
import type { Answer, Landing } from './flight/landing.ts'
import type { Question } from './flight/question.ts'
import { namedKey } from './named-key.ts'
import { tagsIn } from './names.ts'
import type { Status } from './outcome.ts'

/** What a load is told of its call, and how its answer is to be kept. */
export interface Asked<Options extends EntryOptions = EntryOptions> {
  readonly key: string
  readonly options: Options
  /** Tags as named inside the scope of the call. */
  readonly tagsIn: (tags: readonly string[] | undefined) => readonly string[]
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
  readonly #closing = new AbortController()

  constructor(parts: CacheParts) {
    this.#parts = parts
    this.#answers = new Answers(parts)
  }

  get underWay(): number {
    return this.#answers.underWay
  }

  close(reason: unknown): void {
    this.#closing.abort(reason)
    this.#answers.close(reason)
  }

  /** @param ahead of anybody's asking: it counts as no call, and ends when the cache is closed */
  async make<Options extends LoadOptions>(
    key: Key,
    options: Options,
    { accepts, bring }: Kind<Fresh, Options>,
    ahead = false,
  ): Promise<Landed<Fresh>> {
    const { control = 'default', scope, signal, timeoutMs, serveStaleIf } = options
    signal?.throwIfAborted()
    const { settings, closed } = this.#parts
    const named = namedKey(key, scope, settings.onError)
    const asked: Asked<Options> = {
      key: named?.key ?? '',
      options,
      tagsIn: (tags) => tagsIn(scope, tags),
    }
    const question: Question<Fresh> = {
      name: named?.name ?? '',
      control: options.fresh || control === 'bypass' ? 'refresh' : control,
      tags: tagsIn(scope, options.tags),
      signal: signal ?? (ahead ? this.#closing.signal : undefined),
      timeoutMs,
      serveStaleIf,
      ahead,
      accepts,
      bring: (work) => bring(work, asked),
    }
    const bypass = closed ? 'closed' : !named ? 'no-key' : control === 'bypass' ? 'asked' : undefined
    const answer = bypass ? this.#answers.bypass(question, bypass) : this.#answers.ask(question)
    return { landing: await this.#landed(answer, !ahead), seat: answer.seat, joined: answer.joined }
  }

  async #landed(answer: Answer<Fresh>, counted: boolean): Promise<Landing<Fresh>> {
    const { counters, tiers } = this.#parts
    let how: Status = answer.joined ? 'shared' : 'miss'
    try {
      const landing = answer.landing ?? (await answer.seat.result)
      if (landing.entry || !answer.joined) how = landing.outcome.status
      if (landing.entry && counted) tiers.near.used(landing.entry)
      return landing
    } finally {
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
