/**
 * What the guard of `@harbor/cache/semantic` refuses and lets pass, how soon wrong hits switch the cache off, and what a lookup costs.
 *
 *     pnpm bench semantic
 */
import { publish } from './publish.ts'
import { boundTable, hardPairTable, paraphraseTable } from './semantic/guard-shares.ts'
import { lookupTable } from './semantic/lookups.ts'

publish('semantic guard', [hardPairTable(), paraphraseTable()])
publish('semantic bound', await boundTable())
publish('semantic lookups', await lookupTable())
