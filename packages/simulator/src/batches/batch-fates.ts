import { type Latency, sampleLatency } from '../latency.ts'
import { hashText, seededRandom } from '../random.ts'
import { matchesPosition } from '../script/fault-picker.ts'
import type { BatchTimes } from './batch-object.ts'
import type { BatchCondition, BatchFault, BatchScript } from './batch-script.ts'

/** Returns the fault that a script selects for the batch with this number, counted from 1; undefined for none. */
export function pickFault({ rules = [] }: BatchScript, number: number, seed: number): BatchFault | undefined {
  const rule = rules.find(({ when = {} }, index) =>
    matches(when, number, () => seededRandom(hashText(`batch ${index} ${number}`, seed))()),
  )
  return rule === undefined || rule.fault === 'ok' ? undefined : rule.fault
}

function matches(when: BatchCondition, number: number, chance: () => number): boolean {
  return (
    (when.batch === undefined || matchesPosition(when.batch, number)) &&
    (when.every === undefined || number % when.every === 0) &&
    (when.probability === undefined || chance() < when.probability)
  )
}

/** Draws how long a batch stays in each status. */
export function drawTimes(
  script: BatchScript,
  fault: BatchFault | undefined,
  random: () => number,
): BatchTimes {
  const draw = (latency: Latency = 0) => sampleLatency(latency, random)
  const longer = fault?.type === 'slow' ? fault.ms : 0
  return {
    validatingMs: draw(script.validatingMs),
    runMs: draw(script.runMs) + longer,
    finalizingMs: draw(script.finalizingMs),
    cancellingMs: draw(script.cancellingMs),
  }
}

/** Returns the items in a random order in which no item has the same index as before: Sattolo's algorithm (1986). */
export function shuffle<Item>(items: readonly Item[], random: () => number): Item[] {
  const shuffled = [...items]
  for (let last = shuffled.length - 1; last > 0; last--) {
    const other = Math.floor(random() * last)
    const [one, two] = [shuffled[last], shuffled[other]] as [Item, Item]
    shuffled[last] = two
    shuffled[other] = one
  }
  return shuffled
}
