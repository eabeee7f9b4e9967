import { expect, type Check } from './validate.ts'

/** Tells of a function given to us that misbehaved, where that must not change a result. */
export function warn(error: unknown): void {
  const { process } = globalThis as { process?: { emitWarning?: (text: string, type: string) => void } }
  process?.emitWarning?.(String(error), 'HarborWarning')
}

/** Asks a function given to us. If it throws, or its answer makes no sense, a warning is emitted and the default counts. */
export function ask<Answer>(name: string, question: () => Answer, check: Check, otherwise: Answer): Answer {
  try {
    const answer = question()
    expect(`what ${name} returns`, answer, check)
    return answer
  } catch (error) {
    warn(error)
    return otherwise
  }
}
