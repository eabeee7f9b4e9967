import type { LanguageModelV4, LanguageModelV4CallOptions, LanguageModelV4Prompt } from '@ai-sdk/provider'
import {
  adaptPrompt,
  hasStoredFiles,
  promptTarget,
  whyUnable,
  type PromptTarget,
} from '../prompt-marks/index.ts'
import type { Target } from './targets.ts'

const NONE: ReadonlyMap<object, string> = new Map()

/** The options of a call as one target gets them. */
export interface AdaptedOptions {
  readonly options: LanguageModelV4CallOptions
  /** What was removed or replaced, in words. */
  readonly adaptations: readonly string[]
}

/** Adapts the prompt of a call to each target. What a target accepts is found out once, when the model is created. */
export class TargetPrompts {
  readonly #targets: ReadonlyMap<Target<LanguageModelV4>, PromptTarget>

  constructor(targets: readonly Target<LanguageModelV4>[]) {
    this.#targets = new Map(targets.map((target) => [target, promptTarget(target)]))
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

  /** Removes or replaces what the target refuses. Returns the options that were passed if nothing has to change. */
  adapted(options: LanguageModelV4CallOptions, target: Target<LanguageModelV4>): AdaptedOptions {
    const to = this.#targets.get(target)
    if (to === undefined) return { options, adaptations: [] }
    const { prompt, dropped } = adaptPrompt(options.prompt, { to, tools: options.tools })
    return {
      options: prompt === options.prompt ? options : { ...options, prompt },
      adaptations: dropped,
    }
  }
}
