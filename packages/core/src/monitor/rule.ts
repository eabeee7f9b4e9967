import type { Advice, AdviceCode } from './advice.ts'
import type { Window } from './window.ts'

/** Finds what is wrong, or worth a change, from the samples of the window alone. */
export type Rule = (window: Window, isActive: IsActive) => readonly Finding[]
export type Finding = Omit<Advice, 'since'>
/** Whether this advice is active already: it is withdrawn at a lower value than it is given at, so that it does not flap. */
export type IsActive = (code: AdviceCode, subject?: string) => boolean

/** The share of samples with waiting requests: above it, it is a queue and not a burst. */
export const WAITING = { raise: 0.5, clear: 0.25 }
/** With fewer requests there is no advice. */
export const MIN_REQUESTS = 20

interface Threshold {
  readonly raise: number
  readonly clear: number
}

/** Whether a value is above the threshold to raise advice, or, while it is active, above the one to clear it. False for NaN (0 / 0). */
export function exceeds(value: number, { raise, clear }: Threshold, isActive: boolean): boolean {
  return value > (isActive ? clear : raise)
}

// Figures as text, for messages.
export const mib = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(0)} MiB`
export const millis = (ms: number): string => `${ms.toFixed(ms < 10 ? 1 : 0)} ms`
export const seconds = (ms: number): string => `${(ms / 1_000).toFixed(ms < 10_000 ? 1 : 0)} s`
export const percent = (share: number): string => `${(100 * share).toFixed(0)} %`
export const amount = (value: number): string => value.toFixed(value < 10 && !Number.isInteger(value) ? 1 : 0)
