// A clock in milliseconds since the epoch that never steps back.
export { systemClock } from '@harbor/parts'
