import type { Probe, State } from './state.ts'

/** A call that the circuit has let through. */
export interface Call {
  /** The state object in which the call began; `undefined` once the call is counted. */
  epoch: State | undefined
  /** The probe that this call is; `undefined` if the circuit was closed. */
  probe: Probe | undefined
  readonly startedAt: number
  /** When the answer of the call began, if that was reported. The duration of the call ends at this time. */
  endedAt: number | undefined
}
