export type { FleetBulkOptions, FleetQueueLocation } from './coordinator/options.ts'
export { runFleetBulk } from './coordinator/run-fleet-bulk.ts'
export type { FleetConnection } from './redis/connection.ts'
export {
  CrashesWorkerError,
  PayloadTooLargeError,
  QueueInUseError,
  QueueUnavailableError,
} from './wire/errors.ts'
export { FleetItemError } from './wire/item-error.ts'
export type { BulkClient } from './worker/calls.ts'
export { startFleetWorker, type FleetWorker, type FleetWorkerOptions } from './worker/start-fleet-worker.ts'
