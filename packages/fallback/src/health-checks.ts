import { unref } from './unref.ts'
import { untilAborted } from './until-aborted.ts'

/** How targets are checked, and what becomes of it. */
export interface CheckPlan<Target> {
  readonly intervalMs: number
  readonly check: (target: Target, signal: AbortSignal) => Promise<unknown>
  readonly isAvailable: (target: Target) => boolean
  readonly passed: (target: Target) => void
  readonly failed: (target: Target, error: unknown) => void
}

/** More than any chain has: targets that are made anew for each run must not be kept without bound. */
const MOST_WATCHED = 1_000

/**
 * Checks unavailable targets once an interval, from when one is noticed until all are available; then there is no timer. A
 * check that has not ended when the next one is due is aborted and has failed: checks of one target never overlap.
 */
export class HealthChecks<Target extends { readonly name: string }> {
  readonly #plan: CheckPlan<Target>
  /** What was unavailable when last looked at, by name. */
  readonly #watched = new Map<string, Target>()
  readonly #running = new Set<AbortController>()
  #timer: ReturnType<typeof setTimeout> | undefined
  #started = false

  constructor(plan: CheckPlan<Target>) {
    this.#plan = plan
  }

  get started(): boolean {
    return this.#started
  }

  /** @param targets those to begin with; others are watched when they are noticed */
  start(targets: readonly Target[]): void {
    this.#started = true
    for (const target of targets) this.watch(target)
  }

  close(): void {
    this.#started = false
    this.#watched.clear()
    this.#stopTimer()
    this.#abortRunning(new DOMException('health checks were closed', 'AbortError'))
  }

  /** This target may have become unavailable, or available again. */
  watch(target: Target): void {
    if (!this.#started) return
    if (this.#plan.isAvailable(target)) this.#watched.delete(target.name)
    else if (this.#watched.size < MOST_WATCHED) this.#watched.set(target.name, target)
    this.#setTimer()
  }

  #setTimer(): void {
    if (this.#watched.size === 0) {
      this.#stopTimer()
    } else if (this.#timer === undefined) {
      this.#timer = setTimeout(() => this.#checkAll(), this.#plan.intervalMs)
      unref(this.#timer)
    }
  }

  #stopTimer(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  #checkAll(): void {
    const { intervalMs, isAvailable } = this.#plan
    this.#timer = undefined
    this.#abortRunning(new DOMException(`a health check may take ${intervalMs} ms`, 'TimeoutError'))
    for (const [name, target] of this.#watched) {
      if (isAvailable(target)) this.#watched.delete(name)
      else void this.#check(target)
    }
    this.#setTimer()
  }

  async #check(target: Target): Promise<void> {
    const controller = new AbortController()
    this.#running.add(controller)
    try {
      // A check that does not listen to its signal must not go on for us either.
      await untilAborted(controller.signal, async () => this.#plan.check(target, controller.signal))
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
