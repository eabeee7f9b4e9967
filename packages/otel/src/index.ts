export { openTelemetry, type OpenTelemetryObservation, type OpenTelemetryObserver } from './open-telemetry.ts'
export type { OpenTelemetryOptions } from './options.ts'
export type {
  Attempt,
  CallReceipt,
  CallRequest,
  Client,
  ClientState,
  Failure,
  LimitState,
  StartedCall,
  Usage,
  Wait,
} from './observed.ts'
