import type { BreakerOptions } from '@harbor/breaker'

/** The options of `@harbor/breaker` that a user may set. Harbor sets the others itself. */
export type BreakerSettings = Omit<BreakerOptions, 'judge' | 'restore' | 'clock'>
