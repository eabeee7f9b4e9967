import { MAX_TIMER_MS } from '@harbor/parts'
import { ClientClosedError } from '../base/errors.ts'
import { LinkedList, type Listed } from '../base/linked-list.ts'

/** A call that is waiting before a request is sent: for a limit, a key, a batch or the next attempt. */
export interface Waiting extends Listed<Waiting> {
  /** Ends the wait because the client was closed. */
  callOff(reason: ClientClosedError): void
}

/** A request on the wire. It counts as sent until its answer has ended. */
export interface Sent extends Listed<Sent> {
  /** Whether `close()` awaits the request; undefined when it is not on the wire. Only the gate sets it. */
  isAwaited: boolean | undefined
  /** Aborts the request because the client was closed and `graceMs` is over. */
  cut(reason: ClientClosedError): void
}

/**
 * The time that calls may take to settle after `close()` has aborted them, in milliseconds. They settle at once, unless they wait for a
 * function of the user.
 */
const SETTLE_MS = 100

/**
 * Tracks what a client has in flight, and stops it from sending once it is closed.
 *
 *     open ──close()──▶ closing: waits are refused, sent requests awaited ──all settled, or graceMs──▶ closed
 */
export class ClientGate {
  readonly #waiting = new LinkedList<Waiting>()
  readonly #sent = new LinkedList<Sent>()
  /** The number of calls without an answer, plus the number of requests that `close()` awaits. */
  #unfinished = 0
  #closed: ClientClosedError | undefined
  #onIdle: (() => void) | undefined

  /** The error with which new calls are rejected; undefined while the client is open. */
  get closed(): ClientClosedError | undefined {
    return this.#closed
  }

  begin(): void {
    this.#unfinished++
  }

  end(): void {
    this.#unfinished--
    this.#noteEnd()
  }

  /** Registers a wait, or ends it at once if the client is closed. Call `waited()` after the wait. */
  waits(wait: Waiting): void {
    if (this.#closed) wait.callOff(this.#closed)
    else this.#waiting.add(wait)
  }

  waited(wait: Waiting): void {
    this.#waiting.remove(wait)
  }

  /** Registers a request that is sent. Call `over()` when its answer has ended. */
  sends(request: Sent): void {
    this.#sent.add(request)
    request.isAwaited = true
    this.begin()
  }

  /**
   * Called when the caller gets an answer whose body it may never read. From then on, `close()` awaits the request only if a reader has
   * begun to read the body.
   */
  isUnread(request: Sent): void {
    this.#setAwaited(request, false)
  }

  reads(request: Sent): void {
    if (request.isAwaited !== false) return
    request.isAwaited = true
    this.begin()
  }

  over(request: Sent): void {
    this.#sent.remove(request)
    this.#setAwaited(request, undefined)
  }

  #setAwaited(request: Sent, isAwaited: false | undefined): void {
    const wasAwaited = request.isAwaited
    request.isAwaited = isAwaited
    if (wasAwaited) this.end()
  }

  /**
   * Refuses waiting and later calls, and awaits the requests that were sent.
   * @param graceMs the maximum time for which requests are awaited, in milliseconds; those in flight after that are aborted
   * @param finish called when no request has to be awaited any more. Requests whose answers no caller reads may still be in flight; while
   * `finish` runs, they are aborted after `graceMs`, too
   */
  async close(graceMs: number, finish: () => Promise<void>): Promise<void> {
    const closed = new ClientClosedError('waiting')
    this.#closed = closed
    for (const wait of this.#waiting.all()) {
      this.#waiting.remove(wait)
      wait.callOff(closed)
    }
    // This timer keeps the process alive, since a `fetch` of the user's that never settles may not.
    let timer = setTimeout(
      () => {
        this.#cut()
        timer = setTimeout(() => this.#onIdle?.(), SETTLE_MS)
      },
      Math.min(graceMs, MAX_TIMER_MS),
    )
    try {
      await this.#idle()
      await finish()
    } finally {
      clearTimeout(timer)
    }
  }

  #cut(): void {
    const reason = new ClientClosedError('sent')
    for (const request of this.#sent.all()) request.cut(reason)
  }

  async #idle(): Promise<void> {
    if (this.#unfinished > 0) await new Promise<void>((resolve) => (this.#onIdle = resolve))
  }

  #noteEnd(): void {
    if (this.#unfinished === 0) this.#onIdle?.()
  }
}
