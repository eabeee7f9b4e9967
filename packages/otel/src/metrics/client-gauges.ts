import type { BatchObservableResult, Meter, Observable } from '@opentelemetry/api'
import { guarded } from '../guarded.ts'
import type { Client, ClientState } from '../observed-client.ts'
import { METRICS, type MetricName } from './definitions.ts'
import { Series } from './series.ts'

const STATES: Readonly<Record<string, number>> = { closed: 0, 'half-open': 1, open: 2, isolated: 2 }

interface Watched {
  readonly client: WeakRef<Client>
  /** The cost saved by the client, when it was last read. */
  saved: ClientState['cost']
  stop: () => void
}

/**
 * Gauges of the clients whose calls are observed: circuits, queues, limits, and what was saved. They are read when metrics are collected.
 * Clients of one process that have a target or quota group of the same name share a series: it has the worst state, the sum of the queues and
 * the smallest rest.
 */
export class ClientGauges {
  readonly #known = new WeakSet<Client>()
  readonly #onBreaker: (target: string, state: string) => void
  #watched: Watched[] = []
  /** What clients had saved that no longer exist. */
  readonly #savedBefore = { savedByFallbackUsd: 0, savedByCacheUsd: 0, savedByBatchUsd: 0 }

  readonly #states = new Series({ name: 'harbor.target' }, Math.max)
  readonly #queues = new Series({ name: 'harbor.quota_group' }, (one, other) => one + other)
  /** By dimension: requests, tokens and so on. */
  readonly #rests = new Map<string, Series>()

  /** @param onBreaker called when a circuit of a watched client has changed its state */
  constructor(onBreaker: (target: string, state: string) => void) {
    this.#onBreaker = onBreaker
  }

  /** Reads a client from now on, until it is closed. A client is watched only once. */
  watch(client: Client): void {
    if (this.#known.has(client)) return
    this.#known.add(client)
    const stop = guarded(() => client.on('breaker', ({ target, state }) => this.#onBreaker(target, state)))
    const saved = { savedByFallbackUsd: 0, savedByCacheUsd: 0, savedByBatchUsd: 0 }
    this.#watched.push({ client: new WeakRef(client), saved, stop: stop ?? (() => undefined) })
  }

  /** Creates the gauges of a meter. */
  createOn(meter: Meter): void {
    guarded(() => {
      const gauge = (name: MetricName): Observable => {
        const { description, unit } = METRICS[name]
        return meter.createObservableGauge(name, { description, unit })
      }
      const saved = METRICS['harbor.cost.saved']
      const instruments = {
        state: gauge('harbor.breaker.state'),
        queue: gauge('harbor.queue.length'),
        remaining: gauge('harbor.limit.remaining'),
        saved: meter.createObservableUpDownCounter('harbor.cost.saved', {
          description: saved.description,
          unit: saved.unit,
        }),
      }
      meter.addBatchObservableCallback(
        (result) => guarded(() => this.#observe(result, instruments)),
        Object.values(instruments),
      )
    })
  }

  #observe(
    result: BatchObservableResult,
    to: Readonly<Record<'state' | 'queue' | 'remaining' | 'saved', Observable>>,
  ): void {
    for (const { targets, limits } of this.#read()) {
      for (const [target, { state }] of Object.entries(targets)) this.#states.add(target, STATES[state] ?? 2)
      for (const [group, { rate, concurrency }] of Object.entries(limits)) {
        this.#queues.add(group, rate.waiting + (concurrency?.waiting ?? 0))
        for (const [dimension, limit] of Object.entries(rate.limits))
          if (limit) this.#restOf(dimension).add(group, limit.available)
      }
    }
    this.#states.observe(result, to.state)
    this.#queues.observe(result, to.queue)
    for (const rest of this.#rests.values()) rest.observe(result, to.remaining)
    this.#observeSaved(result, to.saved)
  }

  #restOf(dimension: string): Series {
    const known = this.#rests.get(dimension)
    if (known) return known
    const more = { 'harbor.limit.dimension': dimension }
    const rest = new Series({ name: 'harbor.quota_group', more }, Math.min)
    this.#rests.set(dimension, rest)
    return rest
  }

  #observeSaved(result: BatchObservableResult, to: Observable): void {
    const all = [this.#savedBefore, ...this.#watched.map(({ saved }) => saved)]
    for (const [by, field] of SAVED) {
      const usd = all.reduce((sum, saved) => sum + saved[field], 0)
      if (usd !== 0) result.observe(to, usd, { 'harbor.saved_by': by })
    }
  }

  /** Reads the clients that still exist. One that is closed is read for the last time. */
  #read(): readonly ClientState[] {
    const states: ClientState[] = []
    this.#watched = this.#watched.filter((watched) => {
      const state = guarded(() => watched.client.deref()?.stats())
      if (state) watched.saved = state.cost
      if (state && !state.closed) {
        states.push(state)
        return true
      }
      for (const [, field] of SAVED) this.#savedBefore[field] += watched.saved[field]
      guarded(watched.stop)
      return false
    })
    return states
  }
}

const SAVED = [
  ['fallback', 'savedByFallbackUsd'],
  ['cache', 'savedByCacheUsd'],
  ['batch', 'savedByBatchUsd'],
] as const
