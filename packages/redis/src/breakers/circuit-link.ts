import type { Opening, SharedCircuit, StoreLink } from '@harbor/breaker'
import type { TargetReport, TargetState } from './board-wire.ts'

/** How long a circuit waits for the right to probe before it asks again, in milliseconds. */
const ASK_AGAIN_MS = 500

/** The board, as a circuit sees it. */
export interface BoardOfCircuit {
  now(): number
  /** Whether Redis cannot be reached. */
  readonly isDown: boolean
  /** A circuit is used: the next report is due soon. */
  join(link: CircuitLink): void
  /** When Redis has answered last. */
  readonly answeredAt: number
  /** There is something to report at once. */
  urge(): void
  /** A call needs the right to probe: it is requested at once. */
  askToProbe(): void
}

/**
 * One circuit of this process, and what the fleet knows of it:
 *
 *            the fleet has opened it                   its open time is over
 *     own ────────────────────────────▶ open for all ───────────────────────▶ asks for the probe
 *      ▲                                      ▲                                │           │
 *      │                                      └──── another member's probe ────┘           │ granted
 *      │                                            has failed                             ▼
 *      └─────── a probe has succeeded, or the fleet has forgotten the opening ───────── probes for all
 *
 * While it is its own, its openings are votes. One transition is pending at a time: a later one replaces it.
 */
export class CircuitLink implements StoreLink {
  readonly digest: string
  readonly #board: BoardOfCircuit
  readonly #circuit: SharedCircuit
  #isUsed = false
  #event: TargetReport['event'] = ''
  #ask: 'probe' | 'early' | '' = ''
  /** The latest opening by the circuit's own counts. */
  #opening: (Opening & { readonly untilMs: number }) | undefined
  /** The opening of the fleet that holds for the circuit; 0 if it is the circuit's own. */
  #generation = 0
  #openUntil = 0
  #leaseUntil = -Infinity
  /** An opening of the fleet that `reset()` has ended for this process. */
  #ignored = 0

  constructor(board: BoardOfCircuit, digest: string, circuit: SharedCircuit) {
    this.#board = board
    this.digest = digest
    this.#circuit = circuit
  }

  used(): void {
    if (this.#isUsed) return
    this.#isUsed = true
    this.#board.join(this)
  }

  opened(opening: Opening): void {
    this.#opening = { ...opening, untilMs: this.#board.now() + opening.forMs }
    this.#leaseUntil = -Infinity
    this.#report('open')
  }

  closed(isRecovered: boolean): void {
    this.#opening = undefined
    if (isRecovered) this.#report('close')
    else {
      this.#ignored = this.#generation
      this.#leave()
      this.#report('withdraw')
    }
  }

  probeWaitMs(isEarly: boolean): number {
    if (this.#generation === 0 || this.#board.isDown) return 0
    const now = this.#board.now()
    if (now < this.#leaseUntil) return 0
    if (!isEarly && now < this.#openUntil) return this.#openUntil - now
    if (isEarly || this.#ask === '') this.#ask = isEarly ? 'early' : 'probe'
    this.#board.askToProbe()
    // If calls are rare, the right expires before the next call, which would request it in vain again. So this call probes.
    const isRare = this.#leaseUntil > -Infinity && this.#board.answeredAt < this.#leaseUntil
    if (isRare) this.#leaseUntil = now + ASK_AGAIN_MS
    return isRare ? 0 : ASK_AGAIN_MS
  }

  /** Whether the right to probe must be renewed, because a probe is in flight. */
  get isProbing(): boolean {
    return this.#leaseUntil > -Infinity && this.#circuit.isProbing()
  }

  /** Whether there is something to report at once. */
  get hasNews(): boolean {
    return this.#event !== '' || this.#ask !== ''
  }

  /** Returns what to report; undefined if there is nothing. What is returned counts as reported. */
  take(now: number): TargetReport | undefined {
    const isUsed = this.#isUsed
    const ask = this.#ask || (this.isProbing ? 'renew' : '')
    const forMs = Math.max(0, (this.#opening?.untilMs ?? 0) - now)
    // The time of an opening may be over when Redis is back.
    const event = this.#event === 'open' && forMs === 0 ? 'withdraw' : this.#event
    if (!isUsed && ask === '' && event === '') return undefined
    this.#isUsed = false
    this.#event = this.#ask = ''
    const { consecutiveOpens = 1, isOfAccount = false } = this.#opening ?? {}
    const generation = this.#generation
    // A circuit that has closed is its own again.
    if (event === 'close') this.#leave()
    return { digest: this.digest, isUsed, event, forMs, consecutiveOpens, isOfAccount, generation, ask }
  }

  /** Takes back a report that Redis has not got, unless there is something newer to report. */
  takeBack({ event, generation }: TargetReport): void {
    if (this.#event !== '' || event === '') return
    this.#event = event
    if (event === 'close') this.#generation = generation
  }

  /** Redis has lost its state: what this process has found out itself is reported again. */
  repeat(now: number): void {
    this.#leave()
    if (this.#event === '' && this.#opening && this.#opening.untilMs > now) this.#report('open')
  }

  /** Returns what to report when the process leaves: its vote and its right to probe are returned. Undefined if it has neither. */
  leaving(): TargetReport | undefined {
    if (!this.#opening && this.#leaseUntil === -Infinity) return undefined
    const none = { isUsed: false, forMs: 0, consecutiveOpens: 1, isOfAccount: false, generation: 0 }
    return { ...none, digest: this.digest, event: 'withdraw', ask: 'release' }
  }

  /** @param sentAt when the report was sent to which this is the reply: a lease that begins later ends later, too */
  apply(state: TargetState, sentAt: number): void {
    // What the circuit has done since then is reported next.
    if (this.#event !== '') return
    if (!state.isOpen) {
      if (this.#generation === 0) return
      this.#leave()
      // 0: Redis has lost the opening. The circuit then probes by itself.
      if (state.generation === 0) return
      this.#opening = undefined
      this.#circuit.close()
      return
    }
    if (state.generation === this.#ignored) return
    if (state.generation !== this.#generation) {
      this.#leave()
      this.#generation = state.generation
      this.#openUntil = this.#board.now() + state.remainingMs
      this.#circuit.open(state.remainingMs, state.consecutiveOpens)
    }
    if (state.leaseMs > 0) {
      const isNew = this.#leaseUntil < this.#board.now()
      this.#leaseUntil = sentAt + state.leaseMs
      if (isNew) this.#circuit.halfOpen()
    }
  }

  #report(event: TargetReport['event']): void {
    this.#event = event
    this.#ask = ''
    this.#board.urge()
  }

  #leave(): void {
    this.#generation = 0
    this.#leaseUntil = -Infinity
  }
}
