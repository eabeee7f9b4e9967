import type { Measurement, Subject } from './measure.ts'
import type { Goal } from './table.ts'

/**
 * What no policy around a call can be below: it reads the clock, and has a promise of its own, because it must see how the call ends. A
 * goal of three bare awaits, as there was, lies below it where the clock is slow.
 */
export const FLOOR = 'floor: a promise and a clock'

async function promiseAndClock(operation: () => Promise<number>): Promise<number> {
  const startedAt = performance.now()
  try {
    return await operation()
  } catch (error) {
    throw Object.assign(error as Error, { startedAt })
  }
}

/** The floor as a subject. */
export const floorOf =
  (operation: () => Promise<number>): Subject =>
  async (times) => {
    for (let call = 0; call < times; call++) await promiseAndClock(operation)
  }

/** The goals of subjects that have the floor beside them: at most half more than the floor. */
export function nearFloor(
  kind: string,
  measurements: Readonly<Record<string, Measurement>>,
  subjects: readonly string[],
): Goal[] {
  const floor = measurements[FLOOR]?.ns ?? NaN
  return subjects.map((name) => ({
    of: `${kind}: ${name}, vs. the floor of a promise and a clock`,
    got: (measurements[name]?.ns ?? NaN) / floor,
    atMost: 1.5,
    unit: '×',
    digits: 2,
  }))
}
