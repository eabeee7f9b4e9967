import { Client, type buildConnector, type Dispatcher } from 'undici'
import { InterimResponses } from './interim-responses.ts'

/** A request as a Connection sends it: the options for undici, and the handler for its events. */
export interface ConnectionRequest extends Dispatcher.DispatchHandler {
  readonly options: Dispatcher.DispatchOptions
  /** The connection over which the request is sent; undefined while it has none. */
  connection: Connection | undefined
}

/** The pool that a connection belongs to. The connection notifies it of its changes. */
export interface ConnectionOwner {
  /** The number of requests that wait for a connection. */
  readonly queued: number
  /** Called with 1 when a connection begins to carry a request, and with -1 when it no longer does. */
  connectionsBusy(change: 1 | -1): void
  /**
   * Called with 1 when a connection enters the state `settling`, in which it is about to be idle, and with -1 when it leaves that state.
   */
  connectionsSettling(change: 1 | -1): void
  connectionOpened(): void
  connectionLost(): void
  connectionIdle(connection: Connection): void
  connectionEnding(connection: Connection): void
  connectionEnded(connection: Connection): void
}

type ConnectionState = 'busy' | 'settling' | 'idle' | 'ending'

/**
 * One connection to an origin. It carries one request at a time.
 *
 *     new ── send ─▶ busy ── answer complete ─▶ settling ── drained ─▶ idle ── send ─▶ busy
 *                     └── never connected ──────────┴── connection lost, or end() ─┴──▶ ending
 *
 * In the state `settling`, the response is complete, but undici has not released the socket yet. It does so within one turn of the event
 * loop.
 */
export class Connection {
  state: ConnectionState = 'idle'
  isOpen = false
  /** The number of requests that were written to the current socket, including the current one. */
  served = 0
  #openedAt = 0
  readonly #client: Client
  readonly #owner: ConnectionOwner

  readonly #interim = new InterimResponses()

  constructor(
    owner: ConnectionOwner,
    origin: URL,
    { connect, ...options }: Client.Options & { connect: buildConnector.connector },
  ) {
    this.#owner = owner
    const watchingConnect: buildConnector.connector = (given, done) => {
      connect(given, (...result) => {
        if (result[1]) this.#interim.watch(result[1])
        done(...result)
      })
    }
    this.#client = new Client(origin, { ...options, connect: watchingConnect })
      .on('connect', () => this.#opened())
      .on('drain', () => this.#onDrain())
      .on('disconnect', () => this.#lost())
      .on('connectionError', () => this.end())
  }

  send(request: ConnectionRequest): void {
    this.#enter('busy')
    request.connection = this
    this.#interim.expectHead()
    this.#client.dispatch(request.options, request)
    // undici rejected the request before writing it, so no drain event follows.
    if (this.#isSettling() && this.#client.stats.size === 0) this.#drained()
  }

  /** Marks the connection as about to be idle. Call it when the response is complete, or when the request has failed. */
  settle(): void {
    if (this.state !== 'busy') return
    this.#enter('settling')
  }

  olderThan(ageMs: number): boolean {
    return performance.now() - this.#openedAt > ageMs
  }

  end(reason: Error | null = null): void {
    if (this.state === 'ending') return
    this.#enter('ending')
    this.#owner.connectionEnding(this)
    this.#client.destroy(reason, () => this.#owner.connectionEnded(this))
  }

  #opened(): void {
    this.isOpen = true
    this.served = 0
    this.#openedAt = performance.now()
    this.#owner.connectionOpened()
  }

  /**
   * Handles undici's `drain` event: makes the connection idle.
   *
   * If requests are queued, this waits for a microtask, so that the next request is dispatched after the event. undici then sends it at
   * once, in its caller's async context. If it was dispatched during the event, undici would send it later, in the async context of the
   * previous request.
   */
  #onDrain(): void {
    if (this.#owner.queued > 0) queueMicrotask(this.#drained)
    else this.#drained()
  }

  readonly #drained = (): void => {
    if (this.state !== 'settling') return
    if (!this.isOpen) {
      this.end()
      return
    }
    this.#enter('idle')
    this.#owner.connectionIdle(this)
  }

  #lost(): void {
    if (this.isOpen) this.#owner.connectionLost()
    this.isOpen = false
    // A request that was not written yet stays with undici, which opens another socket for it.
    if (this.state !== 'busy') this.end()
  }

  #enter(state: ConnectionState): void {
    const before = this.state
    this.state = state
    if (before === state) return
    if (before === 'busy') this.#owner.connectionsBusy(-1)
    if (state === 'busy') this.#owner.connectionsBusy(1)
    if (before === 'settling') this.#owner.connectionsSettling(-1)
    if (state === 'settling') this.#owner.connectionsSettling(1)
  }

  #isSettling(): boolean {
    return this.state === 'settling'
  }
}
