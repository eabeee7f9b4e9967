import { MAX_TIMER_MS } from '@harbor/parts'
import { ClientClosedError } from '../base/errors.ts'
import { LinkedList, type Listed } from '../base/linked-list.ts'

/** A wait before a request is sent: for a limit, a key, a batch or the next attempt. */
export interface Waiting extends Listed<Waiting> {
  /** The client was closed: ends the wait. */
  callOff(reason: ClientClosedError): void
}

/** A request on the wire, until its answer has ended. */
export interface Sent extends Listed<Sent> {
  /** Set by the gate: whether `close()` awaits it; undefined when it is not on the wire. */
  isAwaited: boolean | undefined
  /** The client was closed, and `graceMs` is over. */
  cut(reason: ClientClosedError): void
}

/** How long aborted calls may take to settle, in milliseconds. Only the user's own functions can take that long. */
const SETTLE_MS = 100

/**
 * Tracks what a client has in flight, and stops it from sending once it is closed.
 *
 *     open ──close()──▶ closing: waits are refused, sent requests awaited ──all settled, or graceMs──▶ closed
 */
export class ClientGate {
  readonly #waiting = new LinkedList<Waiting>()
  readonly #sent = new LinkedList<Sent>()
  /** Calls without an answer, and requests that are awaited. */
  #unfinished = 0
  #closed: ClientClosedError | undefined
  #onIdle: (() => void) | undefined

  /** The error for calls made now; undefined while the client is open. */
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

  /** Must be followed by `waited()`. */
  waits(wait: Waiting): void {
    if (this.#closed) wait.callOff(this.#closed)
    else this.#waiting.add(wait)
  }

  waited(wait: Waiting): void {
    this.#waiting.remove(wait)
  }

  /** Must be followed by `over()`. */
  sends(request: Sent): void {
    this.#sent.add(request)
    request.isAwaited = true
    this.begin()
  }

  /** Its caller has the answer and may never read it: from now on it is awaited only while it is being read. */
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
   *
   * @param graceMs how long that may take, in milliseconds; then the rest is aborted
   * @param finish called when all have settled; `graceMs` includes it
   */
  async close(graceMs: number, finish: () => Promise<void>): Promise<void> {
    const closed = new ClientClosedError('waiting')
    this.#closed = closed
    for (const wait of this.#waiting.all()) {
      this.#waiting.remove(wait)
      wait.callOff(closed)
    }
    // Keeps the process alive: with a `fetch` of the user's that never settles, nothing else may.
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
