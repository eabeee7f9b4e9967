import { Wait } from './interruptible.ts'

/**
 * One signal that aborts with the first of two, with its reason. Linked by hand: a composite of `AbortSignal.any` costs
 * twelve times as much and, with a listener left on it, is kept by a long-lived source (nodejs/node#55351).
 */
export function linkSignals(...signals: readonly AbortSignal[]): { signal: AbortSignal; unlink: () => void } {
  const controller = new AbortController()
  const waits = signals.map((signal) => new Wait({ signal }, (reason) => controller.abort(reason)))
  return { signal: controller.signal, unlink: () => waits.forEach((wait) => wait.end()) }
}
