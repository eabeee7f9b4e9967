import type { BreakerOptions } from '@harbor/breaker'

/** The options of `@harbor/breaker`, without those that Harbor sets itself. */
export type BreakerSettings = Omit<BreakerOptions, 'judge' | 'restore' | 'clock'>
