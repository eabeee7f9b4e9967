import { Client, type buildConnector } from 'undici'
import { InterimAnswers } from './interim-responses.ts'
import type { PooledRequest } from './pooled-request.ts'

export interface ConnectionOwner {
  /** How many requests wait for a connection. */
  readonly queued: number
  /** One more, or one fewer, carries a request. */
  connectionsBusy(change: 1 | -1): void
  /** One more, or one fewer, is about to be idle. */
  connectionsSettling(change: 1 | -1): void
  connectionOpened(): void
  connectionLost(): void
  connectionIdle(connection: Connection): void
  connectionEnding(connection: Connection): void
  connectionEnded(connection: Connection): void
}

type ConnectionState = 'busy' | 'settling' | 'idle' | 'ending'

/**
 * One connection to an origin, carrying one request at a time.
 *
 *     new ── send ─▶ busy ── answer complete ─▶ settling ── drained ─▶ idle ── send ─▶ busy
 *                     └── never connected ──────────┴── connection lost, or end() ─┴──▶ ending
 *
 * Settling lasts until undici lets the socket go, within a turn of the event loop.
 */
export class Connection {
  state: ConnectionState = 'idle'
  isOpen = false
  /** Requests written to the present socket. */
  served = 0
  #openedAt = 0
  readonly #client: Client
  readonly #owner: ConnectionOwner

  readonly #interim = new InterimAnswers()

  constructor(
    owner: ConnectionOwner,
    origin: URL,
    { connect, ...options }: Client.Options & { connect: buildConnector.connector },
  ) {
    this.#owner = owner
    const watched: buildConnector.connector = (given, done) => {
      connect(given, (...result) => {
        if (result[1]) this.#interim.watch(result[1])
        done(...result)
      })
    }
    this.#client = new Client(origin, { ...options, connect: watched })
      .on('connect', () => this.#opened())
      .on('drain', () => this.#draining())
      .on('disconnect', () => this.#lost())
      .on('connectionError', () => this.end())
  }

  send(request: PooledRequest): void {
    this.#enter('busy')
    request.connection = this
    this.#interim.expectHead()
    this.#client.dispatch(request.options, request)
    // Refused before it was written, so there will be no drain.
    if (this.#isSettling() && this.#client.stats.size === 0) this.#drained()
  }

  /** The answer is complete, or the request has failed. */
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
   * undici says so in the middle of its work. What it is given meanwhile it would send itself, in the async context of the request
   * before; what it is given afterwards goes out at once, in that of its caller.
   */
  #draining(): void {
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
    // A request that was not written yet stays with undici, which connects anew for it.
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
