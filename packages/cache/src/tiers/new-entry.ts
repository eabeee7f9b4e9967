import type { EntryOptions } from '../call-options.ts'
import type { Content } from '../codec.ts'
import type { EntrySettings } from '../options.ts'
import { lifeOf } from '../staleness.ts'
import type { Entry } from './entry.ts'

/** An entry that is stored now. @param head of a recorded answer, as JSON */
export function newEntry(
  settings: EntrySettings,
  { payload, encoded }: Content,
  options: EntryOptions,
  tags: readonly string[],
  bornAt: number,
  head: string | undefined,
): Entry {
  const life = lifeOf(
    {
      ttlMs: options.ttlMs ?? settings.ttlMs,
      ttlJitter: settings.ttlJitter,
      staleWhileRevalidateMs: options.staleWhileRevalidateMs ?? settings.staleWhileRevalidateMs,
      staleIfErrorMs: options.staleIfErrorMs ?? settings.staleIfErrorMs,
    },
    bornAt,
    settings.clock.now(),
    settings.random,
  )
  return { payload, encoded, head, tags, ...life }
}
