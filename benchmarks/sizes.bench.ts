/**
 * What each package adds to a bundle, with all its dependencies, and what other libraries add. The tables of the leaves are also in
 * their own benches.
 *
 *     pnpm bench sizes
 */
import { IMPORTS, partsTable, sizeTable } from './bundle-size.ts'
import { publish } from './publish.ts'

const { core, pool, ...leaves } = IMPORTS
const tables = []
for (const imports of [core, pool, ...Object.values(leaves)]) tables.push(await sizeTable(imports))
// The goals of the leaves are judged in their own benches.
publish(
  'sizes',
  tables.map((table) => ({ ...table, goals: [] })),
)
publish('sizes parts', await partsTable())
