import { Dispatcher, errors, type buildConnector, type Client } from 'undici'
import { PoolQueueFullError, PoolQueueTimeoutError } from '../errors.ts'
import type { OriginSettings } from '../options.ts'
import { Autoscale, type ScaledPool } from './autoscale.ts'
import { Connection, type ConnectionOwner } from './connection.ts'
import type { Gauges, OriginLedger } from './origin-ledger.ts'
import { PooledRequest, type RequestOwner, type WithdrawableHandler } from './pooled-request.ts'
import { Queue, type Place } from './queue.ts'
import { Shortage } from './shortage.ts'

/**
 * The connections to one origin, and the queue of requests that wait for a connection, in order of arrival.
 *
 * A request gets the idle connection that was used last. If a connection is about to be idle, the request waits for it instead of opening
 * another one. undici's Pool would open a second connection for a request that directly follows a response.
 */
export class OriginPool extends Dispatcher implements ConnectionOwner, RequestOwner, ScaledPool {
  readonly ledger: OriginLedger
  readonly staleSocketRetry: boolean
  readonly #origin: URL
  readonly #settings: OriginSettings
  readonly #clientOptions: Client.Options & { connect: buildConnector.connector }
  readonly #connections = new Set<Connection>()
  readonly #idle: Connection[] = []
  /** The number of connections in the state `settling`, which are about to be idle. */
  #settling = 0
  readonly #queue = new Queue<PooledRequest>()
  readonly #autoscale: Autoscale | undefined
  #isSending = false
  readonly #shortage = new Shortage(() => this.#sendQueued())
  #closed: PromiseWithResolvers<void> | undefined

  constructor(
    origin: URL,
    settings: OriginSettings,
    ledger: OriginLedger,
    connect: buildConnector.connector,
  ) {
    super()
    this.#origin = origin
    this.#settings = settings
    this.ledger = ledger
    this.staleSocketRetry = settings.staleSocketRetry
    this.#clientOptions = {
      connect,
      allowH2: false,
      keepAliveTimeout: settings.keepAliveTimeoutMs,
      keepAliveMaxTimeout: settings.keepAliveMaxTimeoutMs,
      // Defaults for `specFetch` and `dispatcher`. `pool.fetch` sets both timeouts per request, in fetch/lean-fetch.ts.
      headersTimeout: settings.headersTimeoutMs,
      bodyTimeout: settings.bodyIdleTimeoutMs,
    }
    const { autoscale, connections } = settings
    if (autoscale) this.#autoscale = new Autoscale(autoscale, connections, this)
    ledger.usage.allow(this.#limit)
    ledger.readGauges = () => this.#gauges()
  }

