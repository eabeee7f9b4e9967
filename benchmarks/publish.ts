import { writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { basename } from 'node:path'
import { sectionInMarkdown, type Report, type Section } from './report.ts'
import type { Table } from './table.ts'

const { argv } = process
const bench = basename(argv[1] ?? '', '.bench.ts')
const json = argv.indexOf('--json')
const asked = argv.slice(2).filter((_, at) => json === -1 || (at + 2 !== json && at + 2 !== json + 1))

const report: Report = {
  bench,
  command: ['pnpm bench', bench, ...asked].join(' '),
  date: new Date().toISOString().slice(0, 10),
  node: process.versions.node,
  machine: `${cpus().length} shared cores (${cpus()[0]?.model.trim() ?? 'unknown'})`,
  sections: [],
}

/**
 * Prints the results of a bench as a README shows them, between marks. With `--json <file>` it also stores the numbers.
 * `pnpm bench <name> --write` writes them into the READMEs with the same marks; a test checks that there is one:
 *
 *     <!-- bench: retry sizes -->
 *     <!-- /bench -->
 *
 * @param name the name in the marks: that of the bench, and perhaps a word for the section
 */
export function publish(
  name: string,
  tables: Table | readonly Table[],
  { goals = [], series }: Partial<Pick<Section, 'goals' | 'series'>> = {},
): void {
  const section: Section = { name, tables: [tables].flat(), goals, ...(series && { series }) }
  report.sections.push(section)
  console.log(`\n<!-- bench: ${name} -->\n\n${sectionInMarkdown(section, report)}\n\n<!-- /bench -->`)
  const file = json === -1 ? undefined : argv[json + 1]
  if (file !== undefined) writeFileSync(file, `${JSON.stringify(report, null, 1)}\n`)
}
