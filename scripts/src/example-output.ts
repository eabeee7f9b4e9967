import { findNamed } from './named-file.ts'
import { documents, readDocument } from './documents.ts'
import { mustRun } from './run.ts'
import { withoutKeys } from './without-keys.ts'
import { root } from './workspace.ts'
import { writtenSections, type WrittenSection } from './written-sections.ts'

/** Runs the examples whose output a document shows, and returns what they print now. */
export async function freshOutputs(signal: AbortSignal): Promise<WrittenSection[]> {
  const shown = documents().flatMap((document) => writtenSections(readDocument(document)))
  const names = new Set(shown.filter(({ kind }) => kind === 'output').map(({ name }) => name))
  const fresh: WrittenSection[] = []
  for (const name of names) {
    const argv = ['--conditions=@harbor/source', exampleOf(name)]
    const output = await mustRun(process.execPath, argv, { cwd: root, env: withoutKeys(), signal })
    fresh.push({ kind: 'output', name, text: `\`\`\`text\n${output.trim()}\n\`\`\`` })
  }
  return fresh
}

/** The file that `pnpm demo` or `pnpm example <name>` runs. */
export function exampleOf(command: string): string {
  const name = command === 'pnpm demo' ? 'fault-tolerance' : /^pnpm example (\S+)$/.exec(command)?.[1]
  return findNamed('examples', '.ts', name)
}
