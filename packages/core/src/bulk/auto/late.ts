/** What a run by deadline and its plan need, loaded together when the first of them is asked for: most clients never do. */
export { AutoRun } from './auto-run.ts'
export { planBulk } from './plan-bulk.ts'
