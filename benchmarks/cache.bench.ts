/**
 * The cost of `@harbor/cache`, and how many loads it saves, compared with lru-cache, bentocache, cacheable, keyv and a Map,
 * alternating in one process.
 *
 *     pnpm bench cache
 */
import { IMPORTS, sizeTable } from './bundle-size.ts'
import { hitRatioTable } from './cache/hit-ratios.ts'
import { fillCaches, hitTable, measureHotHits } from './cache/hits.ts'
import { measureCopies, recordedTable } from './cache/recorded.ts'
import { stampedeTable } from './cache/stampede.ts'
import { measurementTable } from './measure.ts'
import { publish } from './publish.ts'

await fillCaches()
publish('cache', await hitTable())
publish('cache hot', measurementTable('a hit in 100 entries', await measureHotHits(), { '**harbor**': 1.5 }))
publish('cache recorded', await recordedTable())
publish('cache copies', measurementTable('an object of 1 KB', await measureCopies()))
publish('cache stampede', await stampedeTable())
publish('cache ratios', await hitRatioTable())
publish('cache sizes', await sizeTable(IMPORTS.cache))
// cacheable starts timers that cannot be stopped.
process.exit()
