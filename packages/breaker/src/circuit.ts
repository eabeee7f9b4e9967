import { BreakerOpenError } from './breaker-open-error.ts'
import { Listeners, type BreakerEvent } from './events.ts'
import { judgeByDefault, type Verdict } from './judge.ts'
import { openTime, wishOf } from './open-time.ts'
import type { Settings } from './options.ts'
import { revive, save, type BreakerSnapshot } from './snapshot.ts'
import {
  closed,
  type Closed,
  type HalfOpen,
  type Isolated,
  type Open,
  type Probe,
  type State,
} from './state.ts'
import { recordAll, type Counts } from './trip-rule.ts'

/**
 * The state machine: all that leads from one state to another.
 *
 *               a rule says so                its time is up, or halfOpen()
 *     closed ───────────────────▶ open ──────────────────────────────────────▶ half-open
 *       ▲                          ▲                                            │    │
 *       │                          └── a probe failed, or was not answered ─────┘    │
 *       └──────────────── as many probes succeeded as are asked for ─────────────────┘
 *
 *     isolate() leads from anywhere to isolated; its last handle, like reset(), leads to closed with clean counts.
 *
 * There is no timer: what time does is made up for when somebody looks, and dated when it was due.
 */
export class Circuit {
  readonly listeners = new Listeners()
  readonly #settings: Settings
  /** The latest time told, and what is added to the clock's. */
  #last = -Infinity
  #offset = 0
  /** Whether anybody wants to know when closed calls end, and how long they took. */
  readonly #timed: boolean
  readonly #measured: boolean
  #current: State
  /** The last error since it was last closed. */
  #cause: unknown

  constructor(settings: Settings, restore: BreakerSnapshot | undefined) {
    this.#settings = settings
    // A snapshot may have been taken by a clock that was ahead of this one.
    if (restore) this.#last = restore.takenAt
    this.#timed = settings.rules.some((rule) => rule.timing !== 'none')
    this.#measured =
      settings.judge !== judgeByDefault ||
      settings.rules.some(({ timing = 'duration' }) => timing === 'duration')
    this.#current = restore ? revive(restore, settings) : closed(settings.rules)
  }

