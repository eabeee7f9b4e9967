import type { BreakerOptions } from '@harbor/breaker'

/** What the `breaker` option may set; the verdict on each attempt is the pipeline's. */
export type BreakerSettings = Omit<BreakerOptions, 'judge' | 'restore' | 'clock'>
