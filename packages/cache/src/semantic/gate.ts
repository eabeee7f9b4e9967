import { exceeds, upperBound, type Samples } from './error-bound.ts'
import { SemanticCacheOffError } from './off-error.ts'
import type { SemanticSettings } from './options.ts'
import type { SemanticState } from './report.ts'

type GateSettings = Pick<
  SemanticSettings<never>,
  'shadow' | 'maxErrorRate' | 'judgeShare' | 'onError' | 'random'
>

/**
 * Decides by the judged hits whether hits are served.
 *
 *     shadow: true             shadow ───────────────┐
 *     shadow: 'until-proved'   proving <──> serving ─┼──> off ──> reset() begins again
 *     shadow: false            serving ──────────────┘
 *
 * `off` follows when the error rate is shown to be above `maxErrorRate`, or when `judge` fails several times in a row. It lasts until `reset()`:
 * a cache that no longer serves is no longer judged, so that it could not notice that it is better.
 */
export class Gate {
  judgeFailures = 0
  offReason: 'wrong-hits' | 'judge-failed' | undefined
  readonly #settings: GateSettings
  #samples: Samples = NONE
  #upperBound = 1
  #failuresInRow = 0

  constructor(settings: GateSettings) {
    this.#settings = settings
  }

  get state(): SemanticState {
    if (this.offReason) return 'off'
    const { shadow } = this.#settings
    if (shadow === true) return 'shadow'
    return shadow === false || this.#isProved ? 'serving' : 'proving'
  }

  get samples(): Samples {
    return this.#samples
  }

  get upperBound(): number {
    return this.#upperBound
  }

  /** Chooses by chance whether a hit is judged: all until enough is known, then a share. What the texts are has no influence. */
  chooses(): boolean {
    const { judgeShare, random } = this.#settings
    return (!this.#isProved && this.#samples.judged < MAX_ALL_JUDGED) || random() < judgeShare
  }

  note(isRight: boolean): void {
    if (this.offReason) return
    const { judged, wrong } = this.#samples
    this.#failuresInRow = 0
    this.#samples = { judged: judged + 1, wrong: isRight ? wrong : wrong + 1 }
    this.#upperBound = upperBound(this.#samples)
    if (exceeds(this.#samples, this.#settings.maxErrorRate)) this.#switchOff('wrong-hits')
  }

  noteFailure(): void {
    this.judgeFailures++
    this.#failuresInRow++
    if (this.#failuresInRow >= MAX_FAILURES_IN_ROW && !this.offReason) this.#switchOff('judge-failed')
  }

  reset(): void {
    this.offReason = undefined
    this.#samples = NONE
    this.#upperBound = 1
    this.#failuresInRow = 0
  }

  get #isProved(): boolean {
    return this.#upperBound <= this.#settings.maxErrorRate
  }

  #switchOff(reason: 'wrong-hits' | 'judge-failed'): void {
    this.offReason = reason
    const { onError, maxErrorRate } = this.#settings
    onError(new SemanticCacheOffError(reason, this.#samples, maxErrorRate))
  }
}

const NONE: Samples = { judged: 0, wrong: 0 }
/** From this number of judged hits on, only a share is judged, even if nothing is proved. */
const MAX_ALL_JUDGED = 500
const MAX_FAILURES_IN_ROW = 10
