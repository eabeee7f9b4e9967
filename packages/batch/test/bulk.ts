import type { BulkContext, BulkResult } from '../src/index.ts'

/** Resolves when everything that needs no timer and no file has happened. */
export const settled = async (): Promise<void> => {
  for (let turn = 0; turn < 100; turn++) await Promise.resolve()
}

/** Numbers from 0, read one by one; records how many were read and whether it was closed. */
export function counted(until: number) {
  const state = { read: 0, closed: false, source }
  async function* source(): AsyncGenerator<number, void, undefined> {
    try {
      while (state.read < until) yield state.read++
    } finally {
      state.closed = true
    }
  }
  return state
}

/** A function whose calls end when the test says so. */
export function held<Item>() {
  const calls: (PromiseWithResolvers<unknown> & { item: Item; context: BulkContext })[] = []
  const run = (item: Item, context: BulkContext): Promise<unknown> => {
    const call = { item, context, ...Promise.withResolvers<unknown>() }
    calls.push(call)
    return call.promise
  }
  return { calls, run, items: () => calls.map(({ item }) => item) }
}

export async function all<Result>(run: AsyncIterable<Result>): Promise<Result[]> {
  const results: Result[] = []
  for await (const result of run) results.push(result)
  return results
}

/** The results, and the error of the loop, if it threw. */
export async function outcome(
  run: AsyncIterable<BulkResult<unknown>>,
): Promise<{ results: BulkResult<unknown>[]; error: unknown }> {
  const results: BulkResult<unknown>[] = []
  try {
    for await (const result of run) results.push(result)
    return { results, error: undefined }
  } catch (error) {
    return { results, error }
  }
}

export const idsOf = (results: readonly { id: string }[]): string[] => results.map(({ id }) => id)

export const range = (length: number): number[] => Array.from({ length }, (_, at) => at)
