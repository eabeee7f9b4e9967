/**
 * The cost of importing a client and creating one, each time in a fresh process, from the built packages.
 *
 *     pnpm bench import
 */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { publish } from './publish.ts'
import { figures, median, tableOf } from './table.ts'

const ROUNDS = 31
const CLIENTS = 100
const HARBOR = "`import('@harbor/core')`"
const OPENAI = "`import('openai')`"

/** The imports, and the code that creates a client. */
const PROGRAMS: Record<string, { load: string; make: string }> = {
  'a process that imports nothing': { load: '[]', make: '{}' },
  [OPENAI]: { load: "[await import('openai')]", make: "new loaded[0].default({ apiKey: 'key' })" },
  [HARBOR]: { load: "[await import('@harbor/core')]", make: "new loaded[0].Harbor({ apiKey: 'key' })" },
  "`import('undici')`, which `@harbor/pool` uses": { load: "[await import('undici')]", make: '{}' },
  "`import('ai')` and `import('@ai-sdk/openai')`": {
    load: "[await import('@ai-sdk/openai'), await import('ai')]",
    make: "loaded[0].createOpenAI({ apiKey: 'key' }).chat('m')",
  },
  "`import('@langchain/openai')`": {
    load: "[await import('@langchain/openai')]",
    make: "new loaded[0].ChatOpenAI({ apiKey: 'key', model: 'm' })",
  },
}

interface Taken {
  importMs: number
  rss: number
  heap: number
  /** The heap of one client. */
  clientHeap: number
  clientUs: number
}

// Builds only what has changed.
await inFolder('..', [
  'scripts/turbo.ts',
  'run',
  'build',
  '--filter=@harbor/core',
  '--output-logs=errors-only',
])
const rounds = new Map(Object.keys(PROGRAMS).map((name): [string, Taken[]] => [name, []]))
for (let round = 0; round < ROUNDS; round++) {
  for (const [name, { load, make }] of Object.entries(PROGRAMS))
    rounds.get(name)?.push(await inFreshProcess(load, make))
}

const names = Object.keys(PROGRAMS)
const column = (digits: number, of: (taken: Taken) => number) =>
  figures(
    digits,
    names.map((name) => median((rounds.get(name) ?? []).map(of))),
  )
const megabytes = 2 ** 20
const openaiMs = (round: number): number => rounds.get(OPENAI)?.[round]?.importMs ?? NaN
const imports = rounds.get(HARBOR) ?? []
const over = imports.map(({ importMs }, round) => importMs - openaiMs(round))
const ratios = imports.map(({ importMs }, round) => importMs / openaiMs(round))
publish(
  'import',
  tableOf({
    [`in a fresh process, ${ROUNDS} rounds`]: names,
    'import, ms': column(1, ({ importMs }) => importMs),
    'RSS after it, MB': column(1, ({ rss }) => rss / megabytes),
    'heap after it, MB': column(1, ({ heap }) => heap / megabytes),
    'a client, µs': column(0, ({ clientUs }) => clientUs),
    'heap of a client, kB': column(1, ({ clientHeap }) => clientHeap / 1_000),
  }),
  {
    goals: [
      {
        of: "`import('@harbor/core')` minus `import('openai')`, in fresh processes",
        got: median(over),
        atMost: 25,
        unit: 'ms',
        digits: 1,
      },
      // As a ratio, which a slow machine changes less.
      {
        of: "`import('@harbor/core')`, which imports `openai` too, vs. `import('openai')`",
        got: median(ratios),
        atMost: 1.25,
        unit: '×',
        digits: 2,
      },
    ],
  },
)

/** The clients of one process share their common parts, as in a program. */
async function inFreshProcess(load: string, make: string): Promise<Taken> {
  const code = `
    const begunAt = performance.now()
    const loaded = ${load}
    const importMs = performance.now() - begunAt
    gc()
    const { rss, heapUsed: heap } = process.memoryUsage()
    const first = ${make}
    gc()
    const before = process.memoryUsage().heapUsed
    const makingAt = performance.now()
    const clients = Array.from({ length: ${CLIENTS} }, () => (${make}))
    const clientUs = ((performance.now() - makingAt) * 1_000) / ${CLIENTS}
    gc()
    const clientHeap = (process.memoryUsage().heapUsed - before) / clients.length
    console.log(JSON.stringify({ importMs, rss, heap, clientHeap, clientUs, first: typeof first }))
    process.exit()`
  return JSON.parse(await inFolder('.', ['--expose-gc', '--input-type=module', '--eval', code])) as Taken
}

async function inFolder(folder: string, args: readonly string[]): Promise<string> {
  const cwd = join(import.meta.dirname, folder)
  const { NODE_OPTIONS: _, ...env } = process.env
  return (await promisify(execFile)(process.execPath, args, { cwd, env })).stdout
}
