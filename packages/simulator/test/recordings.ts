import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** Recorded answers of real providers. They are not part of the repository; without them, tests that need them are skipped. */
const folder =
  process.env['HARBOR_RECORDINGS'] ?? fileURLToPath(new URL('../../../../shared/recordings', import.meta.url))
export const found = existsSync(folder)
if (!found) {
  console.warn(`There are no recordings in ${folder} (HARBOR_RECORDINGS), so their tests are skipped.`)
}

export type Json = Record<string, unknown>

/** The recorded streams of a vendor whose names match: the parsed events of each. */
export function recordedStreams(vendor: string, names: RegExp): Json[][] {
  return filesOf(vendor, names, '.chunks.txt').map((text) =>
    text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Json),
  )
}

/** The recorded JSON answers of a vendor whose names match. */
export function recordedAnswers(vendor: string, names: RegExp): Json[] {
  return filesOf(vendor, names, '.json').map((text) => JSON.parse(text) as Json)
}

function filesOf(vendor: string, names: RegExp, ending: string): string[] {
  return readdirSync(`${folder}/${vendor}`)
    .filter((file) => file.endsWith(ending) && names.test(file))
    .map((file) => readFileSync(`${folder}/${vendor}/${file}`, 'utf8'))
}

/** The paths of all fields in a JSON value. What stands below one of the `opaque` names is not looked at. */
export function fieldsOf(value: unknown, opaque: readonly string[], path = ''): Set<string> {
  if (typeof value !== 'object' || value === null) return new Set()
  if (Array.isArray(value)) {
    return new Set(value.flatMap((entry) => [...fieldsOf(entry, opaque, `${path}[]`)]))
  }
  return new Set(
    Object.entries(value).flatMap(([name, field]) => {
      const own = `${path}.${name}`
      return opaque.includes(name) ? [own] : [own, ...fieldsOf(field, opaque, own)]
    }),
  )
}
