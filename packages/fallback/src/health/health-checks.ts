import { untilAborted } from '@harbor/parts'

/** The owner of the targets that are checked. It receives the results. */
export interface HealthCheckHost<Target> {
  isAvailable(target: Target): boolean
  /** Called when a check has ended. The check succeeded unless `failure` is given. */
  checked(target: Target, failure?: { readonly error: unknown }): void
}

/** The maximum number of targets that are checked. It limits the memory of a chain that gets new targets with every run. */
const MAX_WATCHED = 1_000

/**
 * Checks unavailable targets once per interval. While all targets are available, there is no timer. If a check has not ended
 * when the next one is due, it is aborted and counts as failed. So checks of one target never overlap.
 */
export class HealthChecks<Target extends { readonly name: string }> {
  readonly #host: HealthCheckHost<Target>
  readonly #check: (target: Target, signal: AbortSignal) => Promise<unknown>
  readonly #intervalMs: number
  /** The targets known to be unavailable, by name. */
  readonly #watched = new Map<string, Target>()
  readonly #running = new Set<AbortController>()
  #timer: ReturnType<typeof setTimeout> | undefined
  #started = false

  /** @param check checks a target; rejects if the target does not work */
  constructor(
    host: HealthCheckHost<Target>,
    check: (target: Target, signal: AbortSignal) => Promise<unknown>,
    intervalMs: number,
  ) {
    this.#host = host
    this.#check = check
    this.#intervalMs = intervalMs
  }

  get started(): boolean {
    return this.#started
  }

  /**
   * Starts the checks.
   *
   * @param targets the targets of the chain. Targets of a single run are added by `watch` when a run finds them unavailable
   */
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

  /**
   * Adds a target to the targets that are checked if it is unavailable, or removes it if it is available. Called whenever this
   * may have changed.
   */
  watch(target: Target): void {
    if (!this.#started) return
    if (this.#host.isAvailable(target)) this.#watched.delete(target.name)
    else if (this.#watched.size < MAX_WATCHED) this.#watched.set(target.name, target)
    this.#setTimer()
  }

  #setTimer(): void {
    if (this.#watched.size === 0) {
      this.#stopTimer()
    } else if (this.#timer === undefined) {
      this.#timer = setTimeout(() => this.#checkAll(), this.#intervalMs)
      // Does not keep the process alive. In browsers a timer is a number.
      ;(this.#timer as { unref?: () => void }).unref?.()
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
      if (this.#host.isAvailable(target)) this.#watched.delete(name)
      else void this.#checkOne(target)
    }
    this.#setTimer()
  }

  async #checkOne(target: Target): Promise<void> {
    const controller = new AbortController()
    this.#running.add(controller)
    try {
      // `untilAborted` also ends a check that ignores its signal.
      await untilAborted(controller.signal, async () => this.#check(target, controller.signal))
      this.#host.checked(target)
    } catch (error) {
      if (this.#started) this.#host.checked(target, { error })
    } finally {
      this.#running.delete(controller)
    }
  }

  #abortRunning(reason: DOMException): void {
    for (const controller of this.#running) controller.abort(reason)
  }
}
