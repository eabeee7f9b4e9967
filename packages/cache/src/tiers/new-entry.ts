import type { EntryOptions, ScopeOptions } from '../call-options.ts'
import type { Content } from './codec.ts'
import { tagsIn } from '../keys/names.ts'
import type { EntrySettings } from '../options.ts'
import { lifeOf } from './staleness.ts'
import type { Entry } from './entry.ts'

/** An entry that is stored now. @param head of a recorded answer, as JSON */
export function newEntry(
  settings: EntrySettings,
  { payload, encoded }: Content,
  options: ScopeOptions & EntryOptions,
  bornAt: number,
  head?: string,
): Entry {
  const { ttlJitter, clock, random } = settings
  const {
    ttlMs = settings.ttlMs,
    staleWhileRevalidateMs = settings.staleWhileRevalidateMs,
    staleIfErrorMs = settings.staleIfErrorMs,
  } = options
  const rules = { ttlMs, ttlJitter, staleWhileRevalidateMs, staleIfErrorMs }
  const tags = tagsIn(options.scope, options.tags)
  return { payload, encoded, head, tags, life: lifeOf(rules, bornAt, clock.now(), random) }
}
