import type { CacheRules } from './cache-options.ts'
import type { Labels } from '../reporting/labels.ts'

/** The labels that separate cached answers, as `cache.scopeBy` names them, with their values; undefined for a label that a call does not have. */
export type ScopeLabels = Readonly<Record<string, string | undefined>>

/** Returns the labels of a call that are part of its scope, because `cache.scopeBy` names them. */
export function scopeLabels(labels: Labels, { scopeBy }: Pick<CacheRules, 'scopeBy'>): ScopeLabels {
  return Object.fromEntries(scopeBy.map((name) => [name, valueOf(labels, name)]))
}

/**
 * Returns a text that is equal for two calls only if all their values of the labels in `cache.scopeBy` are equal. It is empty if
 * `cache.scopeBy` names no label.
 */
export function scopeLabelsText(labels: Labels, { scopeBy }: Pick<CacheRules, 'scopeBy'>): string {
  if (scopeBy.length === 0) return ''
  return JSON.stringify(scopeBy.map((name) => [name, valueOf(labels, name) ?? null]))
}

function valueOf(labels: Labels, name: string): string | undefined {
  return Object.hasOwn(labels, name) ? labels[name] : undefined
}
