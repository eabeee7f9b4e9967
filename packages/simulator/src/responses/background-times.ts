import { type Latency, sampleLatency } from '../latency.ts'
import type { ProviderScript } from '../script/script.ts'
import { type CompletionWindow, WINDOW_MS } from './completion-window.ts'

/** The times of a response in the background, in milliseconds after its creation. */
export interface BackgroundTimes {
  /** The time of each event, in order. */
  events: readonly number[]
  /** Whether the response ends as `failed`. */
  fails: boolean
}

/** The index of the event `response.in_progress`. The events `response.created` and `response.queued` come before it. */
export const STARTS = 2

/** Draws the times of all events of a response, and whether it fails. */
export function drawBackground(
  count: number,
  window: CompletionWindow | undefined,
  { firstTokenMs = 0, tokenMs = 0, background = {} }: ProviderScript,
  random: () => number,
): BackgroundTimes {
  const draw = (latency: Latency): number => sampleLatency(latency, random)
  const {
    queuedMs = background.queuedMs ?? 0,
    runMs = background.runMs,
    late,
    failedShare = 0,
  } = (window && background.windows?.[window]) ?? {}
  const queued = draw(queuedMs)
  const events = [0, 0, queued]
  const steps = count - events.length
  const isLate = window !== undefined && late !== undefined && random() < late.share
  const whole = isLate
    ? Math.max(0, WINDOW_MS[window] + draw(late.byMs) - queued)
    : runMs === undefined
      ? undefined
      : draw(runMs)
  let last = queued
  for (let step = 1; step <= steps; step++) {
    last =
      whole === undefined ? last + draw(step === 1 ? firstTokenMs : tokenMs) : queued + (whole * step) / steps
    events.push(last)
  }
  return { events, fails: failedShare > 0 && random() < failedShare }
}
