import { unref } from './unref.ts'
import { untilAborted } from './until-aborted.ts'

/** Whose targets are checked, and who learns what becomes of it. */
export interface Patient<Target> {
  isAvailable(target: Target): boolean
  /** A check has ended: well, or with this error. */
  checked(target: Target, failure?: { readonly error: unknown }): void
}

/** More than any chain has: targets that are made anew for each run must not be kept without bound. */
const MOST_WATCHED = 1_000

/**
 * Checks unavailable targets once an interval, from when one is noticed until all are available; then there is no timer. A
 * check that has not ended when the next one is due is aborted and has failed: checks of one target never overlap.
 */
export class HealthChecks<Target extends { readonly name: string }> {
  readonly #patient: Patient<Target>
  readonly #check: (target: Target, signal: AbortSignal) => Promise<unknown>
  readonly #intervalMs: number
  /** What was unavailable when last looked at, by name. */
  readonly #watched = new Map<string, Target>()
  readonly #running = new Set<AbortController>()
  #timer: ReturnType<typeof setTimeout> | undefined
  #started = false

  /** @param check rejects if the target is not well */
  constructor(
    patient: Patient<Target>,
    check: (target: Target, signal: AbortSignal) => Promise<unknown>,
    intervalMs: number,
  ) {
    this.#patient = patient
    this.#check = check
    this.#intervalMs = intervalMs
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
    if (this.#patient.isAvailable(target)) this.#watched.delete(target.name)
    else if (this.#watched.size < MOST_WATCHED) this.#watched.set(target.name, target)
    this.#setTimer()
  }

  #setTimer(): void {
    if (this.#watched.size === 0) {
      this.#stopTimer()
    } else if (this.#timer === undefined) {
      this.#timer = setTimeout(() => this.#checkAll(), this.#intervalMs)
      unref(this.#timer)
    }
  }

  #stopTimer(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  #checkAll(): void {
    this.#timer = undefined
    this.#abortRunning(new DOMException(`a health check may take ${this.#intervalMs} ms`, 'TimeoutError'))
    for (const [name, target] of this.#watched) {
      if (this.#patient.isAvailable(target)) this.#watched.delete(name)
      else void this.#examine(target)
    }
    this.#setTimer()
  }

  async #examine(target: Target): Promise<void> {
    const controller = new AbortController()
    this.#running.add(controller)
    try {
      // A check that does not listen to its signal must not go on for us either.
      await untilAborted(controller.signal, async () => this.#check(target, controller.signal))
      this.#patient.checked(target)
    } catch (error) {
      if (this.#started) this.#patient.checked(target, { error })
    } finally {
      this.#running.delete(controller)
    }
  }

  #abortRunning(reason: DOMException): void {
    for (const controller of this.#running) controller.abort(reason)
  }
}
