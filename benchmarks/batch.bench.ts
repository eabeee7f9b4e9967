/**
 * The cost of `@harbor/batch`: an add compared with DataLoader; an item of a bulk run compared with p-map, p-queue, p-limit and
 * Bottleneck, alternating in one process; a journal; and the memory of a million items, each program in its own process.
 *
 *     node --expose-gc --conditions=@harbor/source benchmarks/batch.bench.ts
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ADDS } from './batch/adds.ts'
import { measureItems } from './batch/items.ts'
import { journalTable } from './batch/journals.ts'
import { millionTable } from './batch/million.ts'
import { IMPORTS, sizeTable } from './bundle-size.ts'
import { measure, measurementTable } from './measure.ts'
import { publish } from './publish.ts'

publish(
  'batch',
  measurementTable('an add, a thousand at once', await measure(ADDS), {
    'harbor: `add`': 1.5,
    'harbor: `add`, `eager`': 1.5,
  }),
)
publish('batch items', measurementTable('an item of a bulk run', await measureItems()))

const folder = mkdtempSync(join(tmpdir(), 'harbor-bench-'))
publish('batch journal', await journalTable(folder))
publish('batch memory', await millionTable(folder))
rmSync(folder, { recursive: true })

publish('batch sizes', await sizeTable(IMPORTS.batch))
