import { unref } from './unref.ts'

/** What is checked, and what becomes of it. */
export interface CheckPlan<Target> {
  readonly targets: readonly Target[]
  readonly intervalMs: number
  readonly check: (target: Target, signal: AbortSignal) => Promise<unknown>
  readonly isAvailable: (target: Target) => boolean
  readonly passed: (target: Target) => void
  readonly failed: (target: Target, error: unknown) => void
}

/**
 * Checks unavailable targets once an interval, from when one is noticed until all are available; then there is no timer. A
 * check that has not ended when the next one is due is aborted and has failed: checks of one target never overlap.
 */
export class HealthChecks<Target> {
  readonly #plan: CheckPlan<Target>
  readonly #running = new Set<AbortController>()
  #timer: ReturnType<typeof setTimeout> | undefined
  #started = false

  constructor(plan: CheckPlan<Target>) {
    this.#plan = plan
  }

  get started(): boolean {
    return this.#started
  }

  start(): void {
    this.#started = true
    this.watch()
  }

  close(): void {
    this.#started = false
    this.#stopTimer()
    this.#abortRunning(new DOMException('health checks were closed', 'AbortError'))
  }

  /** A target may have become unavailable, or available again. */
  watch(): void {
    const { targets, intervalMs, isAvailable } = this.#plan
    if (!this.#started || targets.every(isAvailable)) {
      this.#stopTimer()
    } else if (this.#timer === undefined) {
      this.#timer = setTimeout(() => this.#checkAll(), intervalMs)
      unref(this.#timer)
    }
  }

  #stopTimer(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  #checkAll(): void {
    const { targets, intervalMs, isAvailable } = this.#plan
    this.#timer = undefined
    this.#abortRunning(new DOMException(`a health check may take ${intervalMs} ms`, 'TimeoutError'))
    for (const target of targets) if (!isAvailable(target)) void this.#check(target)
    this.watch()
  }

  async #check(target: Target): Promise<void> {
    const controller = new AbortController()
    this.#running.add(controller)
    try {
      await untilAborted(this.#plan.check(target, controller.signal), controller.signal)
      this.#plan.passed(target)
    } catch (error) {
      if (this.#started) this.#plan.failed(target, error)
    } finally {
      this.#running.delete(controller)
    }
  }

  #abortRunning(reason: DOMException): void {
    for (const controller of this.#running) controller.abort(reason)
  }
}

/** A check that does not listen to its signal must not go on for us either. The signal is its own, so the listener may stay. */
function untilAborted(check: Promise<unknown>, signal: AbortSignal): Promise<unknown> {
  const aborted = new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error))
  })
  return Promise.race([check, aborted])
}
