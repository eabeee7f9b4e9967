import { type Check, checkObject, type Fields, number, required } from '../script/check-fields.ts'
import { latency } from '../script/check-ranges.ts'
import type { BackgroundScript, LateResponses, WindowScript } from './background-script.ts'

/** Rejects anything unknown or wrong in the script of responses in the background. */
export const checkBackground: Check = (background, where) => checkObject(background, scriptFields, where)

const lateFields: Fields<LateResponses> = { share: required(number(0, 1)), byMs: required(latency) }

const windowFields: Fields<WindowScript> = {
  queuedMs: latency,
  runMs: latency,
  late: (late, where) => checkObject(late, lateFields, where),
  failedShare: number(0, 1),
}

const window: Check = (script, where) => checkObject(script, windowFields, where)

const scriptFields: Fields<BackgroundScript> = {
  queuedMs: latency,
  runMs: latency,
  streamableMs: number(),
  windows: (windows, where) => checkObject(windows, { '2h': window, '8h': window }, where),
}
