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
 * Says what a bench has found: prints it as a README states it, between its marks, and with `--json <file>` keeps it there as figures.
 * `pnpm bench <name> --write` puts it into the READMEs that have the same marks, and a test sees to it that there is one:
 *
 *     <!-- bench: retry sizes -->
 *     <!-- /bench -->
 *
 * @param name as it stands in the marks: the name of the bench, and perhaps what tells its sections apart
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
