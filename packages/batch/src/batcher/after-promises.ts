/**
 * Runs a function when no promise is left to go on: also code that awaits something that is already there gets its turn before. As DataLoader does
 * (https://github.com/graphql/dataloader#batch-scheduling), without a timer where there is a `process.nextTick`.
 */
export function afterPromises(run: () => void): void {
  queueMicrotask(() => {
    // In browsers there is no process, whatever the types say.
    const { process } = globalThis as { process?: { nextTick?: (run: () => void) => void } }
    // A tick that is planned in a microtask comes when the queue of microtasks is empty.
    if (typeof process?.nextTick === 'function') process.nextTick(run)
    else setTimeout(run, 0)
  })
}
