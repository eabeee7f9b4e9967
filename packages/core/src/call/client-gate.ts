import { LONGEST_TIMER_MS } from '@harbor/parts'
import { ClientClosedError } from '../base/errors.ts'
import { LinkedList, type Listed } from '../base/linked-list.ts'

/** A wait before something is sent: for a limit, a key, a batch or the next attempt. */
export interface Waiting extends Listed<Waiting> {
  /** The client was closed: the wait ends now. */
  callOff(reason: ClientClosedError): void
}

/** A request on the wire, until its answer has ended. */
export interface Sent extends Listed<Sent> {
  /** Set by the gate: whether `close()` awaits it; undefined for what is not on the wire. */
  isAwaited: boolean | undefined
  /** The client was closed, and its time for what was sent is up. */
  cut(reason: ClientClosedError): void
}

/** How long calls that were cut short may take to report it, in milliseconds. Only functions of the user's own can take that long. */
const LAST_WORDS_MS = 100

/**
 * What a client has under way, and what keeps it from sending more.
 *
 *     open ──close()──▶ closing: what waits is refused, what was sent is awaited ──all over, or graceMs──▶ closed
 */
export class ClientGate {
  readonly #waiting = new LinkedList<Waiting>()
  readonly #sent = new LinkedList<Sent>()
  /** Calls that have no answer yet, and requests that are awaited. */
  #unfinished = 0
  #closed: ClientClosedError | undefined
  #onIdle: (() => void) | undefined

  /** Why nothing more is sent; undefined while the client is open. */
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

  /** Has to be ended by `waited()`. */
  waits(wait: Waiting): void {
    if (this.#closed) wait.callOff(this.#closed)
    else this.#waiting.add(wait)
  }

  waited(wait: Waiting): void {
    this.#waiting.remove(wait)
  }

  /** Has to be ended by `over()`. */
  sends(request: Sent): void {
    this.#sent.add(request)
    request.isAwaited = true
    this.begin()
  }

  /** Its caller has the answer and may never read it: from here on it is awaited only while its connection is in use. */
  isUnread(request: Sent): void {
    this.#letGo(request, false)
  }

  reads(request: Sent): void {
    if (request.isAwaited !== false) return
    request.isAwaited = true
    this.begin()
  }

  over(request: Sent): void {
    this.#sent.remove(request)
    this.#letGo(request, undefined)
  }

  #letGo(request: Sent, isAwaited: false | undefined): void {
    const wasAwaited = request.isAwaited
    request.isAwaited = isAwaited
    if (wasAwaited) this.end()
  }

  /**
   * Refuses what waits and what comes later, and awaits what was sent.
   *
   * @param graceMs how long that may take; then what is left is cut short
   * @param finish called when all is over; what it waits for is cut short after `graceMs`, too
   */
  async close(graceMs: number, finish: () => Promise<void>): Promise<void> {
    const closed = new ClientClosedError('waiting')
    this.#closed = closed
    for (const wait of this.#waiting.all()) {
      this.#waiting.remove(wait)
      wait.callOff(closed)
    }
    // It keeps the process alive: a request that the user's own `fetch` never answers may have nothing else that does.
    let timer = setTimeout(
      () => {
        this.#cut()
        timer = setTimeout(() => this.#onIdle?.(), LAST_WORDS_MS)
      },
      Math.min(graceMs, LONGEST_TIMER_MS),
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
