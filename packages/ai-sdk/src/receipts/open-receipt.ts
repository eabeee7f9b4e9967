import type { LanguageModelV4GenerateResult } from '@ai-sdk/provider'
import type { ObservedModelCall } from './observed-model-call.ts'
import type { ObservedUsage } from './observed-receipt.ts'
import type { ModelAttempt, ModelReceipt } from './receipt.ts'
import { usageOf } from './usage-of.ts'

type AnswerFacts = Pick<LanguageModelV4GenerateResult, 'usage' | 'finishReason'>
type Writable<T> = { -readonly [Field in keyof T]: T[Field] }

const NONE: readonly string[] = []
let lastNumber = 0
const PROCESS = /* @__PURE__ */ crypto.randomUUID()

/** The receipt of a call that has not ended yet. */
export class OpenReceipt {
  readonly id = `${PROCESS}-${(++lastNumber).toString(36)}`
  readonly startedAt = Date.now()
  readonly labels: Readonly<Record<string, string>>
  readonly attempts: Writable<ModelAttempt>[] = []
  upstreamCalls = 0
  target: string | undefined
  provider: string | undefined
  modelId: string | undefined
  degraded = false
  firstContentMs: number | undefined
  usage: ObservedUsage | undefined
  finishReasons: readonly string[] = NONE
  /** The observers of the call; `undefined` if there are none. */
  observed: ObservedModelCall | undefined
  readonly #start = performance.now()
  #closed: ModelReceipt | undefined

  constructor(labels: Readonly<Record<string, string>>) {
    this.labels = labels
  }

  get outcome(): ModelReceipt['outcome'] | 'pending' {
    return this.#closed?.outcome ?? 'pending'
  }

  /** The time since the start of the call, in milliseconds. */
  get elapsedMs(): number {
    return Math.round((performance.now() - this.#start) * 1000) / 1000
  }

  /** Records the start of an attempt. Its outcome is `abandoned` until another one is set. */
  begin(
    target: string,
    reason: NonNullable<ModelAttempt['reason']>,
    adaptations: readonly string[] = NONE,
  ): Writable<ModelAttempt> {
    this.upstreamCalls++
    const attempt = {
      target,
      outcome: 'abandoned' as const,
      reason,
      startedAt: Date.now(),
      durationMs: 0,
      adaptations,
    }
    this.attempts.push(attempt)
    return attempt
  }

  skip(target: string, skipped: string): void {
    this.attempts.push({
      target,
      outcome: 'skipped',
      startedAt: Date.now(),
      durationMs: 0,
      adaptations: NONE,
      skipped,
    })
  }

  /** Notes the facts of a complete answer that observers get. */
  note({ usage, finishReason }: AnswerFacts): void {
    if (!this.observed) return
    this.usage = usageOf(usage)
    this.finishReasons = [finishReason.unified]
  }

  /** Ends the receipt. Only the first call sets the outcome. */
  close(outcome: ModelReceipt['outcome']): ModelReceipt {
    this.#closed ??= {
      id: this.id,
      outcome,
      ...(this.target !== undefined && { target: this.target }),
      ...(this.provider !== undefined && { provider: this.provider }),
      ...(this.modelId !== undefined && { modelId: this.modelId }),
      degraded: this.degraded,
      startedAt: this.startedAt,
      durationMs: this.elapsedMs,
      ...(this.firstContentMs !== undefined && { firstContentMs: this.firstContentMs }),
      upstreamCalls: this.upstreamCalls,
      labels: this.labels,
      attempts: this.attempts.map((attempt) => ({ ...attempt })),
    }
    return this.#closed
  }
}
