import type { HealthBoard } from './health-board.ts'

/**
 * In which order targets are called. It is given all targets of a run, and returns those to be called, the first one first;
 * unavailable ones are left out when it is their turn.
 */
export type Order<Target> = (targets: readonly Target[], health: HealthBoard) => readonly Target[]

/** As given: the first is the primary, the others stand in for it. */
export const byPriority = <Target>(targets: readonly Target[]): readonly Target[] => targets
