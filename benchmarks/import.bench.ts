/**
 * What it takes to import `@harbor/core`, as it is built, beside the SDK that it stands on, in fresh processes that take turns.
 *
 *     node benchmarks/import.bench.ts
 */
import { execFileSync } from 'node:child_process'
import { inWords, publish, tableOf } from './publish.ts'

const ROUNDS = 41

/** Each of them imports the SDK too, so that what is left is the price of the rest. */
const subjects = {
  '`openai`': '',
  '`openai` and `@harbor/pool`': "await import('@harbor/pool')",
  '`openai` and `undici`': "await import('undici')",
  '`@harbor/core`': "await import('@harbor/core')",
  '`@harbor/core`, and a client made': "new (await import('@harbor/core')).Harbor({ apiKey: 'key' })",
}
const WANTED: Partial<Record<string, string>> = { '`@harbor/core`': '25' }

interface Import {
  ms: number
  /** How many files of CommonJS it has loaded; undici is all of that kind. */
  files: number
}

function measure(code: string): Import {
  const source = `
    const { cache } = (await import('node:module')).createRequire(import.meta.url)
    const start = performance.now()
    await import('openai')
    ${code}
    const ms = performance.now() - start
    process.stdout.write(JSON.stringify({ ms, files: Object.keys(cache).length }))`
  const output = execFileSync(process.execPath, ['--input-type=module', '--eval', source], {
    cwd: import.meta.dirname,
  })
  return JSON.parse(output.toString()) as Import
}

const rounds = Array.from({ length: ROUNDS }, () => Object.values(subjects).map(measure))
const columns = Object.keys(subjects).map((_, subject) => rounds.map((round) => round[subject] as Import))
const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? NaN

publish(
  'import',
  tableOf({
    'in a fresh process': Object.keys(subjects),
    wanted: Object.keys(subjects).map((name) => WANTED[name] ?? ''),
    'ms more than `openai`': columns.map((imports) =>
      inWords(median(imports.map(({ ms }, round) => ms - (rounds[round]?.[0]?.ms ?? NaN)))),
    ),
    ms: columns.map((imports) => inWords(median(imports.map(({ ms }) => ms)))),
    // Whatever else the machine does only adds to it.
    'least ms': columns.map((imports) => inWords(Math.min(...imports.map(({ ms }) => ms)))),
    'files of CommonJS': columns.map((imports) => inWords(median(imports.map(({ files }) => files)))),
  }),
)
