export { openTelemetry, type OpenTelemetryObservation, type OpenTelemetryObserver } from './open-telemetry.ts'
export type { OpenTelemetryOptions } from './options.ts'
export type { Attempt, CallReceipt, CallRequest, Failure, StartedCall, Usage, Wait } from './observed.ts'
export type { Client, ClientState, LimitState } from './observed-client.ts'
