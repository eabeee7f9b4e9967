import type { Dispatcher } from 'undici'
import type { WithdrawableHandler } from '../connections/pooled-request.ts'

type Dispatch = (options: Dispatcher.DispatchOptions, handler: WithdrawableHandler) => boolean

/**
 * A dispatcher that is still loading, since undici may take longer to load than the rest of a program. Requests dispatched meanwhile wait,
 * each in the async context of its caller, and are sent in order when undici is loaded.
 *
 *     loading ── loaded ──▶ `dispatch` calls the dispatcher directly
 *       ▲  └──── failed ──▶ all waiting requests fail
 *       └── the next request tries again
 */
export class LazyDispatcher {
  /** Replaced by a direct call once undici is loaded. */
  dispatch: Dispatch = (options, handler) => this.#dispatchLater(options, handler)
  /** The dispatcher, once undici is loaded. */
  loaded: Dispatcher | undefined
  #loading: Promise<Dispatcher> | undefined
  readonly #load: () => Promise<Dispatcher>
  readonly #counterOf: (origin: string) => { held: number }

  /** @param counterOf returns the counter of the requests to an origin that wait here */
  constructor(load: () => Promise<Dispatcher>, counterOf: (origin: string) => { held: number }) {
    this.#load = load
    this.#counterOf = counterOf
  }

  /** Starts loading, unless that has happened. Rejects if loading fails. */
  ready(): Promise<Dispatcher> {
    return (this.#loading ??= this.#load().then(
      (dispatcher) => {
        this.loaded = dispatcher
        this.dispatch = (options, handler) => dispatcher.dispatch(options, handler)
        return dispatcher
      },
      (error: unknown) => {
        this.#loading = undefined
        throw error
      },
    ))
  }

  /** Waits for dispatched requests, then closes the connections. If loading failed, there are none. */
  async close(): Promise<void> {
    const dispatcher = await this.ready().catch(() => undefined)
    await dispatcher?.close()
  }

  #dispatchLater(options: Dispatcher.DispatchOptions, handler: WithdrawableHandler): boolean {
    const counter = this.#counterOf(new URL(String(options.origin)).origin)
    let waits = true
    const leave = (): boolean => {
      if (!waits) return false
      waits = false
      counter.held--
      return true
    }
    counter.held++
    handler.onRequestPending?.(leave)
    // undici passes no controller either if there was no connection.
    const fail = (error: unknown): void => handler.onResponseError?.(undefined as never, error as Error)
    void this.ready().then(
      (dispatcher) => {
        if (!leave()) return
        try {
          dispatcher.dispatch(options, handler)
        } catch (error) {
          // Thrown for an invalid argument. The caller is no longer on the stack to catch it.
          fail(error)
        }
      },
      (error: unknown) => {
        if (leave()) fail(error)
      },
    )
    return true
  }
}
