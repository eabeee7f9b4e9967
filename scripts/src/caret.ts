/**
 * Whether `^from` admits `to`, both plain versions: the leftmost number that is not 0 must stay, and nothing goes back.
 * https://github.com/npm/node-semver#caret-ranges-123-025-004
 */
export function caretAdmits(from: string, to: string): boolean {
  const [lower, upper] = [numbers(from), numbers(to)]
  const fixed = lower.findIndex((number) => number > 0)
  const kept = fixed === -1 ? lower.length : fixed + 1
  const differs = lower.findIndex((number, index) => upper[index] !== number)
  if (differs === -1) return true
  return differs >= kept && (upper[differs] ?? 0) > (lower[differs] ?? 0)
}

function numbers(version: string): number[] {
  if (!/^\d+\.\d+\.\d+$/.test(version)) throw new TypeError(`not a plain version: ${version}`)
  return version.split('.').map(Number)
}
