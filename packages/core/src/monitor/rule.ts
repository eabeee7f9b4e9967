import type { Advice, AdviceCode } from './advice.ts'
import type { Window } from './window.ts'

/** Looks for one kind of problem, or of possible improvement, in the samples of the window. */
export type Rule = (window: Window, isActive: IsActive) => readonly Finding[]
export type Finding = Omit<Advice, 'since'>
/** Whether a piece of advice is active. Advice is given at one value and withdrawn only at a lower one, so that it does not come and go. */
export type IsActive = (code: AdviceCode, subject?: string) => boolean

/** The thresholds for the share of samples with waiting requests. Above them there is a lasting queue, not a burst. */
export const WAITING = { raise: 0.5, clear: 0.25 }
/** The fewest requests in the window for advice about them. */
export const MIN_REQUESTS = 20

interface Threshold {
  readonly raise: number
  readonly clear: number
}

/** Whether a value is above its threshold: above `clear` if the advice is active, above `raise` otherwise. False for NaN (0 / 0). */
export function exceeds(value: number, { raise, clear }: Threshold, isActive: boolean): boolean {
  return value > (isActive ? clear : raise)
}

// Figures as text, for messages.
export const mib = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(0)} MiB`
export const millis = (ms: number): string => `${ms.toFixed(ms < 10 ? 1 : 0)} ms`
export const seconds = (ms: number): string => `${(ms / 1_000).toFixed(ms < 10_000 ? 1 : 0)} s`
export const percent = (share: number): string => `${(100 * share).toFixed(0)} %`
export const amount = (value: number): string => value.toFixed(value < 10 && !Number.isInteger(value) ? 1 : 0)
