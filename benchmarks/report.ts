import { inMarkdown, inWords, isReached, tableOf, wantedInWords, type Goal, type Table } from './table.ts'

/** What one run of a bench has found. */
export interface Report {
  bench: string
  /** What prints it again. */
  command: string
  date: string
  node: string
  machine: string
  sections: Section[]
}

/** What a README states between two marks of this name. */
export interface Section {
  /** The name of the bench, and perhaps what tells its sections apart. */
  name: string
  tables: readonly Table[]
  /** Figures that are judged and stand in no table as they are. */
  goals: readonly Goal[]
  /** For plots alone: too long to be printed. */
  series?: Table
}

/** The section as READMEs have it. */
export function sectionInMarkdown(section: Section, { command, date, node, machine }: Report): string {
  const parts = section.tables.map(inMarkdown)
  // Said once, under the first of its tables.
  if (!section.name.includes(' '))
    parts.splice(1, 0, `Written by \`${command} --write\` on ${date}: Node ${node}, ${machine}.`)
  if (section.goals.length > 0) parts.push(inMarkdown(goalTable(section.goals)))
  return parts.join('\n\n')
}

function goalTable(goals: readonly Goal[]): Table {
  return tableOf({
    'what is judged': goals.map(({ of }) => of),
    wanted: goals.map(wantedInWords),
    got: goals.map(gotInWords),
  })
}

/** They come first, and then what they are made of. */
const WHOLE_CALLS = ['call', 'stream', 'hit', 'soak', 'import']
const rank = (bench: string): number =>
  WHOLE_CALLS.includes(bench) ? WHOLE_CALLS.indexOf(bench) : WHOLE_CALLS.length

/** Every figure that is judged, beside what was wanted of it: of all benches, or of whole calls alone. */
export function standing(reports: readonly Report[], which: 'all' | 'whole calls' = 'all'): string {
  const sorted = reports.toSorted((one, other) => rank(one.bench) - rank(other.bench))
  const chosen = which === 'all' ? sorted : sorted.filter(({ bench }) => WHOLE_CALLS.includes(bench))
  const rows = chosen.flatMap(({ bench, sections }) =>
    goalsOf(sections).map((goal) => ({ bench: `\`${bench}\``, goal })),
  )
  return inMarkdown(
    tableOf({
      'what is judged': rows.map(({ goal }) => goal.of),
      wanted: rows.map(({ goal }) => wantedInWords(goal)),
      got: rows.map(({ goal }) => gotInWords(goal)),
      reached: rows.map(({ goal }) => (isReached(goal) ? 'yes' : '**no**')),
      '`pnpm bench`': rows.map(({ bench }) => bench),
    }),
  )
}

const goalsOf = (sections: readonly Section[]): Goal[] =>
  sections.flatMap(({ tables, goals }) => [...tables.flatMap((table) => table.goals), ...goals])

const gotInWords = ({ got, unit, digits }: Goal): string => `${inWords(got, digits)} ${unit}`
