import { globSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'

/** Which files of a folder import which others, types included. Paths are relative to the folder. */
export type ImportGraph = ReadonlyMap<string, readonly string[]>

const IMPORT =
  /^\s*(?:import|export)\b[^'"]*?\bfrom\s*['"](\.[^'"]+)['"]|\bimport\(\s*['"](\.[^'"]+)['"]\s*\)/gm

/**
 * @param folder its `.ts` files are read, tests left out
 * @param patterns which files of the folder; all by default
 */
export function importGraph(folder: string, patterns: string | string[] = '**/*.ts'): ImportGraph {
  const files = globSync(patterns, { cwd: folder }).filter((file) => !file.endsWith('.test.ts'))
  return new Map(
    files.map((file) => {
      const text = readFileSync(join(folder, file), 'utf8')
      const imported = [...text.matchAll(IMPORT)].map((match) => match[1] ?? match[2] ?? '')
      return [file, [...new Set(imported)].map((path) => relative('.', join(dirname(file), path)))]
    }),
  )
}

const STATIC_IMPORT = /^(?:import|export)(?!\s+type\b)[^'"]*?\bfrom\s*['"](\.[^'"]+)['"]/gm

/** Returns the files of a folder that are loaded with a file: what it imports by name, not what it loads later with `import()`. */
export function loadedWith(folder: string, entry: string): ReadonlySet<string> {
  const loaded = new Set([entry])
  for (const file of loaded)
    for (const [, path = ''] of readFileSync(join(folder, file), 'utf8').matchAll(STATIC_IMPORT))
      loaded.add(relative('.', join(dirname(file), path)))
  return loaded
}

/** Groups of files that import each other in a circle (Tarjan's strongly connected components of more than one file). */
export function importCycles(graph: ImportGraph): string[][] {
  const order = new Map<string, number>()
  const lowest = new Map<string, number>()
  const stack: string[] = []
  const cycles: string[][] = []
  const visit = (file: string): number => {
    const number = order.size
    order.set(file, number)
    let low = number
    stack.push(file)
    for (const next of graph.get(file) ?? []) {
      if (!graph.has(next)) continue
      if (!order.has(next)) low = Math.min(low, visit(next))
      else if (stack.includes(next)) low = Math.min(low, order.get(next) ?? low)
    }
    lowest.set(file, low)
    if (low === number) {
      const group = stack.splice(stack.indexOf(file))
      if (group.length > 1) cycles.push(group.sort())
    }
    return low
  }
  for (const file of graph.keys()) if (!order.has(file)) visit(file)
  return cycles
}

/**
 * Imports that point upwards.
 * @param layers folders from the lowest to the highest; `.` stands for the files that lie in no folder
 */
export function upwardImports(graph: ImportGraph, layers: readonly string[]): string[] {
  const levelOf = (file: string): number =>
    layers.indexOf(file.includes('/') ? (file.split('/')[0] ?? '') : '.')
  return [...graph].flatMap(([file, imported]) =>
    imported
      .filter((other) => levelOf(file) === -1 || levelOf(other) === -1 || levelOf(other) > levelOf(file))
      .map((other) => `${file} imports ${other}`),
  )
}
