import type { CaptureRules } from '../options/capture-options.ts'
import type { CapturedCall, CaptureStats } from '../reporting/captured-call.ts'

/** The maximum number of captured calls that wait to be passed on. */
const MAX_WAITING = 1_000
/** The maximum number of captured calls for which `to` has not finished. */
const MAX_AT_ONCE = 16
/** How long captured calls are passed on in one turn of the event loop, in milliseconds. Reading large contents takes time. */
const MAX_TURN_MS = 2
/** How long `to` may take for a call, in milliseconds. After that, the next call is passed on. */
const MAX_TO_MS = 10_000

/** A captured call that is over. */
export interface FinishedCapture {
  readonly rules: CaptureRules
  /** Makes what is passed on. */
  read(): CapturedCall
  /** Runs a function in the async context of the call. */
  runInContext(run: () => void): void
  /** Releases the content. */
  release(): void
}

type Problem = 'redact' | 'to' | 'slow' | 'discarded'

/**
 * Passes captured calls on to the user's function, in the order in which they ended, and never in the turn of the event loop in which the
 * caller gets its answer.
 *
 *     waits ──a turn of the event loop, and a free place──▶ redact ──▶ to ──finished, failed, or 10 s──▶ released
 *       └────1,000 others wait, or the client is closed───▶ discarded
 */
export class CaptureQueue {
  readonly #waiting: FinishedCapture[] = []
  readonly #warned = new Set<string>()
  #inFlight = 0
  #captured = 0
  #failed = 0
  #discarded = 0
  #isScheduled = false
  #onIdle: (() => void) | undefined
  readonly #onCall: (call: CapturedCall) => void

  /** @param onCall called with each call after `redact`, just before it is passed on */
  constructor(onCall: (call: CapturedCall) => void) {
    this.#onCall = onCall
  }

  add(capture: FinishedCapture): void {
    if (this.#waiting.length >= MAX_WAITING) {
      this.#discard(capture)
      return
    }
    this.#waiting.push(capture)
    this.#schedule()
  }

  stats(): CaptureStats {
    return {
      captured: this.#captured,
      failed: this.#failed,
      discarded: this.#discarded,
      waiting: this.#waiting.length + this.#inFlight,
    }
  }

  /** Waits until all calls are passed on, for at most `ms` milliseconds. Calls that still wait then are discarded. */
  async close(ms: number): Promise<void> {
    if (this.#waiting.length + this.#inFlight > 0) {
      const { promise, resolve } = Promise.withResolvers<undefined>()
      const timer = setTimeout(() => resolve(undefined), ms)
      this.#onIdle = () => resolve(undefined)
      await promise
      clearTimeout(timer)
    }
    for (const capture of this.#waiting.splice(0)) this.#discard(capture)
  }

  #schedule(): void {
    if (this.#isScheduled || this.#waiting.length === 0 || this.#inFlight >= MAX_AT_ONCE) return
    this.#isScheduled = true
    setImmediate(() => {
      this.#isScheduled = false
      const until = performance.now() + MAX_TURN_MS
      while (this.#inFlight < MAX_AT_ONCE && performance.now() < until) {
        const next = this.#waiting.shift()
        if (!next) break
        next.runInContext(() => this.#passOn(next))
      }
      this.#schedule()
    })
  }

  #passOn(capture: FinishedCapture): void {
    const call = this.#redacted(capture)
    if (!call) {
      this.#failed++
      this.#over(capture)
      return
    }
    this.#onCall(call)
    this.#inFlight++
    let isOver = false
    const over = (problem?: Problem, text = '', error?: unknown): void => {
      if (isOver) return
      isOver = true
      clearTimeout(timer)
      this.#inFlight--
      if (problem) {
        this.#failed++
        this.#warn(problem, text, error)
      } else this.#captured++
      this.#over(capture)
    }
    const failed = (error: unknown): void => over('to', 'captureContent.to threw', error)
    const timer = setTimeout(() => over('slow', 'captureContent.to takes longer than 10 seconds'), MAX_TO_MS)
    timer.unref()
    try {
      const { rules } = capture
      const result = rules.to(call)
      if (result instanceof Promise) result.then(() => over(), failed)
      else over()
    } catch (error) {
      failed(error)
    }
  }

  #over(capture: FinishedCapture): void {
    capture.release()
    this.#schedule()
    if (this.#waiting.length + this.#inFlight === 0) this.#onIdle?.()
  }

  /** Returns the call after `redact`; undefined if `redact` failed, so that nothing may be passed on. */
  #redacted(capture: FinishedCapture): CapturedCall | undefined {
    try {
      const call = capture.read()
      const { redact } = capture.rules
      const redacted: unknown = redact ? redact(call) : call
      if (isCall(redacted)) return redacted
      this.#warn('redact', 'captureContent.redact returned no call, so that nothing was passed on')
    } catch (error) {
      this.#warn('redact', 'captureContent.redact threw, so that nothing was passed on', error)
    }
    return undefined
  }

  #discard(capture: FinishedCapture): void {
    capture.release()
    const discarded = ++this.#discarded
    // A warning for the first one, and again for each tenfold.
    if (Number.isInteger(Math.log10(discarded)))
      this.#warn(
        `discarded`,
        `captureContent discarded ${discarded} call(s), because captureContent.to is too slow or the client was closed`,
      )
  }

  /** Emits a warning, once for each text. It contains no message of the user's own error, which may contain the content. */
  #warn(problem: Problem, text: string, error?: unknown): void {
    const key = problem === 'discarded' ? text : problem
    if (this.#warned.has(key)) return
    this.#warned.add(key)
    process.emitWarning(`${text}; further ones like this are not shown.`, {
      type: 'HarborWarning',
      ...(error instanceof Error && { detail: framesOf(error) }),
    })
  }
}

function isCall(value: unknown): value is CapturedCall {
  return typeof value === 'object' && value !== null && !(value instanceof Promise) && 'receipt' in value
}

/** Returns where an error was thrown, without its message. */
function framesOf({ name, message, stack = '' }: Error): string {
  const head = message === '' ? name : `${name}: ${message}`
  return stack.startsWith(head) ? `${name}${stack.slice(head.length)}` : name
}
