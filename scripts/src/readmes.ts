import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { mustRun } from './run.ts'
import { tool } from './tool.ts'
import { members, root } from './workspace.ts'
import { withSection, writtenSections, type WrittenSection } from './written-sections.ts'

/** The READMEs of the workspace, relative to the root. */
export function readmes(): string[] {
  return ['README.md', ...members().map(({ folder }) => `${folder}/README.md`)].filter((readme) =>
    existsSync(join(root, readme)),
  )
}

export function readReadme(readme: string): string {
  return readFileSync(join(root, readme), 'utf8')
}

/**
 * Puts each section into the READMEs that have one of its name, and lays them out as `pnpm format` does.
 * @returns the sections that no README has
 */
export async function writeSections(sections: readonly WrittenSection[]): Promise<WrittenSection[]> {
  const homeless = new Set(sections)
  const changed: string[] = []
  for (const readme of readmes()) {
    const before = readReadme(readme)
    let text = before
    const stated = new Set(writtenSections(before).map(({ kind, name }) => `${kind} ${name}`))
    for (const section of sections) {
      if (stated.has(`${section.kind} ${section.name}`)) homeless.delete(section)
      text = withSection(text, section)
    }
    if (text === before) continue
    writeFileSync(join(root, readme), text)
    changed.push(readme)
  }
  const [node, prettier] = tool('prettier')
  if (changed.length > 0) await mustRun(node, [prettier, '--write', ...changed], { cwd: root })
  return [...homeless]
}
