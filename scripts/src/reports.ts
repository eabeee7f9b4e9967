import { globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { drawPlots } from '../../benchmarks/plots/draw-plots.ts'
import { sectionInMarkdown, standing, type Report } from '../../benchmarks/report.ts'
import { writeSections } from './documents.ts'
import { mustRun } from './run.ts'
import { tool } from './tool.ts'
import { root } from './workspace.ts'
import type { WrittenSection } from './written-sections.ts'

const RESULTS = join(root, 'benchmarks', 'results')

/** What was kept of the last run of each bench, by the names of the benches. */
export function keptReports(): Report[] {
  return globSync('*.json', { cwd: RESULTS })
    .sort()
    .map((file) => readReport(join(RESULTS, file)))
}

/** Where a run of a bench leaves its figures, until it has come to a good end. */
export function reportFile(bench: string): string {
  const folder = join(root, '.reports')
  mkdirSync(folder, { recursive: true })
  return join(folder, `bench-${bench.replaceAll('/', '-')}.json`)
}

/** Keeps the figures of a run among the results, in place of those of an earlier one. */
export async function keepReport(file: string): Promise<void> {
  const report = readReport(file)
  mkdirSync(RESULTS, { recursive: true })
  const kept = join(RESULTS, `${report.bench}.json`)
  writeFileSync(kept, JSON.stringify(report, null, 1))
  const [node, prettier] = tool('prettier')
  await mustRun(node, [prettier, '--write', kept], { cwd: root })
}

/**
 * Puts what is kept into all READMEs, and draws the plots.
 * @returns the sections that no README has
 */
export async function stateAll(reports = keptReports()): Promise<WrittenSection[]> {
  for (const [file, svg] of Object.entries(drawPlots(reports))) {
    writeFileSync(join(root, 'benchmarks', 'plots', file), svg)
  }
  return writeSections(sectionsOf(reports))
}

/** Everything that READMEs state of these runs. */
export function sectionsOf(reports: readonly Report[]): WrittenSection[] {
  return [
    ...reports.flatMap((report) =>
      report.sections.map((section): WrittenSection => ({
        kind: 'bench',
        name: section.name,
        text: sectionInMarkdown(section, report),
      })),
    ),
    { kind: 'results', name: 'where we stand', text: standing(reports) },
    { kind: 'results', name: 'whole calls', text: standing(reports, 'whole calls') },
  ]
}

function readReport(file: string): Report {
  return JSON.parse(readFileSync(file, 'utf8')) as Report
}
