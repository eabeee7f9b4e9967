import { readFileSync } from 'node:fs'
import { afterAll, expect, vi } from 'vitest'
import { REPLACES_MODULES } from './vitest.replaces-modules.ts'

/** Objects of the runtime whose methods a test may replace. */
const RUNTIME: Readonly<Record<string, object>> = {
  globalThis,
  console,
  performance,
  process,
  Date,
  Math,
  JSON,
  'Promise.prototype': Promise.prototype,
  'Request.prototype': Request.prototype,
  'Response.prototype': Response.prototype,
  'Headers.prototype': Headers.prototype,
  'AbortSignal.prototype': AbortSignal.prototype,
  'ReadableStream.prototype': ReadableStream.prototype,
}

/** A state of the process: each part of it by the name that a message gives it. */
type State = ReadonlyMap<string, unknown>

/**
 * Reads the state that test files in the same process share: variables of the environment, the working directory, listeners of the
 * process, fake timers, and the functions of some objects.
 * @param objects more objects whose functions are read, by name
 */
export function sharedState(objects: Readonly<Record<string, object>> = {}): State {
  const state = new Map<string, unknown>([
    ['the working directory', process.cwd()],
    ['fake timers', vi.isFakeTimers()],
  ])
  for (const [name, value] of Object.entries(process.env)) state.set(`process.env.${name}`, value)
  for (const name of process.eventNames())
    state.set(`a listener of the process for ${String(name)}`, process.listenerCount(name))
  for (const [of, object] of Object.entries({ ...RUNTIME, ...objects })) {
    for (const key of Reflect.ownKeys(object)) {
      const value: unknown = Object.getOwnPropertyDescriptor(object, key)?.value
      if (typeof value === 'function') state.set(`${of}.${String(key)}`, value)
    }
  }
  return state
}

/** Returns the names of all parts that are not the same in both states. */
export function differences(before: State, after: State): string[] {
  const names = new Set([...before.keys(), ...after.keys()])
  return [...names].filter((name) => !Object.is(before.get(name), after.get(name)))
}

/**
 * Makes a test file fail that leaves something behind for the next file in its process. A setup file calls it, before the test file is
 * loaded. Spies are no leftovers, since vitest restores them after each file.
 * @param objects more objects whose functions must be the same at the end, by name
 */
export function failOnLeftovers(objects: Readonly<Record<string, object>> = {}): void {
  const before = sharedState(objects)
  // Hooks run in reverse order, so this one runs after those of the test file.
  afterAll(async () => {
    vi.restoreAllMocks()
    const left = differences(before, sharedState(objects))
    if (left.length > 0)
      throw new Error(`The file leaves behind: ${left.join(', ')}. Undo it in the test that changes it.`)
    const again = await import('./vitest.leftovers.ts')
    const { testPath = '' } = expect.getState()
    // A module that was loaded while another one was replaced keeps what it found, for all files after this one.
    if (again.failOnLeftovers !== failOnLeftovers || REPLACES_MODULES.test(readFileSync(testPath, 'utf8')))
      throw new Error('The file replaces or resets modules, and needs a process of its own: isolate: true.')
  })
}
