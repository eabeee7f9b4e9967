import { cpus } from 'node:os'

/**
 * Prints what a README is to state, between its marks. `pnpm bench <name> --write` keeps it in the README that has the same
 * marks, and a test sees to it that there is one:
 *
 *     <!-- bench: retry sizes -->
 *     <!-- /bench -->
 *
 * @param name as it stands in the marks: the name of the bench, and perhaps what tells its tables apart
 */
export function publish(name: string, markdown: string): void {
  const [bench, part] = name.split(' ')
  const lines = [`<!-- bench: ${name} -->`, markdown, '<!-- /bench -->']
  // Said once, under the first of its tables.
  if (part === undefined) lines.splice(2, 0, `Written by \`pnpm bench ${bench} --write\`: ${machine()}.`)
  console.log(`\n${lines.join('\n\n')}`)
}

function machine(): string {
  const [cpu] = cpus()
  return `Node ${process.versions.node}, ${cpus().length} shared cores (${cpu?.model.trim() ?? 'unknown'})`
}

/** A table, by column. The first column is words, all others are numbers; one that is empty is left out. */
export function tableOf(columns: Readonly<Record<string, readonly string[]>>): string {
  const filled = Object.entries(columns).filter(([, cells]) => cells.some((cell) => cell !== ''))
  const padded = filled.map(([title, cells], column) => {
    const lines = [title, column === 0 ? '---' : '---:', ...cells]
    const width = Math.max(...lines.map((line) => line.length))
    return lines.map((line) => line.padEnd(width))
  })
  const [first = []] = padded
  return first.map((_, line) => `| ${padded.map((cells) => cells[line]).join(' | ')} |`).join('\n')
}

/** `1234.5` as `1,235`. */
export function inWords(value: number | undefined): string {
  return value === undefined ? '' : value.toLocaleString('en-US', { maximumFractionDigits: 0 })
}
