import type { CacheParts } from '../cache-parts.ts'
import type { Key, LoadOptions } from '../call-options.ts'
import type { FlightResult, ResultOrWaiter } from '../flight/flight-result.ts'
import type { LoadRequest, RunningLoad } from '../flight/load-request.ts'
import { SingleFlight } from '../flight/single-flight.ts'
import type { Waiter } from '../flight/waiter.ts'
import { namedKey, tagsIn } from '../keys/named-key.ts'
import type { Status } from '../outcome.ts'

/** The key and the options of the call that began a load. */
export interface LoadCall<Options extends LoadOptions = LoadOptions> {
  readonly key: string
  readonly options: Options
}

/** How answers of one kind are loaded, and whether an entry of the cache is of that kind. The kinds are values and recorded answers. */
export interface LoadKind<Fresh, Options extends LoadOptions> {
  readonly accepts: LoadRequest<Fresh>['accepts']
  readonly load: (running: RunningLoad<Fresh>, call: LoadCall<Options>) => Promise<Fresh>
}

/**
 * Makes the calls for one kind of answer. For each call, makes a LoadRequest from the options, waits for the result, and counts the call.
 */
export class Calls<Fresh> {
  readonly #parts: CacheParts
  readonly #singleFlight: SingleFlight<Fresh>
  /** The waiters of prefetches. When the cache is closed, they leave. */
  readonly #prefetches = new Set<Waiter<FlightResult<Fresh>>>()

  constructor(parts: CacheParts) {
    this.#parts = parts
    this.#singleFlight = new SingleFlight(parts)
  }

  get inFlight(): number {
    return this.#singleFlight.inFlight
  }

  close(reason: unknown): void {
    for (const waiter of this.#prefetches) waiter.leave(reason)
    this.#singleFlight.close(reason)
  }

  /**
   * Makes one call. A prefetch is not counted as a call.
   *
   * @throws synchronously, for an aborted signal or an invalid key
   */
  make<Options extends LoadOptions>(
    key: Key,
    options: Options,
    { accepts, load }: LoadKind<Fresh, Options>,
  ): Promise<CallResult<Fresh>> {
    const {
      control = 'default',
      scope,
      signal,
      timeoutMs,
      serveStaleIf,
      rememberFailureIf,
      isPrefetch = false,
    } = options
    signal?.throwIfAborted()
    const { settings, closed } = this.#parts
    const named = namedKey(key, scope, settings.onError)
    const call: LoadCall<Options> = {
      key: named?.key ?? '',
      options,
    }
    const request: LoadRequest<Fresh> = {
      name: named?.name ?? '',
      control: options.fresh || control === 'bypass' ? 'refresh' : control,
      tags: tagsIn(scope, options.tags),
      signal,
      timeoutMs,
      serveStaleIf,
      rememberFailureIf,
      isPrefetch,
      accepts,
      load: (running) => load(running, call),
    }
    const bypass = closed ? 'closed' : !named ? 'no-key' : control === 'bypass' ? 'requested' : undefined
    const answer = bypass ? this.#singleFlight.bypass(request, bypass) : this.#singleFlight.answer(request)
    if (isPrefetch && answer.waiter) this.#prefetches.add(answer.waiter)
    return this.#resultOf(answer, !isPrefetch)
  }

  async #resultOf(answer: ResultOrWaiter<Fresh>, counted: boolean): Promise<CallResult<Fresh>> {
    const { counters, tiers } = this.#parts
    const { waiter, joined } = answer
    let status: Status = joined ? 'shared' : 'miss'
    try {
      const result = answer.result ?? (await answer.waiter.result)
      if (result.entry || !joined) status = result.outcome.status
      if (result.entry && counted) tiers.near.used(result.entry)
      return { result, waiter, joined }
    } finally {
      if (answer.waiter) this.#prefetches.delete(answer.waiter)
      if (counted) counters[COUNTER[status]]++
    }
  }
}

/** The result of one call. */
export interface CallResult<Fresh> {
  readonly result: FlightResult<Fresh>
  readonly waiter: ResultOrWaiter<Fresh>['waiter']
  /** Whether this call joined the load of another call. */
  readonly joined: boolean
}

const COUNTER = {
  hit: 'hits',
  stale: 'stale',
  miss: 'misses',
  shared: 'shared',
  bypass: 'bypassed',
} as const satisfies Record<Status, string>
