import type { BreakerChange, DevtoolsClient } from './client.ts'
import type { ClientStats, TargetFigures } from './client-stats.ts'
import { CallFigures } from './feed/call-figures.ts'
import type { ShownReceipt } from './receipt.ts'

/** The maximum number of models whose circuits are shown, of one watcher. The calls of others are shown, too. */
const MAX_MODELS = 100

/** A fallback model of `@harbor/ai-sdk`, as its observers get it. */
export interface WatchedModel {
  /** Returns the state of the model at this moment. */
  stats(): {
    /** The circuit and the health of each target, by its name. */
    readonly targets: Readonly<Record<string, TargetFigures>>
    /** Whether the model was closed. */
    readonly closed: boolean
  }
  /** Adds a listener for changes of circuits. @returns a function that removes it */
  on(event: 'breaker', listener: (change: BreakerChange) => void): () => void
}

/** What `watchModels()` returns: an observer for the option `telemetry` of fallback models, and a client for `openDevtools`. */
export interface ModelWatcher extends DevtoolsClient {
  /** Called by a fallback model when a call begins. */
  start(call: {
    readonly receipt: ShownReceipt
    readonly role: string
    readonly client: WatchedModel
  }): { end(receipt: ShownReceipt): void } | undefined
}

/** Options of `watchModels`. */
export interface WatchModelsOptions {
  /** How the page names the models, beside the names of other clients. @default 'fallback models' */
  name?: string | undefined
}

type Listeners = Readonly<{
  call: Set<(event: { readonly receipt: ShownReceipt }) => void>
  end: Set<(event: { readonly receipt: ShownReceipt }) => void>
  breaker: Set<(event: BreakerChange) => void>
}>

/**
 * Watches fallback models of `@harbor/ai-sdk`, so that the page shows their calls. Several models can share it.
 *
 *     const models = watchModels()
 *     const model = createFallbackModel({ models: [openai('gpt-5'), anthropic('claude-sonnet-4-5')], telemetry: models })
 *     const page = await openDevtools(models)
 *
 * Costs, limits and the cache stay empty: fallback models have none.
 */
export function watchModels({ name = 'fallback models' }: WatchModelsOptions = {}): ModelWatcher {
  const listeners: Listeners = { call: new Set(), end: new Set(), breaker: new Set() }
  const models = new Models((change) => {
    for (const listener of listeners.breaker) listener(change)
  })
  const figures = new CallFigures()
  return {
    title: name,
    start({ receipt, role, client }) {
      if (role !== 'call') return undefined
      models.add(client)
      for (const listener of listeners.call) listener({ receipt })
      return {
        end(ended) {
          figures.add(ended)
          for (const listener of listeners.end) listener({ receipt: ended })
        },
      }
    },
    on(event: string, listener: (event: never) => void) {
      if (!Object.hasOwn(listeners, event)) return () => undefined // a fallback model has no such events
      const all = listeners[event as keyof Listeners] as Set<typeof listener>
      all.add(listener)
      return () => all.delete(listener)
    },
    stats: () => ({ ...figures.read(), ...models.read() }),
  }
}

/** The models whose circuits are shown. They can be collected as garbage. */
class Models {
  readonly #known = new WeakSet<WatchedModel>()
  readonly #onBreaker: (change: BreakerChange) => void
  #models: readonly WeakRef<WatchedModel>[] = []

  constructor(onBreaker: (change: BreakerChange) => void) {
    this.#onBreaker = onBreaker
  }

  add(model: WatchedModel): void {
    if (this.#known.has(model)) return
    this.#models = this.#models.filter((each) => each.deref()?.stats().closed === false)
    if (this.#models.length >= MAX_MODELS) return
    this.#known.add(model)
    this.#models = [...this.#models, new WeakRef(model)]
    model.on('breaker', this.#onBreaker)
  }

  read(): Pick<ClientStats, 'targets' | 'closed'> {
    const stats = this.#models.flatMap((each) => each.deref()?.stats() ?? [])
    return {
      targets: Object.assign({}, ...stats.map(({ targets }) => targets)) as ClientStats['targets'],
      closed: stats.length > 0 && stats.every(({ closed }) => closed),
    }
  }
}
