import type { ImportGraph } from './import-graph.ts'

/** Below this number of lines, a file needs a reason not to be a part of another one. */
export const SMALL = 30

/** Matches a value that is declared and exported, rather than a type or a name of another file. */
const VALUE =
  /^export (?:default|abstract class|class|async function|function|const|let|\{[^}]*\}(?!\s*from))/m
const ERROR = /^(?:export )?class \w+Error\b/m

/**
 * Finds small files that should be a part of the one file that imports them. A small file may be an error, hold only types, be an entry
 * (it only lists the names of other files) or a program (it exports nothing), or be imported by two others.
 * @param graph imports of the whole repository, since a benchmark may need a file of its own, too
 */
export function halvesOfOthers(graph: ImportGraph, textOf: (file: string) => string): string[] {
  const importers = new Map<string, number>()
  for (const imported of graph.values())
    for (const file of imported) importers.set(file, (importers.get(file) ?? 0) + 1)
  return [...graph.keys()].filter((file) => {
    if ((importers.get(file) ?? 0) > 1) return false
    const text = textOf(file)
    return text.split('\n').length - 1 < SMALL && VALUE.test(text) && !ERROR.test(text)
  })
}
