import { diag } from '@opentelemetry/api'

/**
 * Runs code that calls OpenTelemetry. What a sampler, processor, exporter, propagator or context manager throws is written to the
 * diagnostic logger of OpenTelemetry, and changes no call.
 * @returns undefined if the code threw
 */
export function guarded<T>(code: () => T): T | undefined {
  try {
    return code()
  } catch (error) {
    report(error)
    return undefined
  }
}

/** Writes an error of OpenTelemetry to its diagnostic logger. */
function report(error: unknown): void {
  try {
    diag.error('@harbor/otel: OpenTelemetry threw', error)
  } catch {
    // The logger itself throws, so that there is no place to report this.
  }
}
