import type { Advice, AdviceCode } from './advice.ts'
import type { Window } from './window.ts'

/** Looks for one kind of problem, or of possible improvement, in the samples of the window. */
export type Rule = (window: Window, isActive: IsActive) => readonly Finding[]
export type Finding = Omit<Advice, 'since'>
/**
 * Returns whether a piece of advice is currently given. Active advice is withdrawn only at a lower value than the one at which it is given,
 * so that it does not flicker.
 */
export type IsActive = (code: AdviceCode, subject?: string) => boolean

/** The thresholds for the share of samples in which requests were waiting. A share above them means a lasting queue, not a burst. */
export const WAITING = { raise: 0.5, clear: 0.25 }
/** The minimum number of requests in the window for advice about requests. */
export const MIN_REQUESTS = 20

interface Threshold {
  readonly raise: number
  readonly clear: number
}

/**
 * Whether a value is above its threshold. The threshold is `clear` if the advice is active, and `raise` otherwise. False for NaN, such as 0
 * / 0.
 */
export function exceeds(value: number, { raise, clear }: Threshold, isActive: boolean): boolean {
  return value > (isActive ? clear : raise)
}

// Figures as text, for messages.
export const mib = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(0)} MiB`
export const millis = (ms: number): string => `${ms.toFixed(ms < 10 ? 1 : 0)} ms`
export const seconds = (ms: number): string => `${(ms / 1_000).toFixed(ms < 10_000 ? 1 : 0)} s`
export const percent = (share: number): string => `${(100 * share).toFixed(0)} %`
export const amount = (value: number): string => value.toFixed(value < 10 && !Number.isInteger(value) ? 1 : 0)
