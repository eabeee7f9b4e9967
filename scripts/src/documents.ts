import { existsSync, globSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { mustRun } from './run.ts'
import { tool } from './tool.ts'
import { members, root } from './workspace.ts'
import { withSection, writtenSections, type WrittenSection } from './written-sections.ts'

/** The READMEs of the workspace and the pages of `docs`, relative to the root. */
export function documents(): string[] {
  const readmes = ['README.md', 'README.zh-CN.md', ...members().map(({ folder }) => `${folder}/README.md`)]
  return [...readmes, ...pages()].filter((document) => existsSync(join(root, document)))
}

/** The pages of `docs`, relative to the root. */
export function pages(): string[] {
  return globSync('docs/**/*.md', { cwd: root })
    .map((page) => page.replaceAll('\\', '/'))
    .sort()
}

export function readDocument(document: string): string {
  return readFileSync(join(root, document), 'utf8')
}

/**
 * Writes each section into the documents that have one of its name, and formats them as `pnpm format` does.
 * @returns the sections that no document has
 */
export async function writeSections(sections: readonly WrittenSection[]): Promise<WrittenSection[]> {
  const homeless = new Set(sections)
  const changed: string[] = []
  for (const document of documents()) {
    const before = readDocument(document)
    let text = before
    const stated = new Set(writtenSections(before).map(({ kind, name }) => `${kind} ${name}`))
    for (const section of sections) {
      if (stated.has(`${section.kind} ${section.name}`)) homeless.delete(section)
      text = withSection(text, section)
    }
    if (text === before) continue
    writeFileSync(join(root, document), text)
    changed.push(document)
  }
  const [node, prettier] = tool('prettier')
  if (changed.length > 0) await mustRun(node, [prettier, '--write', ...changed], { cwd: root })
  return [...homeless]
}
