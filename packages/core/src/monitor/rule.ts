import type { Advice, AdviceCode } from './advice.ts'
import type { Window } from './window.ts'

/** Looks at what happened over the window, and at nothing else. */
export type Rule = (window: Window, was: Was) => readonly Finding[]
export type Finding = Omit<Advice, 'since'>
/** Whether an advice stands already: it is withdrawn at a milder figure than it is given at, so that it does not flap. */
export type Was = (code: AdviceCode, subject?: string) => boolean

/** The part of the looks that find somebody waiting: a queue, not a burst. */
export const WAITING = { given: 0.5, over: 0.25 }
/** Of fewer requests nothing is said. */
export const FEWEST_REQUESTS = 20

/** NaN, of nothing by nothing, is beyond nothing. */
export function beyond(
  value: number,
  { given, over }: { given: number; over: number },
  stands: boolean,
): boolean {
  return value > (stands ? over : given)
}
