import type { BreakerSnapshot } from '../src/index.ts'

/** A finished call, as the model's rule sees it. */
export interface Finished {
  failed: boolean
  durationMs: number
  at: number
}

export interface ModelOptions {
  /** Whether the circuit opens, decided from all calls since it closed, the oldest first. */
  trips: (calls: readonly Finished[], now: number) => boolean
  openForMs: number
  probes: number
  probeTimeoutMs: number
}

export interface ModelCall {
  spell: number
  startedAt: number
  answeredAt?: number
  isProbe: boolean
  settled?: true
}

/**
 * The behaviour of a breaker, as simple as possible: the model keeps every call, and examines all of them each time. A spell is
 * the time from one change of state to the next; a call belongs to the spell in which it began.
 */
export class Model {
  readonly #options: ModelOptions
  now: number
  state: BreakerSnapshot['state'] = 'closed'
  /** The types of the events so far. */
  events: string[] = []
  #spell = 0
  #finished: Finished[] = []
  #calls: ModelCall[] = []
  #succeeded = 0
  #consecutiveOpens = 0
  #openForMs = 0
  #openUntil = 0
  #streakEndsAt = 0
  #requestedUntil = 0
  #handles = 0

  constructor(options: ModelOptions, now: number) {
    this.#options = options
    this.now = now
  }

  get retryAfterMs(): number {
    return this.state === 'open' ? this.#openUntil - this.now : 0
  }

  get failures(): number {
    return this.#finished.filter((call) => call.failed).length
  }

  /** Moves the time forward, one millisecond after the other. */
  pass(ms: number): void {
    for (let passed = 0; passed <= ms; passed++, this.now++) {
      const expired = this.#probesOut().some(
        (probe) =>
          probe.answeredAt === undefined && this.now >= probe.startedAt + this.#options.probeTimeoutMs,
      )
      if (expired) this.#open(this.#consecutiveOpens + 1, 0)
      if (this.state === 'open' && this.now >= this.#openUntil) this.#change('half-open', 'half-open')
    }
    this.now--
  }

  /** Whether a call would be let through. */
  admits(): boolean {
    if (this.state === 'half-open') return this.#probesOut().length + this.#succeeded < this.#options.probes
    return this.state === 'closed'
  }

  begin(): ModelCall {
    const call: ModelCall = { spell: this.#spell, startedAt: this.now, isProbe: this.state === 'half-open' }
    this.#calls.push(call)
    return call
  }

  answer(call: ModelCall): void {
    if (!call.settled && call.spell === this.#spell) call.answeredAt ??= this.now
  }

  end(call: ModelCall, verdict: 'success' | 'failure' | 'ignore', requestedMs = 0): void {
    if (call.settled || call.spell !== this.#spell) return
    call.settled = true
    if (verdict === 'ignore') return
    const failed = verdict === 'failure'
    if (this.state === 'half-open') {
      if (failed) this.#open(this.#consecutiveOpens + 1, requestedMs)
      else if (++this.#succeeded === this.#options.probes) {
        this.#streakEndsAt = this.now + this.#openForMs
        this.#change('closed', 'close')
      }
      return
    }
    if (failed) this.#requestedUntil = Math.max(this.#requestedUntil, this.now + requestedMs)
    const durationMs = (call.answeredAt ?? this.now) - call.startedAt
    this.#finished.push({ failed, durationMs, at: this.now })
    if (this.#options.trips(this.#finished, this.now)) {
      this.#open(
        this.now < this.#streakEndsAt ? this.#consecutiveOpens + 1 : 1,
        this.#requestedUntil - this.now,
      )
    }
  }

  halfOpen(): void {
    if (this.state === 'open') this.#change('half-open', 'half-open')
  }

  /** Returns a function that disposes the handle. */
  isolate(): () => void {
    if (this.state !== 'isolated') {
      this.#handles = 0
      this.#change('isolated', 'open')
    }
    this.#handles++
    const spell = this.#spell
    let disposed = false
    return () => {
      if (!disposed && spell === this.#spell && --this.#handles === 0) this.reset()
      disposed = true
    }
  }

  reset(): void {
    this.#consecutiveOpens = 0
    this.#streakEndsAt = 0
    this.#change('closed', this.state === 'closed' ? undefined : 'close')
  }

  /** Becomes a breaker restored from a snapshot: it has no calls in flight, and nothing can end an answered probe. */
  copy(): void {
    this.#handles = 0
    this.#calls = this.#calls.filter((call) => !(call.isProbe && call.answeredAt !== undefined))
  }

  #probesOut(): ModelCall[] {
    return this.#calls.filter((call) => call.isProbe && call.spell === this.#spell && !call.settled)
  }

  #open(consecutiveOpens: number, minimumMs: number): void {
    const { openForMs } = this.#options
    this.#consecutiveOpens = consecutiveOpens
    this.#openForMs = Math.max(Math.min(openForMs * 2 ** (consecutiveOpens - 1), 600_000), minimumMs)
    this.#openUntil = this.now + this.#openForMs
    this.#change('open', 'open')
  }

  #change(state: BreakerSnapshot['state'], event: string | undefined): void {
    this.state = state
    this.#spell++
    this.#finished = []
    this.#succeeded = 0
    this.#requestedUntil = 0
    if (event) this.events.push(event)
  }
}
