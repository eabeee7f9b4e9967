import { textTokens } from '../../tokens/text-tokens.ts'
import type { BrokenText } from './continuation-format.ts'

/** Returns the text that asks a model to continue its broken answer, beginning with its last words. */
export function continuePrompt(anchor: string): string {
  return (
    'Your answer was cut off. Continue it exactly where it ends. Begin by repeating its last words, which follow after the colon, ' +
    `character for character, and go on from there. Write no introduction, no explanation and no code fence around it:\n${anchor}`
  )
}

/**
 * Returns the output limit of a continuation: what the broken answer has left of its limit, and the anchor.
 * @param limit the limit of the first request, in tokens
 * @returns undefined if nothing is left
 */
export function limitLeft(limit: number, { sent, anchor }: BrokenText): number | undefined {
  const left = Math.floor(limit - textTokens(sent))
  return left < 1 ? undefined : Math.ceil(left + textTokens(anchor))
}

/** Returns what an assistant message of a continuation contains: the text before the anchor, which the model has to repeat. */
export function textBefore({ sent, anchor }: BrokenText): string {
  return sent.slice(0, sent.length - anchor.length)
}
