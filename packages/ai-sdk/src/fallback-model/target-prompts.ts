import type {
  LanguageModelV4,
  LanguageModelV4CallOptions,
  LanguageModelV4Message,
  LanguageModelV4Prompt,
} from '@ai-sdk/provider'
import {
  adaptPrompt,
  hasStoredFiles,
  promptTarget,
  whyUnable,
  type PromptTarget,
} from '../prompt-marks/index.ts'
import type { LiveAttempt } from './live-attempt.ts'
import { keysOfMessage, type RememberedTargets } from './remembered-targets.ts'
import { withHeaders, type TargetRequest } from './target-caller.ts'
import type { Target } from './targets.ts'

const NONE: ReadonlyMap<object, string> = new Map()

/** Adapts the prompt of a call to each target. What a target accepts is found out once, when the model is created. */
export class TargetPrompts {
  readonly #targets: ReadonlyMap<Target<LanguageModelV4>, PromptTarget>
  /** Targets that read the same marks as another one. */
  readonly #twins: ReadonlySet<Target<LanguageModelV4>>
  readonly #remembered: RememberedTargets
  /** Targets that refused what another target of the same vendor had written: items and encrypted reasoning of another account. */
  readonly #refusing = new Set<Target<LanguageModelV4>>()

  /** @param remembered which target wrote a message */
  constructor(targets: readonly Target<LanguageModelV4>[], remembered: RememberedTargets) {
    this.#targets = new Map(targets.map((target) => [target, promptTarget(target)]))
    this.#twins = new Set(targets.filter((target) => hasTwin(target, this.#targets)))
    this.#remembered = remembered
  }

  /** Returns why targets cannot answer this prompt, by target: it contains a file that is stored at another vendor. */
  unable(prompt: LanguageModelV4Prompt): ReadonlyMap<object, string> {
    if (!hasStoredFiles(prompt)) return NONE
    const reasons = new Map<object, string>()
    for (const [target, accepts] of this.#targets) {
      const reason = whyUnable(prompt, accepts)
      if (reason !== undefined) reasons.set(target, reason)
    }
    return reasons
  }

  /**
   * Returns the request of a call to one target, with the prompt adapted to it. If another target of the same vendor is in the list, and the
   * target refuses the request as invalid, the request after it has no marks of this vendor either. Once that has helped, marks that the
   * other target is known to have written are removed at once.
   */
  requestFor<T>(
    options: LanguageModelV4CallOptions,
    target: Target<LanguageModelV4>,
    send: (options: LanguageModelV4CallOptions, attempt: LiveAttempt) => Promise<T>,
  ): TargetRequest<T> {
    const adapted = this.#adapted(
      options,
      target,
      this.#refusing.has(target) ? (message) => this.#isOfAnother(message, target) : undefined,
    )
    const request = { adaptations: adapted.dropped, send: sendWith(adapted.options, send) }
    if (!this.#twins.has(target)) return request
    return {
      ...request,
      afterRefusal: () => {
        const bare = this.#adapted(options, target, () => true)
        if (bare.dropped.join() === adapted.dropped.join()) return undefined
        return {
          adaptations: bare.dropped,
          send: sendWith(bare.options, send),
          answered: () => void this.#refusing.add(target),
        }
      },
    }
  }

  #adapted(
    options: LanguageModelV4CallOptions,
    target: Target<LanguageModelV4>,
    isForeign: ((message: LanguageModelV4Message) => boolean) | undefined,
  ): { readonly options: LanguageModelV4CallOptions; readonly dropped: readonly string[] } {
    const to = this.#targets.get(target) ?? promptTarget(target)
    const { prompt, dropped } = adaptPrompt(options.prompt, { to, tools: options.tools, isForeign })
    return { options: prompt === options.prompt ? options : { ...options, prompt }, dropped }
  }

  #isOfAnother(message: LanguageModelV4Message, target: Target<LanguageModelV4>): boolean {
    const writer = this.#remembered.find(keysOfMessage(message))
    return writer !== undefined && writer !== target.name
  }
}

function hasTwin(
  target: Target<LanguageModelV4>,
  targets: ReadonlyMap<Target<LanguageModelV4>, PromptTarget>,
): boolean {
  const own = Array.from(targets.get(target)?.keys ?? [])
  return Array.from(targets).some(([other, { keys }]) => other !== target && own.some((key) => keys.has(key)))
}

function sendWith<T>(
  options: LanguageModelV4CallOptions,
  send: (options: LanguageModelV4CallOptions, attempt: LiveAttempt) => Promise<T>,
): TargetRequest<T>['send'] {
  return (attempt, headers) =>
    send({ ...withHeaders(options, headers), abortSignal: attempt.signal }, attempt)
}
