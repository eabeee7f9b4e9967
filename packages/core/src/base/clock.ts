// Milliseconds since the epoch. Monotonic: the clock never steps back.
export { systemClock } from '@harbor/parts'
