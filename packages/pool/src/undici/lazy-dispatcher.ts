import type { Dispatcher } from 'undici'
import type { WithdrawableHandler } from '../connections/pooled-request.ts'

type Dispatch = (options: Dispatcher.DispatchOptions, handler: WithdrawableHandler) => boolean

/**
 * A dispatcher that loads undici in the background, since undici may take longer to load than the rest of a program. Requests that are
 * dispatched before undici is loaded wait, each in the async context of its caller, and are then sent in order.
 *
 *     loading ── loaded ──▶ `dispatch` calls the dispatcher directly
 *       ▲  └──── failed ──▶ all waiting requests fail
 *       └── the next request tries again
 */
export class LazyDispatcher {
  /** Replaced by a direct call once undici is loaded. */
  dispatch: Dispatch = (options, handler) => this.#dispatchLater(options, handler)
  /** The real dispatcher; undefined until undici is loaded. */
  loaded: Dispatcher | undefined
  #loading: Promise<Dispatcher> | undefined
  readonly #load: () => Promise<Dispatcher>
  readonly #counterOf: (origin: string) => { waitingForUndici: number }

  /** @param counterOf returns the counter of the requests to an origin that wait for undici */
  constructor(load: () => Promise<Dispatcher>, counterOf: (origin: string) => { waitingForUndici: number }) {
    this.#load = load
    this.#counterOf = counterOf
  }

  /** Starts loading, if it has not started. Resolves with the real dispatcher; rejects if loading fails. */
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

  /** Waits for dispatched requests, then closes the connections. If loading failed, there are no connections. */
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
      counter.waitingForUndici--
      return true
    }
    counter.waitingForUndici++
    handler.onRequestPending?.(leave)
    // Without a connection there is no controller. undici passes undefined in this case, too.
    const fail = (error: unknown): void => handler.onResponseError?.(undefined as never, error as Error)
    void this.ready().then(
      (dispatcher) => {
        if (!leave()) return
        try {
          dispatcher.dispatch(options, handler)
        } catch (error) {
          // undici threw because of an invalid argument. The caller's `dispatch()` has returned and cannot throw.
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
