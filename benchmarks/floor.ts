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

/**
 * What no chain of targets around a call can be below: it reads the clock twice, since it says how long each target took, and returns that
 * with the answer.
 */
export const FLOOR_OF_CHAIN = 'floor: a promise, two clocks and a record'

async function promiseAndRecord(operation: () => Promise<number>): Promise<object> {
  const startedAt = performance.now()
  try {
    const value = await operation()
    return { value, attempts: [{ outcome: 'answered', durationMs: performance.now() - startedAt }] }
  } catch (error) {
    throw Object.assign(error as Error, { startedAt })
  }
}

/** The floor of a chain as a subject. */
export const chainFloorOf =
  (operation: () => Promise<number>): Subject =>
  async (times) => {
    for (let call = 0; call < times; call++) await promiseAndRecord(operation)
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
  floorName = FLOOR,
): Goal[] {
  const floor = measurements[floorName]?.ns ?? NaN
  return subjects.map((name) => ({
    of: `${kind}: ${name}, vs. the ${floorName.replace(':', ' of')}`,
    got: (measurements[name]?.ns ?? NaN) / floor,
    atMost: 1.5,
    unit: '×',
    digits: 2,
  }))
}
