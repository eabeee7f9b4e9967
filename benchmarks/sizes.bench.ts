/**
 * What each package adds to a bundle, with all it depends on, beside its rivals. The tables of the leaves are also those of their own
 * benches.
 *
 *     pnpm bench sizes
 */
import { IMPORTS, sizeTable } from './bundle-size.ts'
import { publish } from './publish.ts'

const { core, pool, ...leaves } = IMPORTS
const tables = []
for (const imports of [core, pool, ...Object.values(leaves)]) tables.push(await sizeTable(imports))
// What is judged of the leaves is judged by their own benches.
publish(
  'sizes',
  tables.map((table) => ({ ...table, goals: [] })),
)
