import type { BreakerOptions } from '@harbor/breaker'

/** The options of the circuit breakers, as in `@harbor/breaker`, without those that Harbor sets itself. */
export type BreakerSettings = Omit<BreakerOptions, 'judge' | 'restore' | 'clock' | 'name'>
