import type { SemanticCacheOptions } from '@harbor/cache/semantic'
import { checkSemanticOptions } from '@harbor/cache/option-checks'
import { inSection } from '../base/in-section.ts'

/**
 * The options of the semantic cache, as in `createSemanticCache()` of `@harbor/cache/semantic`. `judge` gets the texts of both answers. By default
 * nothing is served: see `shadow`. A client and its copies share one semantic cache.
 */
export type SemanticOptions = Pick<
  SemanticCacheOptions<string>,
  | 'embed'
  | 'judge'
  | 'shadow'
  | 'threshold'
  | 'maxErrorRate'
  | 'judgeShare'
  | 'guard'
  | 'maxEntries'
  | 'maxTextLength'
  | 'embedTimeoutMs'
  | 'judgeTimeoutMs'
  | 'onError'
>

/** Checks the options of the semantic cache. @throws OptionError for an unknown, invalid or missing option */
export function checkSemantic(options: SemanticOptions | false | undefined): void {
  if (options === undefined || options === false) return
  inSection('cache.semantic', () => {
    const given = NOT_HERE.find((name) => Object.hasOwn(options, name))
    if (given) throw new TypeError(`unknown option ${given}`)
    checkSemanticOptions(options)
  })
}

/** Options of the package that a client sets itself. */
const NOT_HERE = ['clock', 'random', 'ttlMs']