  /**
   * Time that never runs backwards: after the clock's step back it goes on from where it was, at the clock's own pace. So a
   * step back loses no count, and makes no opening end early, nor an hour late.
   */
  now(): number {
    const time = this.#settings.clock.now()
    if (time + this.#offset < this.#last) this.#offset = this.#last - time
    return (this.#last = time + this.#offset)
  }

  /** The state, once time has done its part. */
  look(): State {
    const current = this.#current
    if (current.state === 'open' && this.now() >= current.until) this.#toHalfOpen(current)
    if (current.state === 'half-open') {
      const expiresAt = Math.min(...Array.from(current.probes, (probe) => probe.expiresAt))
      if (this.now() >= expiresAt) {
        this.#reopen(current, expiresAt, 0)
        // That opening may be over too.
        return this.look()
      }
    }
    return this.#current
  }

  get retryAfterMs(): number {
    return this.#leftOf(this.look())
  }

  counts(): Counts {
    const current = this.look()
    const calls = current.state === 'half-open' ? current.succeeded : 0
    const tally = current.state === 'closed' ? current.tallies[0] : undefined
    return tally?.counts(this.now()) ?? { calls, successes: calls, failures: 0, slow: 0 }
  }

  snapshot(): BreakerSnapshot {
    return save(this.look(), this.now())
  }

  /** Why a call is not let through, if it is not. */
  refusal(): BreakerOpenError | undefined {
    const current = this.look()
    const { state } = current
    if (state === 'closed') return undefined
    if (state === 'half-open') {
      for (const probe of current.probes) {
        if (probe.owner && !probe.owner.deref()) current.probes.delete(probe)
      }
      if (current.probes.size + current.succeeded < this.#settings.probes) return undefined
    }
    const retryAfterMs = this.#leftOf(current)
    const cause = this.#cause
    if (this.listeners.hearRejections) {
      this.listeners.emit({ type: 'reject', state, previous: state, retryAfterMs, cause })
    }
    return new BreakerOpenError(state, retryAfterMs, cause)
  }

  /** Lets a call through that was not refused. */
  admit(): Call {
    const epoch = this.#current
    const call: Call = {
      epoch,
      probe: undefined,
      startedAt: this.#measured ? this.now() : 0,
      endedAt: undefined,
    }
    if (epoch.state === 'half-open') {
      call.probe = { expiresAt: this.now() + this.#settings.probeTimeoutMs }
      epoch.probes.add(call.probe)
    }
    return call
  }

  /** A call has returned, or thrown, and is to be judged. */
  judge(call: Call, ok: boolean, result: unknown): void {
    const { judge } = this.#settings
    if (ok && judge === judgeByDefault) {
      this.settle(call, 'success')
    } else if (call.epoch === this.look()) {
      const durationMs = (call.endedAt ?? this.now()) - call.startedAt
      const verdict = judge(ok ? { ok, value: result, durationMs } : { ok, error: result, durationMs })
      this.settle(call, verdict, result)
    }
  }

  /** A call has ended. If the state in which it began is over, so is what it could have said. */
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
        this.#cause = error
        this.#reopen(current, this.now(), this.#wishOf(verdict))
      }
    }
  }

  /** The call's clocks stop, and a probe's too; it keeps its slot for as long as the owner of the call lives. */
  answered(call: Call, owner: object): void {
    if (call.epoch !== this.look()) return
    call.endedAt ??= this.now()
    if (call.probe) Object.assign(call.probe, { expiresAt: Infinity, owner: new WeakRef(owner) })
  }

  halfOpen(): void {
    const current = this.look()
    if (current.state === 'open') this.#toHalfOpen(current)
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
  }

  #count(current: Closed, call: Call, verdict: Verdict, error: unknown): void {
    const failed = verdict !== 'success'
    const now = this.#timed || failed ? this.now() : 0
    if (failed) {
      this.#cause = error
      current.openAtLeastUntil = Math.max(current.openAtLeastUntil, now + this.#wishOf(verdict))
    }
    const durationMs = (call.endedAt ?? now) - call.startedAt
    if (recordAll(current.tallies, failed, durationMs, now)) this.#trip(current, this.now())
  }

  #trip({ openings, calmAt, openAtLeastUntil }: Closed, now: number): void {
    this.#open(now < calmAt ? openings + 1 : 1, now, openAtLeastUntil - now)
  }

  #countSuccess(current: HalfOpen): void {
    if (++current.succeeded < this.#settings.probes) return
    const { openings, forMs } = current.opening
    this.#enter(closed(this.#settings.rules, openings, this.now() + forMs), 'close')
  }

  #reopen({ opening }: HalfOpen, from: number, atLeastMs: number): void {
    this.#open(opening.openings + 1, from, atLeastMs)
  }

  #open(openings: number, from: number, atLeastMs: number): void {
    const forMs = Math.max(openTime(this.#settings.openForMs, openings), atLeastMs)
    this.#enter({ state: 'open', openings, forMs, until: from + forMs }, 'open')
  }

  #toHalfOpen(opening: Open): void {
    this.#enter({ state: 'half-open', opening, probes: new Set(), succeeded: 0 }, 'half-open')
  }

  #enter(next: State, type: BreakerEvent['type']): void {
    const previous = this.#current.state
    this.#current = next
    const { state } = next
    if (state === 'closed' || state === 'isolated') this.#cause = undefined
    if (state === previous) return // closed again by reset(): only the counts are new
    this.listeners.emit({ type, state, previous, retryAfterMs: this.#leftOf(next), cause: this.#cause })
  }

  #wishOf(verdict: Verdict): number {
    return wishOf(verdict, this.#settings.openForMs)
  }

  /** Rounded up, so that nobody comes too early. */
  #leftOf(current: State): number {
    return current.state === 'open' ? Math.max(1, Math.ceil(current.until - this.now())) : 0
  }
}

/** A call that was let through. */
export interface Call {
  /** The state in which it began; `undefined` once the call is settled. */
  epoch: State | undefined
  /** Its slot, if it is a probe. */
  probe: Probe | undefined
  readonly startedAt: number
  /** When it was answered, if the verdict comes later than that. */
  endedAt: number | undefined
}