  override dispatch(options: Dispatcher.DispatchOptions, handler: WithdrawableHandler): boolean {
    if (this.#closed) throw new errors.ClientClosedError()
    const request = new PooledRequest(this, options, handler)
    request.place = this.#queue.enter(request)
    this.#sendQueued()
    if (request.place.isTaken) {
      request.captureContext()
      this.#checkQueueLimit(request, request.place)
    }
    return true
  }

  /** Rejects new requests, waits for all earlier ones, then closes all connections. */
  override close(): Promise<void>
  override close(callback: () => void): void
  override close(callback?: () => void): Promise<void> | undefined {
    this.#closed ??= Promise.withResolvers()
    for (const connection of this.#idle.splice(0)) connection.end()
    this.#finishIfEmpty()
    if (!callback) return this.#closed.promise
    void this.#closed.promise.then(callback)
    return undefined
  }

  /** Fails all requests and closes all connections at once. */
  override destroy(error?: Error | null): Promise<void>
  override destroy(callback: () => void): void
  override destroy(error: Error | null, callback: () => void): void
  override destroy(first?: Error | null | (() => void), second?: () => void): Promise<void> | undefined {
    const reason = first instanceof Error ? first : new errors.ClientDestroyedError()
    for (let request = this.#queue.first; request; request = this.#queue.first) {
      this.leaveQueue(request)
      request.refuse(reason)
    }
    for (const connection of this.#connections) connection.end(reason)
    const callback = typeof first === 'function' ? first : second
    if (!callback) return this.close()
    this.close(callback)
    return undefined
  }

  leaveQueue(request: PooledRequest): boolean {
    if (!request.place || !this.#queue.leave(request.place)) return false
    request.leftQueue()
    if (this.#queue.size === 0) this.#autoscale?.queueEmpty()
    return true
  }

  retryOnFreshConnection(request: PooledRequest): void {
    const dead = request.connection
    if (dead) {
      dead.end()
      this.#connections.delete(dead)
    }
    this.ledger.staleRetries++
    request.sendOver(this.#open())
  }

  requeueAfterShortage(request: PooledRequest): boolean {
    const failed = request.connection
    failed?.end()
    const others = [...this.#connections].filter(({ state }) => state !== 'ending').length
    if (others === 0) return false
    this.#shortage.begin(others)
    request.connection = undefined
    request.captureContext() // this is still the caller's context, since the failed connection was opened for this request
    request.place = this.#queue.enterFirst(request)
    this.#startQueueTimeout(request)
    return true
  }

  connectionsBusy(change: 1 | -1): void {
    this.ledger.usage.use(change)
    this.#autoscale?.use(change)
  }

  get queued(): number {
    return this.#queue.size
  }

  get longestWaitMs(): number {
    const { first } = this.#queue
    return first ? performance.now() - first.queuedAt : 0
  }

  limitGrew(): void {
    this.ledger.usage.allow(this.#limit)
    this.#sendQueued()
  }

  limitShrank(): void {
    this.ledger.usage.allow(this.#limit)
    const open = [...this.#connections].filter(({ state }) => state !== 'ending').length
    // `#idle` begins with the connections that have been idle longest.
    for (const connection of this.#idle.splice(0, Math.max(0, open - this.#limit))) connection.end()
  }

  connectionOpened(): void {
    this.ledger.opened++
  }

  connectionLost(): void {
    this.ledger.closed++
  }

  connectionsSettling(change: 1 | -1): void {
    this.#settling += change
  }

  connectionIdle(connection: Connection): void {
    this.#idle.push(connection)
    this.#sendQueued()
    if (this.#closed) for (const idle of this.#idle.splice(0)) idle.end()
  }

  connectionEnding(connection: Connection): void {
    const index = this.#idle.indexOf(connection)
    if (index >= 0) this.#idle.splice(index, 1)
  }

  connectionEnded(connection: Connection): void {
    this.#connections.delete(connection)
    this.#sendQueued()
    this.#finishIfEmpty()
  }

  /** Sends queued requests, in order, until no connection is available. */
  #sendQueued(): void {
    // A request that fails at once frees its connection and calls this method again; the loop below handles that connection.
    if (this.#isSending) return
    this.#isSending = true
    for (let request = this.#queue.first; request; request = this.#queue.first) {
      const connection = this.#takeConnection()
      if (!connection) break
      this.leaveQueue(request)
      request.sendOver(connection)
    }
    this.#isSending = false
  }

  /** Returns an idle connection, or opens one. Returns undefined if enough connections are about to be idle, or the limit is reached. */
  #takeConnection(): Connection | undefined {
    for (let idle = this.#idle.pop(); idle; idle = this.#idle.pop()) {
      if (!idle.olderThan(this.#settings.maxConnectionAgeMs)) return idle
      idle.end()
    }
    if (this.#settling >= this.#queue.size) return undefined
    if (this.#connections.size >= Math.min(this.#limit, this.#shortage.limit)) return undefined
    return this.#open()
  }

  get #limit(): number {
    return this.#autoscale?.limit ?? this.#settings.connections
  }

  #open(): Connection {
    const connection = new Connection(this, this.#origin, this.#clientOptions)
    this.#connections.add(connection)
    return connection
  }

  /**
   * Starts the timers of a request that has to wait. If the queue is longer than `maxQueued`, first lets autoscaling raise the limit of
   * connections.
   * @throws PoolQueueFullError if the limit cannot be raised, and the queue remains too long
   */
  #checkQueueLimit(request: PooledRequest, place: Place<PooledRequest>): void {
    const { maxQueued } = this.#settings
    while (this.#queue.size - this.#settling > maxQueued) {
      if (this.#autoscale?.grow() === true) continue
      this.#queue.leave(place)
      throw new PoolQueueFullError(this.#origin.origin, this.#limit, maxQueued)
    }
    if (!place.isTaken) return
    this.#autoscale?.requestQueued()
    this.#startQueueTimeout(request)
  }

  #startQueueTimeout(request: PooledRequest): void {
    const { queueTimeoutMs } = this.#settings
    if (queueTimeoutMs === 0) return
    const leftMs = Math.max(0, request.queuedAt + queueTimeoutMs - performance.now())
    request.queueTimer = setTimeout(() => {
      this.leaveQueue(request)
      request.refuse(new PoolQueueTimeoutError(this.#origin.origin, queueTimeoutMs))
    }, leftMs).unref()
  }

  #finishIfEmpty(): void {
    if (this.#connections.size > 0 || this.#queue.size > 0) return
    this.ledger.readGauges = undefined
    this.#shortage.end()
    if (this.#autoscale) {
      this.#autoscale.stop()
      this.ledger.usage.allow(this.#limit)
    }
    this.#closed?.resolve()
    // On this event, undici's Agent removes the pool of an origin that has no connections.
    if (!this.#closed)
      this.emit('disconnect', this.#origin, [this], new errors.InformationalError('no connection left'))
  }

  #gauges(): Gauges {
    let open = 0
    let busy = 0
    for (const connection of this.#connections) {
      if (!connection.isOpen) continue
      open++
      if (connection.state === 'busy') busy++
    }
    return {
      open,
      busy,
      free: open - busy,
      connecting: [...this.#connections].filter(({ isOpen, state }) => !isOpen && state === 'busy').length,
      queued: this.#queue.size,
      allowed: this.#limit,
    }
  }
}
