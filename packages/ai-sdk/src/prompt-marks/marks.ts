import type { SharedV4ProviderOptions } from '@ai-sdk/provider'

import type { PromptTarget } from './prompt-target.ts'

/** What the caller asks of a vendor, not what the vendor wrote. Other vendors never read it, so it stays. */
const WISHES: ReadonlySet<string> = new Set([
  'cacheControl',
  'cache_control',
  'cachePoint',
  'promptCacheBreakpoint',
])

/** Keys of `providerOptions` that belong to no vendor. */
const HARBOR = 'harbor'

export interface Marked {
  readonly providerOptions?: SharedV4ProviderOptions
}

/** Whether the entry of one vendor holds more than the caller's wishes. */
function isMark(entry: unknown): boolean {
  if (typeof entry !== 'object' || entry === null) return false
  for (const [name, value] of Object.entries(entry)) {
    if (!WISHES.has(name) && value !== undefined && value !== null) return true
  }
  return false
}

/** Whether the part carries a mark of the target itself. */
export function hasOwnMark(part: Marked, target: PromptTarget): boolean {
  for (const key in part.providerOptions) {
    if (target.keys.has(key) && isMark(part.providerOptions[key])) return true
  }
  return false
}

/** The first vendor, other than the target, whose mark stands on the part. */
export function foreignVendor(part: Marked, target: PromptTarget): string | undefined {
  for (const key in part.providerOptions) {
    if (key !== HARBOR && !target.keys.has(key) && isMark(part.providerOptions[key])) return key
  }
  return undefined
}

/** The part without other vendors' marks. The wishes of the caller stay. The same object if it had none. */
export function withoutForeignMarks<Part extends Marked>(part: Part, target: PromptTarget): Part {
  if (foreignVendor(part, target) === undefined) return part
  const { providerOptions, ...bare } = part
  const kept: SharedV4ProviderOptions = {}
  for (const [key, entry] of Object.entries(providerOptions ?? {})) {
    if (key === HARBOR || target.keys.has(key) || !isMark(entry)) kept[key] = entry
    else {
      const wishes = Object.entries(entry).filter(([name]) => WISHES.has(name))
      if (wishes.length > 0) kept[key] = Object.fromEntries(wishes)
    }
  }
  // `bare` is the part without one optional field, which TypeScript cannot conclude for a type parameter.
  return (Object.keys(kept).length === 0 ? bare : { ...bare, providerOptions: kept }) as Part
}
