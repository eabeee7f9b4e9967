import { inMarkdown, inWords, isReached, tableOf, wantedInWords, type Goal, type Table } from './table.ts'

/** The results of one run of a bench. */
export interface Report {
  bench: string
  /** The command that prints it again. */
  command: string
  date: string
  node: string
  machine: string
  sections: Section[]
}

/** The part of a README between two marks with this name. */
export interface Section {
  /** The name of the bench, and perhaps a word for the section. */
  name: string
  tables: readonly Table[]
  /** Goals for values that are in no table. */
  goals: readonly Goal[]
  /** For plots only: too long for a table. */
  series?: Table
}

/** A section as Markdown. */
export function sectionInMarkdown(section: Section, { command, date, node, machine }: Report): string {
  const parts = section.tables.map(inMarkdown)
  // Only once, below the first table.
  if (!section.name.includes(' '))
    parts.splice(1, 0, `Written by \`${command} --write\` on ${date}: Node ${node}, ${machine}.`)
  if (section.goals.length > 0) parts.push(inMarkdown(goalTable(section.goals)))
  return parts.join('\n\n')
}

function goalTable(goals: readonly Goal[]): Table {
  return tableOf({
    'measured value': goals.map(({ of }) => of),
    goal: goals.map(wantedInWords),
    result: goals.map(gotInWords),
  })
}

/** Whole calls come first, then their parts. */
const WHOLE_CALLS = ['call', 'stream', 'hit', 'soak', 'import']
const rank = (bench: string): number =>
  WHOLE_CALLS.includes(bench) ? WHOLE_CALLS.indexOf(bench) : WHOLE_CALLS.length

/** All goals with their results, of all benches or of whole calls only. */
export function standing(reports: readonly Report[], which: 'all' | 'whole calls' = 'all'): string {
  const sorted = reports.toSorted((one, other) => rank(one.bench) - rank(other.bench))
  const chosen = which === 'all' ? sorted : sorted.filter(({ bench }) => WHOLE_CALLS.includes(bench))
  const rows = chosen.flatMap(({ bench, sections }) =>
    goalsOf(sections).map((goal) => ({ bench: `\`${bench}\``, goal })),
  )
  return inMarkdown(
    tableOf({
      'measured value': rows.map(({ goal }) => goal.of),
      goal: rows.map(({ goal }) => wantedInWords(goal)),
      result: rows.map(({ goal }) => gotInWords(goal)),
      reached: rows.map(({ goal }) => (isReached(goal) ? 'yes' : '**no**')),
      '`pnpm bench`': rows.map(({ bench }) => bench),
    }),
  )
}

const goalsOf = (sections: readonly Section[]): Goal[] =>
  sections.flatMap(({ tables, goals }) => [...tables.flatMap((table) => table.goals), ...goals])

const gotInWords = ({ got, unit, digits }: Goal): string => `${inWords(got, digits)} ${unit}`
