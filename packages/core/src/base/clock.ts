// Counts from the epoch and never steps back.
export { systemClock } from '@harbor/parts'
