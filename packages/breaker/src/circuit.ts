import { BreakerOpenError } from './breaker-open-error.ts'
import type { Call } from './call.ts'
import { SteadyClock } from './clock.ts'
import { Listeners, type BreakerEvent } from './events.ts'
import { isOfAccount, judgeByDefault, type Verdict } from './judge.ts'
import { openTime, requestedOpenMs } from './open-time.ts'
import type { Settings } from './options.ts'
import { revive, save, type BreakerSnapshot } from './snapshot.ts'
import { closed, type Closed, type HalfOpen, type Isolated, type Open, type State } from './state.ts'
import type { StoreLink } from './store.ts'
import { recordAll, type Counts } from './trip-rules/trip-rule.ts'

/**
 * The state machine of a breaker, with every transition from one state to another.
 *
 *               a trip rule is met            its time is up, or halfOpen()
 *     closed ───────────────────▶ open ──────────────────────────────────────▶ half-open
 *       ▲                          ▲                                            │    │
 *       │                          └── a probe failed, or did not answer ───────┘    │
 *       └─────────────────── all probes of the option `probes` succeeded ────────────┘
 *
 *     isolate() leads from any state to isolated; disposing its last handle, or reset(), leads to closed, with new counts.
 *
 * There is no timer: a transition that depends on time is made at the next access, as if it had been made when it was due.
 *
 * A store may also make the transitions to open, half-open and closed. If it has opened the circuit, it decides which process probes.
 */
export class Circuit {
  readonly listeners = new Listeners()
  readonly #settings: Settings
  readonly #clock: SteadyClock
  /** Whether any trip rule needs the time at which a call ends. */
  readonly #timed: boolean
  /** Whether any trip rule, or a custom `judge`, needs the duration of a call. */
  readonly #measured: boolean
  #current: State
  /** The error of the last failure; removed when the circuit closes or is isolated. */
  #cause: unknown
  /** Whether the last failure was about the account. */
  #isOfAccount = false
  readonly #link: StoreLink | undefined

