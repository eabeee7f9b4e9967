/**
 * Loads a built-in module of Node.js at run time. An `import` would not do: bundlers that build for browsers fail at any `import` of `node:…`, even a
 * dynamic one.
 *
 * @throws Error in a runtime without Node's modules, such as a browser
 */
export function nodeModule<Id extends keyof NodeModules>(id: Id): NodeModules[Id] {
  const { process } = globalThis as { process?: Partial<NodeJS.Process> }
  const found = process?.getBuiltinModule?.(id) as NodeModules[Id] | undefined
  if (!found) {
    throw new Error(`Files need ${id}, which this runtime does not have. Use Node.js, Bun or Deno.`)
  }
  return found
}

interface NodeModules {
  'node:fs/promises': typeof import('node:fs/promises')
  'node:os': typeof import('node:os')
}
