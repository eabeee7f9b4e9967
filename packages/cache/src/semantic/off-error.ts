import { hasCode } from '../base/has-code.ts'
import type { Samples } from './error-bound.ts'

const CODE = 'semantic_cache_off'

/** Reported to `onError` once, when a semantic cache switches itself off. It serves nothing until `reset()` is called. */
export class SemanticCacheOffError extends Error {
  override readonly name = 'SemanticCacheOffError'
  /** Always `semantic_cache_off`. Identifies the error across copies of the package, where `instanceof` fails. */
  readonly code = CODE
  readonly reason: 'wrong-hits' | 'judge-failed'
  readonly judged: number
  readonly wrong: number

  constructor(reason: 'wrong-hits' | 'judge-failed', { judged, wrong }: Samples, maxErrorRate: number) {
    super(
      reason === 'wrong-hits'
        ? `the semantic cache is off: ${wrong} of ${judged} judged hits were wrong, which shows a rate above maxErrorRate (${maxErrorRate}); raise threshold or use another embedder, then call reset()`
        : 'the semantic cache is off: judge failed several times in a row, so that wrong hits would not be noticed; repair it, then call reset()',
    )
    this.reason = reason
    this.judged = judged
    this.wrong = wrong
  }

  /** Whether this is a SemanticCacheOffError, including one from another copy of this package. */
  static is(error: unknown): error is SemanticCacheOffError {
    return hasCode(error, CODE)
  }
}