  constructor(settings: Settings, restore: BreakerSnapshot | undefined) {
    this.#settings = settings
    // The clock of the snapshot may have been ahead of this one.
    this.#clock = new SteadyClock(settings.clock, restore?.takenAt)
    this.#timed = settings.rules.some((rule) => rule.timing !== 'none')
    this.#measured =
      settings.judge !== judgeByDefault ||
      settings.rules.some(({ timing = 'duration' }) => timing === 'duration')
    this.#current = restore ? revive(restore, settings.rules, settings.probes) : closed(settings.rules)
    this.#link = settings.store?.attach(settings.name, {
      open: (forMs, consecutiveOpens) => this.#openByStore(forMs, consecutiveOpens),
      close: () => this.#closeByStore(),
      halfOpen: () => {
        if (this.#current.state === 'open') this.#toHalfOpen(this.#current, true)
      },
      isProbing: () => {
        const current = this.#current.state === 'half-open' ? this.look() : this.#current
        return current.state === 'half-open' && current.probes.size > 0
      },
    })
  }

  /** Makes the transitions that are due by now, and returns the resulting state. */
  look(): State {
    const current = this.#current
    if (current.state === 'open' && this.#clock.now() >= current.until) {
      const waitMs = this.#link?.probeWaitMs(false) ?? 0
      if (waitMs > 0) current.until = this.#clock.now() + waitMs
      else this.#toHalfOpen(current)
    }
    if (current.state === 'half-open') {
      const expiresAt = Math.min(...Array.from(current.probes, (probe) => probe.expiresAt))
      if (this.#clock.now() >= expiresAt) {
        this.#isOfAccount = false
        this.#reopen(current, expiresAt, 0)
        // The probe may have timed out so long ago that the circuit has been open for its whole time already.
        return this.look()
      }
    }
    return this.#current
  }

  get retryAfterMs(): number {
    return this.#openMsLeft(this.look())
  }

  counts(): Counts {
    const current = this.look()
    const calls = current.state === 'half-open' ? current.succeeded : 0
    const tally = current.state === 'closed' ? current.tallies[0] : undefined
    return tally?.counts(this.#clock.now()) ?? { calls, successes: calls, failures: 0, slow: 0 }
  }

  snapshot(): BreakerSnapshot {
    return save(this.look(), this.#clock.now())
  }

  /** Returns the error if a call is refused now, and emits a `reject` event; returns `undefined` if the call is let through. */
  refusal(): BreakerOpenError | undefined {
    let current = this.look()
    if (current.state === 'closed') return undefined
    if (current.state === 'half-open') {
      for (const probe of current.probes) {
        if (probe.owner && !probe.owner.deref()) current.probes.delete(probe)
      }
      if (current.probes.size + current.succeeded < this.#settings.probes) {
        const waitMs = this.#link?.probeWaitMs(false) ?? 0
        if (waitMs <= 0) return undefined
        // Another process probes by now.
        current = { ...current.previousOpen, until: this.#clock.now() + waitMs }
        this.#enter(current, 'open', true)
      }
    }
    const { state } = current
    const retryAfterMs = this.#openMsLeft(current)
    const cause = this.#cause
    if (this.listeners.wantRejections) {
      this.listeners.emit({ type: 'reject', state, previous: state, retryAfterMs, cause })
    }
    return new BreakerOpenError(state, retryAfterMs, cause)
  }

  /** Registers the start of a call for which `refusal()` has returned no error. */
  admit(): Call {
    const epoch = this.#current
    const call: Call = {
      epoch,
      probe: undefined,
      startedAt: this.#measured ? this.#clock.now() : 0,
      endedAt: undefined,
    }
    if (epoch.state === 'half-open') {
      call.probe = { expiresAt: this.#clock.now() + this.#settings.probeTimeoutMs }
      epoch.probes.add(call.probe)
    }
    if (this.#link !== undefined) this.#link.used()
    return call
  }

  /**
   * Judges a call that has returned or thrown, and counts it.
   *
   * @param ok whether the call returned
   * @param result the value that the call returned, or the error that it threw
   */
  judge(call: Call, ok: boolean, result: unknown): void {
    const { judge } = this.#settings
    if (ok && judge === judgeByDefault) {
      this.settle(call, 'success')
    } else if (call.epoch === this.look()) {
      const durationMs = (call.endedAt ?? this.#clock.now()) - call.startedAt
      const verdict = judge(ok ? { ok, value: result, durationMs } : { ok, error: result, durationMs })
      this.settle(call, verdict, result)
    }
  }

  /** Counts a call that has ended. Has no effect if the state in which the call began is over. */
  settle(call: Call, verdict: Verdict, error?: unknown): void {
    const current = this.look()
    if (call.epoch !== current) return
    call.epoch = undefined
    if (current.state === 'closed') {
      if (verdict !== 'ignore') this.#count(current, call, verdict, error)
    } else if (current.state === 'half-open' && call.probe) {
      current.probes.delete(call.probe)
      if (verdict === 'success') this.#countSuccess(current)
      else if (verdict !== 'ignore') {
        this.#failed(verdict, error)
        this.#reopen(current, this.#clock.now(), this.#requestedOpenMs(verdict))
      }
    }
  }

  /**
   * Records that the answer of a call has begun. The measured duration ends here, although the call goes on. A probe can no
   * longer time out.
   *
   * @param owner the object that will report the end of the call. If it is garbage-collected, a probe no longer counts as in
   * flight
   */
  answered(call: Call, owner: object): void {
    if (call.epoch !== this.look()) return
    call.endedAt ??= this.#clock.now()
    if (call.probe) Object.assign(call.probe, { expiresAt: Infinity, owner: new WeakRef(owner) })
  }

  halfOpen(): void {
    const current = this.look()
    if (current.state === 'open' && (this.#link?.probeWaitMs(true) ?? 0) <= 0) this.#toHalfOpen(current)
  }

  isolate(): Disposable {
    const current = this.look()
    const isolated: Isolated = current.state === 'isolated' ? current : { state: 'isolated', handles: 0 }
    isolated.handles++
    if (isolated !== current) this.#enter(isolated, 'open')
    let disposed = false
    return {
      [Symbol.dispose]: () => {
        if (disposed) return
        disposed = true
        if (--isolated.handles === 0 && this.#current === isolated) this.reset()
      },
    }
  }

  reset(): void {
    this.#enter(closed(this.#settings.rules), 'close')
    this.#link?.closed(false)
  }

  #count(current: Closed, call: Call, verdict: Verdict, error: unknown): void {
    const failed = verdict !== 'success'
    const now = this.#timed || failed ? this.#clock.now() : 0
    if (failed) {
      this.#failed(verdict, error)
      current.openAtLeastUntil = Math.max(current.openAtLeastUntil, now + this.#requestedOpenMs(verdict))
    }
    const durationMs = (call.endedAt ?? now) - call.startedAt
    if (recordAll(current.tallies, failed, durationMs, now)) this.#trip(current, this.#clock.now())
  }

  #trip({ consecutiveOpens, streakEndsAt, openAtLeastUntil }: Closed, now: number): void {
    this.#open(now < streakEndsAt ? consecutiveOpens + 1 : 1, now, openAtLeastUntil - now)
  }

  #failed(verdict: Verdict, error: unknown): void {
    this.#cause = error
    this.#isOfAccount = isOfAccount(verdict, error)
  }

  #countSuccess(current: HalfOpen): void {
    if (++current.succeeded < this.#settings.probes) return
    this.#close(current.previousOpen, false)
    this.#link?.closed(true)
  }

  #close({ consecutiveOpens, forMs }: Open, byStore: boolean): void {
    this.#enter(closed(this.#settings.rules, consecutiveOpens, this.#clock.now() + forMs), 'close', byStore)
  }

  #openByStore(forMs: number, consecutiveOpens: number): void {
    if (this.#current.state === 'isolated') return
    this.#enter({ state: 'open', consecutiveOpens, forMs, until: this.#clock.now() + forMs }, 'open', true)
  }

  #closeByStore(): void {
    const current = this.#current.state === 'half-open' ? this.#current.previousOpen : this.#current
    if (current.state === 'open') this.#close(current, true)
  }

  #reopen({ previousOpen }: HalfOpen, from: number, minimumMs: number): void {
    this.#open(previousOpen.consecutiveOpens + 1, from, minimumMs)
  }

  #open(consecutiveOpens: number, from: number, minimumMs: number): void {
    const forMs = Math.max(openTime(this.#settings.openForMs, consecutiveOpens), minimumMs)
    const until = from + forMs
    this.#enter({ state: 'open', consecutiveOpens, forMs, until }, 'open')
    const isOfAccount = this.#isOfAccount
    this.#link?.opened({ forMs: until - this.#clock.now(), consecutiveOpens, isOfAccount })
  }

  #toHalfOpen(previousOpen: Open, byStore = false): void {
    const next: HalfOpen = { state: 'half-open', previousOpen, probes: new Set(), succeeded: 0 }
    this.#enter(next, 'half-open', byStore)
  }

  #enter(next: State, type: BreakerEvent['type'], byStore = false): void {
    const previous = this.#current.state
    this.#current = next
    const { state } = next
    if (state === 'closed' || state === 'isolated') this.#cause = undefined
    if (state === previous) return // reset() of a closed circuit: only the counts are new
    const event = { type, state, previous, retryAfterMs: this.#openMsLeft(next), cause: this.#cause }
    this.listeners.emit(byStore ? { ...event, byStore } : event)
  }

  #requestedOpenMs(verdict: Verdict): number {
    return requestedOpenMs(verdict, this.#settings.openForMs)
  }

  /**
   * Returns the time until an open circuit becomes half-open, in milliseconds; 0 if the circuit is not open. Rounded up, so that
   * a caller that waits this long does not call too early.
   */
  #openMsLeft(current: State): number {
    return current.state === 'open' ? Math.max(1, Math.ceil(current.until - this.#clock.now())) : 0
  }
}
