import type { Check } from '../base/check.ts'
import type { CallObserver } from '../reporting/observer.ts'

/** The value of the option `telemetry`: one observer, a list of observers, or `false` for none. */
export type TelemetryOption = CallObserver | readonly CallObserver[] | false

export const observersOrFalse: Check = {
  accepts: (value) =>
    value === false || isObserver(value) || (Array.isArray(value) && value.every(isObserver)),
  expected: 'an observer with a function `start`, a list of observers, or false for none',
}

function isObserver(value: unknown): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof (value as { readonly start?: unknown }).start === 'function'
  )
}

/** Returns the observers in the option `telemetry`; undefined if there are none. */
export function observerList(telemetry: TelemetryOption | undefined): readonly CallObserver[] | undefined {
  if (telemetry === undefined || telemetry === false) return undefined
  const list = 'start' in telemetry ? [telemetry] : [...telemetry]
  return list.length === 0 ? undefined : list
}
